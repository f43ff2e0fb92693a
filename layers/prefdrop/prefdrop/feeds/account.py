"""What the vendor's account is known to have, and what follows for the values of a record.

A snapshot spares vendor requests, it is no judge. A row is rejected by it only for what the vendor
surely refuses; wherever our reading of the configuration is in doubt the row is staged, and the
vendor decides. So what the snapshot does not know (`None`) is not checked, and names are taken for
the same where any database might take them so: `fold`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence, Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from prefdrop.feeds.email_pattern import EmailPattern, email_pattern
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


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The account's configuration as it was at `taken_at`; `None` says that a part is not known."""

    taken_at: datetime | None = None
    alternate_id_types: frozenset[str] | None = None
    customer_types: frozenset[str] | None = None
    email_types: frozenset[str] | None = None
    phone_types: frozenset[str] | None = None
    address_types: frozenset[str] | None = None
    filter_ids: frozenset[str] | None = None
    consents: dict[str, frozenset[str]] | None = None
    """The versions of each consent type."""
    groups: dict[str, frozenset[str]] | None = None
    """Group names by group type."""
    custom_fields: dict[str, str] | None = None
    """The kind of each custom field, in small letters; empty where that is not known."""
    email_pattern: str | None = None
    """The account's regular expression for e-mail addresses."""

    def is_stale(self, now: datetime, max_age: timedelta = MAX_AGE) -> bool:
        """Whether it is too old to refuse rows by; so is one that does not say when it was taken.

        Such a snapshot is left out: the vendor decides, as it does without any.
        """
        return self.taken_at is None or now - self.taken_at > max_age

    @property
    def as_of(self) -> str:
        """` as of <its time>`, to end a clause with; nothing where it does not say."""
        return f" as of {self.taken_at:%Y-%m-%d %H:%M} UTC" if self.taken_at else ""

    @property
    def pattern_not_understood(self) -> bool:
        """Whether there is a pattern for addresses that nobody here can hold them to."""
        return self.email_pattern is not None and email_pattern(self.email_pattern) is None


PATTERN_NOT_UNDERSTOOD = (
    "The account's pattern for e-mail addresses is not understood here, so only the vendor holds "
    "addresses to it."
)


def fold(name: str) -> str:
    """What two spellings of a name have in common that may be the same to the vendor.

    It compares without regard to case where its pages say so. Of blanks around a name, and of
    letters that Unicode writes in several ways, they say nothing.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    return name.strip().casefold()


def fold_all(names: Iterable[str]) -> tuple[str, ...]:
    """Each name folded."""
    return tuple(map(fold, names))


class Rule(NamedTuple):
    """Values that only go together as `allowed` (folded) lists them, in the order of `members`."""

    members: tuple[str, ...]
    allowed: frozenset[tuple[str, ...]]
    noun: str

    def among(self, members: Sequence[str]) -> Rule:
        """The same for these of its members, where an item has not all of them."""
        places = [self.members.index(member) for member in members]
        allowed = frozenset(tuple(each[place] for place in places) for each in self.allowed)
        return Rule(tuple(members), allowed, self.noun)

    def admits(self, values: Iterable[str]) -> bool:
        """Whether the values may stand together. What is empty is not compared."""
        folded = fold_all(values)
        return "" in folded or folded in self.allowed


class AccountRules:
    """What a snapshot asks of the objects of a record: what the vendor surely refuses otherwise.

    Each rule stands on what the vendor's pages say:

    * types of alternate ids, customers, e-mail addresses, phones and addresses: staging validates
      type names, and submitting preferences to an unknown type is answered 404;
    * filters: `FilterId` is required and names an option of a program; there is no other way for
      one to come into being than the configuration;
    * consents: a version of a type is configured before anyone can agree to its wording, which is
      required of each consent. Locales are no part of it: the pages write them in two ways;
    * addresses: staging validates the account's regular expressions. See `email_pattern`;
    * numeric custom fields: only what holds no digit at all, see `may_be_number`.

    Everything else is the vendor's to judge, see `DoubtfulRules`.
    """

    def __init__(self, snapshot: AccountSnapshot) -> None:
        self._rules = _Rules()
        self._rules.names(
            ALTERNATE_ID, ALTERNATE_ID_TYPE, snapshot.alternate_id_types, "alternate id type"
        )
        self._rules.names(RECORD, "CustomerType", snapshot.customer_types, "customer type")
        self._rules.names(EMAIL, "EmailAddressType", snapshot.email_types, "e-mail type")
        self._rules.names(PHONE, PHONE_TYPE, snapshot.phone_types, "phone type")
        self._rules.names(ADDRESS, "AddressType", snapshot.address_types, "address type")
        self._rules.names(PREFERENCE, "FilterId", snapshot.filter_ids, "filter")
        members = ("ConsentType", "ConsentVersion")
        self._rules.pairs(CONSENT, members, snapshot.consents, "consent version")
        self.numeric_fields = frozenset(
            fold(name) for name, kind in (snapshot.custom_fields or {}).items() if kind == "numeric"
        )
        self.email_pattern = _pattern(snapshot)
        self.as_of = snapshot.as_of

    def of(self, shape: Shape, members: Collection[str]) -> tuple[Rule, ...]:
        """The rules for an object of this shape that has these members, for just those."""
        return self._rules.of(shape, members)

    def reason(self, wrong: str) -> str:
        """A reject's sentences: what is wrong as of the snapshot, and what to do if it is not."""
        return (
            f"{wrong}{self.as_of}. If it was added since, take a new snapshot "
            "(`prefdrop configuration pull`) and drop the rows again: a retry keeps this one."
        )


