"""A feed's mapping and its records against what the account has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from prefdrop.feeds.account import (
    PATTERN_NOT_UNDERSTOOD,
    AccountRules,
    AccountSnapshot,
    DoubtfulRules,
    Rule,
    fold,
    may_be_number,
)
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.errors import FeedError
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.layout import Item, Leaf
from prefdrop.feeds.loading import feed_layout
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
        return self.rule.admits(part.text for part in self.parts)

    @property
    def missing(self) -> str:
        """Of a fixed check: what the account has not, as a clause without an end."""
        said = ", ".join(part.text for part in self.parts)
        return f"The account has no {self.rule.noun} {said}"


def checks_of(item: Item, rules: AccountRules | DoubtfulRules) -> list[Check]:
    """What must be checked of this item; a fixed check that holds needs no more."""
    fixed = dict([item.discriminator] if item.discriminator else [])
    fixed |= {leaf.member: str(json.loads(leaf.constant)) for leaf in item.constant_leaves}
    columns = {leaf.member: leaf for leaf in item.column_leaves}
    checks = [
        Check(rule, tuple(Part(fixed.get(each, ""), columns.get(each)) for each in rule.members))
        for rule in rules.of(item.shape, fixed.keys() | columns.keys())
    ]
    return [check for check in checks if not (check.fixed and check.holds)]


def numeric_leaf(item: Item, rules: AccountRules) -> Leaf | None:
    """The column that gives a custom field its value, where the account has it as a numeric one."""
    leaf = item.leaves.get(CUSTOM_FIELD_VALUE)
    if item.shape is not CUSTOM_FIELD or leaf is None or leaf.options is None:
        return None
    if item.discriminator is None or leaf.options.values is not None:
        return None
    return leaf if fold(item.discriminator[1]) in rules.numeric_fields else None


def account_warnings(feed: Feed, snapshot: AccountSnapshot) -> Iterator[str]:
    """Sentences about what the feed names and the account has not.

    Raises `FeedError` where no record could be matched at all.
    """
    rules = AccountRules(snapshot)
    _check_match_type(feed, snapshot)
    if snapshot.pattern_not_understood:
        yield PATTERN_NOT_UNDERSTOOD
    for item in feed_layout(feed).walk():
        for check in checks_of(item, rules):
            if check.fixed:
                place = f" ({item.path})" if item.path else ""
                yield f"{check.missing}{place}: rows that fill it are rejected."


def _check_match_type(feed: Feed, snapshot: AccountSnapshot) -> None:
    wanted, known = feed.import_.match_alternate_id, snapshot.alternate_id_types
    if wanted is None or known is None:
        return
    if fold(wanted) not in map(fold, known):
        raise FeedError(
            f"the account has no alternate id type {wanted}{snapshot.as_of}",
            file=feed.file,
            key="import.match_alternate_id",
            remedy=f"Use one that it has: {', '.join(sorted(known))}. If it was added since then, "
            "take a new snapshot with `prefdrop configuration pull`, then retry.",
        )


def object_faults(
    value: Mapping[str, Any], shape: Shape, place: str, rules: AccountRules
) -> Iterator[Fault]:
    """What the account has not of an object that is staged as it stands."""
    texts = {member: each for member, each in value.items() if isinstance(each, str)}
    for rule in rules.of(shape, texts.keys() & shape.fields.keys()):
        if not rule.admits(texts[member] for member in rule.members):
            where = _where(place, rule.members[-1])
            wrong = f"{where} is {_a(rule.noun)} that the account does not have"
            yield Fault(NOT_IN_ACCOUNT, where, rules.reason(wrong))
    if shape is CUSTOM_FIELD:
        name, held = value.get(CUSTOM_FIELD_NAME), value.get(CUSTOM_FIELD_VALUE)
        numeric = isinstance(name, str) and fold(name) in rules.numeric_fields
        if numeric and isinstance(held, str) and not may_be_number(held):
            where = _where(place, CUSTOM_FIELD_VALUE)
            yield Fault("NotANumber", where, f"{where} must be a number in this account.")


def _where(place: str, member: str) -> str:
    return f"{place}.{member}" if place else member


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
