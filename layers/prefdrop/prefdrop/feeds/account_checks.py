"""A feed's mapping and its records against what the account has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from prefdrop.feeds.account import AccountRules, AccountSnapshot, Rule
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.errors import FeedError
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.layout import Item, Leaf
from prefdrop.feeds.loading import feed_layout
from prefdrop.feeds.values import NUMBER
from prefdrop.feeds.vendor_record import (
    CUSTOM_FIELD,
    CUSTOM_FIELD_NAME,
    CUSTOM_FIELD_VALUE,
    Shape,
)

NOT_IN_ACCOUNT = "NotInAccount"


class Part(NamedTuple):
    """One value of an item: fixed by the feed (`text`), or from a column (`leaf`)."""

    text: str
    leaf: Leaf | None = None


class Check(NamedTuple):
    """A rule for the members that an item of the feed has."""

    rule: Rule
    parts: tuple[Part, ...]

    @property
    def fixed(self) -> bool:
        """Whether the feed alone decides, and no row can change it."""
        return all(part.leaf is None for part in self.parts)

    @property
    def holds(self) -> bool:
        """Of a fixed check: whether the account has what the feed says."""
        return tuple(part.text.casefold() for part in self.parts) in self.rule.allowed

    @property
    def missing(self) -> str:
        """Of a fixed check: what the account has not."""
        said = ", ".join(part.text for part in self.parts)
        return f"The account has no {self.rule.noun} {said}."


def checks_of(item: Item, rules: AccountRules) -> list[Check]:
    """What must be checked of this item; a fixed check that holds needs no more."""
    fixed = dict([item.discriminator] if item.discriminator else [])
    fixed |= {leaf.member: str(json.loads(leaf.constant)) for leaf in item.constant_leaves}
    columns = {leaf.member: leaf for leaf in item.column_leaves}
    checks = [
        Check(rule, tuple(Part(fixed.get(each, ""), columns.get(each)) for each in rule.members))
        for rule in rules.of(item.shape, fixed.keys() | columns.keys())
    ]
    return [check for check in checks if not (check.fixed and check.holds)]


def options_rule(item: Item, rules: AccountRules) -> tuple[Leaf, Rule | None] | None:
    """The value of a custom field with a kind that limits it: its leaf, and the choices if any."""
    leaf = item.leaves.get(CUSTOM_FIELD_VALUE)
    if item.shape is not CUSTOM_FIELD or leaf is None or leaf.options is None:
        return None
    if item.discriminator is None:
        return None
    known = rules.custom_fields.get(item.discriminator[1].casefold())
    if known is None:
        return None
    if known.options is not None:
        allowed = frozenset((option.casefold(),) for option in known.options)
        return leaf, Rule((CUSTOM_FIELD_VALUE,), allowed, "option of this field")
    return (leaf, None) if known.kind == "numeric" else None


def account_warnings(feed: Feed, snapshot: AccountSnapshot) -> Iterator[str]:
    """Sentences about what the feed names and the account has not.

    Raises `FeedError` where no record could be matched at all.
    """
    rules = AccountRules(snapshot)
    _check_match_type(feed, snapshot)
    if rules.pattern_unread:
        yield "The account's e-mail pattern can't be read here, so addresses are not held to it."
    for item in feed_layout(feed).walk():
        for check in checks_of(item, rules):
            if check.fixed:
                place = f" ({item.path})" if item.path else ""
                yield f"{check.missing[:-1]}{place}: rows that fill it are rejected."


def _check_match_type(feed: Feed, snapshot: AccountSnapshot) -> None:
    wanted, known = feed.import_.match_alternate_id, snapshot.alternate_id_types
    if wanted is None or known is None:
        return
    if wanted.casefold() not in {name.casefold() for name in known}:
        when = f" as of {snapshot.taken_at:%Y-%m-%d %H:%M} UTC" if snapshot.taken_at else ""
        raise FeedError(
            f"the account has no alternate id type {wanted}{when}",
            file=feed.file,
            key="import.match_alternate_id",
            remedy=f"Use one that it has: {', '.join(sorted(known))}. If it was added since then, "
            "refresh the configuration snapshot.",
        )


def object_faults(
    value: Mapping[str, Any], shape: Shape, place: str, rules: AccountRules
) -> Iterator[Fault]:
    """What the account has not of an object that is staged as it stands."""
    texts = {member: each.casefold() for member, each in value.items() if isinstance(each, str)}
    for rule in rules.of(shape, texts.keys() & shape.fields.keys()):
        said = tuple(texts[member] for member in rule.members)
        if "" not in said and said not in rule.allowed:
            where = rule.members[-1]
            yield _fault(place, where, f"is {_a(rule.noun)} that the account does not have")
    if shape is CUSTOM_FIELD:
        yield from _value_faults(value, place, rules)


def _value_faults(value: Mapping[str, Any], place: str, rules: AccountRules) -> Iterator[Fault]:
    name, held = value.get(CUSTOM_FIELD_NAME), value.get(CUSTOM_FIELD_VALUE)
    known = rules.custom_fields.get(name.casefold()) if isinstance(name, str) else None
    if known is None or not isinstance(held, str) or not held:
        return
    if known.options is not None:
        if held.casefold() not in {option.casefold() for option in known.options}:
            yield _fault(place, CUSTOM_FIELD_VALUE, "is no option of this field in the account")
    elif known.kind == "numeric" and not NUMBER.fullmatch(held):
        yield _fault(place, CUSTOM_FIELD_VALUE, "must be a number in this account")


def _fault(place: str, member: str, wrong: str) -> Fault:
    where = f"{place}.{member}" if place else member
    return Fault(NOT_IN_ACCOUNT, where, f"{where} {wrong}.")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