class _Rules:
    """Rules by the shape that they are about."""

    def __init__(self) -> None:
        self._all: dict[int, list[Rule]] = {}
        self._applied: dict[tuple[int, frozenset[str]], tuple[Rule, ...]] = {}

    def of(self, shape: Shape, members: Collection[str]) -> tuple[Rule, ...]:
        key = (id(shape), frozenset(members))
        if key not in self._applied:
            applied = (
                rule.among([member for member in rule.members if member in members])
                for rule in self._all.get(id(shape), ())
            )
            self._applied[key] = tuple(rule for rule in applied if rule.members)
        return self._applied[key]

    def names(
        self,
        shape: Shape,
        member: str,
        names: AbstractSet[str] | Mapping[str, object] | None,
        noun: str,
    ) -> None:
        if names is not None:
            self._add(shape, Rule((member,), frozenset((fold(name),) for name in names), noun))

    def pairs(
        self,
        shape: Shape,
        members: tuple[str, str],
        known: Mapping[str, AbstractSet[str]] | None,
        noun: str,
    ) -> None:
        if known is not None:
            pairs = {fold_all((kind, name)) for kind, names in known.items() for name in names}
            self._add(shape, Rule(members, frozenset(pairs), noun))

    def _add(self, shape: Shape, rule: Rule) -> None:
        self._all.setdefault(id(shape), []).append(rule)


class DoubtfulRules:
    """What a feed had better keep to, though nothing says that the vendor refuses it otherwise.

    No page says that a group must exist before a record names it, nor what becomes of a custom
    field that the account has not. No row is rejected for them; `feeds check` warns.
    """

    def __init__(self, snapshot: AccountSnapshot) -> None:
        self._rules = _Rules()
        self._rules.pairs(GROUP, (GROUP_TYPE, GROUP_NAME), snapshot.groups, "group")
        fields = snapshot.custom_fields
        self._rules.names(CUSTOM_FIELD, CUSTOM_FIELD_NAME, fields, "custom field")

    def of(self, shape: Shape, members: Collection[str]) -> tuple[Rule, ...]:
        """The rules for an object of this shape that has these members, for just those."""
        return self._rules.of(shape, members)


def may_be_number(text: str) -> bool:
    """Whether a numeric custom field might take the text: nothing, or anything with a digit.

    How the vendor writes numbers is not documented: `007`, `+5`, `.5` and `1,000` may be some.
    """
    return not text or text.isspace() or any(map(str.isnumeric, text))


def _pattern(snapshot: AccountSnapshot) -> EmailPattern | None:
    return None if snapshot.email_pattern is None else email_pattern(snapshot.email_pattern)
