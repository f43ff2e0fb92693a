"""What the vendor's account is known to have, and what follows for the values of a record.

A snapshot spares vendor requests, it is no judge: what it does not know (`None`) is not checked,
and letters are compared in any case, so that no row is refused on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from prefdrop.feeds.vendor_record import (
    ADDRESS,
    ALTERNATE_ID,
    ALTERNATE_ID_TYPE,
    CONSENT,
    CUSTOM_FIELD,
    CUSTOM_FIELD_NAME,
    EMAIL,
    GROUP,
    GROUP_NAME,
    GROUP_TYPE,
    PHONE,
    PHONE_TYPE,
    PREFERENCE,
    RECORD,
    Shape,
)

MAX_AGE = timedelta(days=7)


class ConsentVersion(msgspec.Struct, frozen=True):
    """One version of a consent type, and the locales it has texts in (`None`: not known)."""

    version: str
    locales: frozenset[str] | None = None


class CustomField(msgspec.Struct, frozen=True):
    """A custom field: `kind` as the vendor names it, `options` those of a select list."""

    kind: str = ""
    options: frozenset[str] | None = None


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The account's configuration as it was at `taken_at`; `None` says that a part is not known."""

    taken_at: datetime | None = None
    alternate_id_types: frozenset[str] | None = None
    customer_types: frozenset[str] | None = None
    email_types: frozenset[str] | None = None
    phone_types: frozenset[str] | None = None
    address_types: frozenset[str] | None = None
    filter_ids: frozenset[str] | None = None
    locales: frozenset[str] | None = None
    consents: dict[str, tuple[ConsentVersion, ...]] | None = None
    groups: dict[str, frozenset[str]] | None = None
    """Group names by group type."""
    custom_fields: dict[str, CustomField] | None = None
    email_pattern: str | None = None
    """The account's regular expression for e-mail addresses."""

    def is_stale(self, now: datetime, max_age: timedelta = MAX_AGE) -> bool:
        """Whether it is too old to refuse rows by; so is one that does not say when it was taken.

        Such a snapshot is left out: the vendor decides, as it does without any.
        """
        return self.taken_at is None or now - self.taken_at > max_age


class Rule(NamedTuple):
    """Values that only go together as `allowed` lists them, in the order of `members`."""

    members: tuple[str, ...]
    allowed: frozenset[tuple[str, ...]]
    noun: str

    def among(self, members: Sequence[str]) -> Rule:
        """The same for these of its members, where an item has not all of them."""
        places = [self.members.index(member) for member in members]
        allowed = frozenset(tuple(each[place] for place in places) for each in self.allowed)
        return Rule(tuple(members), allowed, self.noun)


class AccountRules:
    """What a snapshot asks of the objects of a record."""

    def __init__(self, snapshot: AccountSnapshot) -> None:
        self._rules: dict[int, list[Rule]] = {}
        self._applied: dict[tuple[int, frozenset[str]], tuple[Rule, ...]] = {}
        self.custom_fields = {
            name.casefold(): known for name, known in (snapshot.custom_fields or {}).items()
        }
        self.email_pattern = _compiled(snapshot.email_pattern)
        self.pattern_unread = snapshot.email_pattern is not None and self.email_pattern is None
        self._names(
            ALTERNATE_ID, ALTERNATE_ID_TYPE, snapshot.alternate_id_types, "alternate id type"
        )
        self._names(RECORD, "CustomerType", snapshot.customer_types, "customer type")
        self._names(RECORD, "DefaultLocale", snapshot.locales, "locale")
        self._names(EMAIL, "EmailAddressType", snapshot.email_types, "e-mail type")
        self._names(PHONE, PHONE_TYPE, snapshot.phone_types, "phone type")
        self._names(ADDRESS, "AddressType", snapshot.address_types, "address type")
        self._names(PREFERENCE, "FilterId", snapshot.filter_ids, "filter")
        self._names(CUSTOM_FIELD, CUSTOM_FIELD_NAME, snapshot.custom_fields, "custom field")
        self._groups(snapshot.groups)
        self._consents(snapshot.consents)

    def of(self, shape: Shape, members: Collection[str]) -> tuple[Rule, ...]:
        """The rules for an object of this shape that has these members, for just those.

        Where one rule asks all that another does, and more, it stands for both.
        """
        key = (id(shape), frozenset(members))
        if key not in self._applied:
            applied = [
                rule.among([member for member in rule.members if member in members])
                for rule in self._rules.get(id(shape), ())
            ]
            self._applied[key] = tuple(
                rule
                for place, rule in enumerate(applied)
                if rule.members
                and not any(set(rule.members) < set(other.members) for other in applied)
                and rule.members not in (other.members for other in applied[:place])
            )
        return self._applied[key]

    def takes_email(self, address: str) -> bool:
        """Whether the address fits the account's own pattern, as far as that is known."""
        return self.email_pattern is None or self.email_pattern.search(address) is not None

    def _add(
        self,
        shape: Shape,
        members: tuple[str, ...],
        allowed: AbstractSet[tuple[str, ...]],
        noun: str,
    ) -> None:
        folded = frozenset(tuple(part.casefold() for part in each) for each in allowed)
        self._rules.setdefault(id(shape), []).append(Rule(members, folded, noun))

    def _names(
        self,
        shape: Shape,
        member: str,
        names: frozenset[str] | Mapping[str, object] | None,
        noun: str,
    ) -> None:
        if names is not None:
            self._add(shape, (member,), {(name,) for name in names}, noun)

    def _groups(self, groups: Mapping[str, frozenset[str]] | None) -> None:
        if groups is not None:
            pairs = {(kind, name) for kind, names in groups.items() for name in names}
            self._add(GROUP, (GROUP_TYPE, GROUP_NAME), pairs, "group")

    def _consents(self, consents: Mapping[str, tuple[ConsentVersion, ...]] | None) -> None:
        if consents is None:
            return
        known = [(kind, each) for kind, versions in consents.items() for each in versions]
        members = ("ConsentType", "ConsentVersion")
        self._add(
            CONSENT, members, {(kind, each.version) for kind, each in known}, "consent version"
        )
        if all(each.locales is not None for _, each in known):
            triples = {
                (kind, each.version, locale)
                for kind, each in known
                for locale in each.locales or ()
            }
            self._add(CONSENT, (*members, "Locale"), triples, "consent version in this locale")


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    """The vendor's pattern as ours, where Python can read it; it is written for another engine."""
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error:
        return None
