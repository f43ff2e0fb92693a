"""What a feed names and the account has not, with where it stands and what may be meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from prefdrop.feeds.account import (
    AccountRules,
    AccountSnapshot,
    DoubtfulRules,
    Rule,
    fold,
    fold_all,
)
from prefdrop.feeds.account_checks import Check, checks_of
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.errors import FeedError
from prefdrop.feeds.keylines import KeyPath, key_lines, line_of
from prefdrop.feeds.layout import Item, Leaf
from prefdrop.feeds.loading import feed_layout
from prefdrop.feeds.vendor_record import GROUP_TYPE

LISTED = 12
"""Names that a remedy lists; an account may have thousands of filters."""


def unknown_names(feed: Feed, text: bytes, snapshot: AccountSnapshot) -> list[FeedError]:
    """One error for each name that the account has not, in the order of the feed's lines.

    `text` is the feed's TOML, for the line numbers. What the snapshot does not know is not checked.
    """
    search = _Search(feed, text, snapshot)
    return _in_order((*search.match_type(), *search.mapped(AccountRules(snapshot))))


def doubtful_names(feed: Feed, text: bytes, snapshot: AccountSnapshot) -> list[FeedError]:
    """The same for names that the vendor may take though the account has them not.

    No row is rejected for these; each is a warning only.
    """
    return _in_order(_Search(feed, text, snapshot).mapped(DoubtfulRules(snapshot)))


def _in_order(found: Iterable[FeedError]) -> list[FeedError]:
    once = {(error.problem, error.key): error for error in found}
    return sorted(once.values(), key=lambda error: error.line or 0)


class _Search:
    def __init__(self, feed: Feed, text: bytes, snapshot: AccountSnapshot) -> None:
        self._feed = feed
        self._snapshot = snapshot
        self._lines = key_lines(text.decode("utf-8-sig").replace("\r\n", "\n"))
        self._spelled = {fold(name): name for name in _all_names(snapshot)}

    def match_type(self) -> Iterator[FeedError]:
        wanted, known = self._feed.import_.match_alternate_id, self._snapshot.alternate_id_types
        if wanted is not None and known is not None:
            folded = sorted(map(fold, known))
            if fold(wanted) not in folded:
                key = ("import", "match_alternate_id")
                yield self._error("alternate id type", (wanted,), folded, key)

    def mapped(self, rules: AccountRules | DoubtfulRules) -> Iterator[FeedError]:
        for item in feed_layout(self._feed).walk():
            for check in checks_of(item, rules):
                for rule, said, key in _named(item, check):
                    if not rule.admits(said):
                        place, known = _first_unknown(rule, said)
                        yield self._error(_noun(rule, place), said[: place + 1], known, key)

    def _error(self, noun: str, said: tuple[str, ...], known: list[str], key: KeyPath) -> FeedError:
        """The error for `said`, whose last part is not among the `known` (folded) names."""
        spelled = [self._spelled.get(name, name) for name in known]
        near = difflib.get_close_matches(fold(said[-1]), known, n=1, cutoff=0.5)
        guess = f"Did you mean {self._spelled.get(near[0], near[0])}? " if near else ""
        listed = ", ".join(spelled[:LISTED]) + (", ..." if len(spelled) > LISTED else "")
        return FeedError(
            f"the account has no {noun} {', '.join(said)}{self._snapshot.as_of}",
            file=self._feed.file,
            line=line_of(self._lines, key),
            key=".".join(key),
            remedy=f"{guess}It has: {listed}. If it was added since, pull the configuration anew.",
        )


def _named(item: Item, check: Check) -> Iterator[tuple[Rule, tuple[str, ...], KeyPath]]:
    """The combinations that the feed itself writes out, and the key where each stands.

    A column brings its own values, unless the feed says what each of its cells stands for.
    """
    parts = dict(zip(check.rule.members, check.parts, strict=True))
    fixed = [member for member, part in parts.items() if part.leaf is None]
    filled = [part.leaf for part in check.parts if part.leaf is not None]
    if fixed:
        said = tuple(parts[member].text for member in fixed)
        yield check.rule.among(fixed), said, _key_of(item, fixed)
    if len(filled) == 1:
        for value in _values(filled[0]):
            said = tuple(value if part.leaf else part.text for part in check.parts)
            yield check.rule, said, filled[0].key


def _key_of(item: Item, members: Sequence[str]) -> KeyPath:
    """A constant's own key; a discriminator stands in the path of whatever fills the item."""
    constants = {leaf.member: leaf for leaf in item.constant_leaves}
    for member in reversed(members):
        if member in constants:
            return constants[member].key
    return next((leaf.key for each in item.walk() for leaf in each.leaves.values()), ())


def _noun(rule: Rule, place: int) -> str:
    """What the part at `place` is, where it is not the whole that the rule is about."""
    parts = {
        "ConsentType": "consent type",
        "ConsentVersion": "consent version",
        GROUP_TYPE: "group type",
    }
    return parts.get(rule.members[place], rule.noun)


def _values(leaf: Leaf) -> Iterator[str]:
    """What a column's cells can only stand for, where the feed lists it."""
    values = leaf.options.values if leaf.options is not None else None
    for value in (values or {}).values():
        if isinstance(value, str) and value:
            yield value


def _first_unknown(rule: Rule, said: tuple[str, ...]) -> tuple[int, list[str]]:
    """The place of the first part that is wrong, and what may stand there, as the others go."""
    for place, part in enumerate(said):
        before = fold_all(said[:place])
        fitting = {each[place] for each in rule.allowed if each[:place] == before}
        if fold(part) not in fitting:
            break
    return place, sorted(fitting)


def _all_names(snapshot: AccountSnapshot) -> Iterator[str]:
    """Every name as the account spells it."""
    for names in (
        snapshot.alternate_id_types,
        snapshot.customer_types,
        snapshot.email_types,
        snapshot.phone_types,
        snapshot.address_types,
        snapshot.filter_ids,
        snapshot.custom_fields,
    ):
        yield from names or ()
    for known in (snapshot.consents, snapshot.groups):
        for kind, names in (known or {}).items():
            yield from (kind, *names)
