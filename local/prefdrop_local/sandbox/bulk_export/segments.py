"""Segments and segment groups: stored questions that each profile answers with yes or no.

    [segments.GoldReaders]
    rows = [
        { within = "CustomFields", where = [{ member = "Name", is = ["Tier"] },
                                            { member = "Value", is = ["Gold"] }] },
        { within = "Preferences", where = [{ member = "FilterId", is = ["NEWS_WEEKLY"] },
                                           { member = "PreferenceType", is = [1] }] },
    ]

    [segment_groups.GoldOrNorth]
    first = "GoldReaders"
    then = [{ operator = "OR", segment = "North" }]

A row sees inactive and archived items as well, since exports are where those can be found; it asks
for `IsActive` where that matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from prefdrop_local.sandbox.bulk_export.conditions import Condition, Test, test_of
from prefdrop_local.sandbox.model import Item, consents, preferences

ALL_PROFILES = "AllProfiles"
"""The segment that every account has."""

Place = Literal[
    "Profile", "Preferences", "Consents", "Emails", "PhoneNumbers", "Addresses",
    "ProfilePreferences", "AlternateIds", "Groups", "ProfileTags", "CustomFields",
]  # fmt: skip
"""`Preferences` and `Consents` are those of the profile and of its contacts together."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A search criteria row: some item of `within` meets all conditions."""

    where: tuple[Condition, ...]
    within: Place = "Profile"
    absent: bool = False
    """The row asks that there is no such item."""


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All rows hold, or any of them; without rows, every profile is in it."""

    rows: tuple[Row, ...] = ()
    match: Literal["all", "any"] = "all"
    description: str = ""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with the profiles found so far and those of another segment."""

    operator: Literal["AND", "OR", "EXCEPT"]
    segment: str


class SegmentGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Segments combined from left to right."""

    first: str
    then: tuple[Step, ...] = ()
    description: str = ""

    @property
    def names(self) -> list[str]:
        """The segments it is made of."""
        return [self.first, *(step.segment for step in self.then)]


def segment_test(segment: Segment) -> Test | None:
    """Whether a profile is in the segment; None where every profile is."""
    if not segment.rows:
        return None
    tests = [_row_test(row) for row in segment.rows]
    combined: Callable[[Iterable[bool]], bool] = all if segment.match == "all" else any
    return lambda profile: combined(test(profile) for test in tests)


def group_test(group: SegmentGroup, segment_of: Callable[[str], Segment]) -> Test | None:
    """Whether a profile is in the group; None where every profile is.

    `segment_of` finds a segment by name and may raise for an unknown one.
    """
    test = segment_test(segment_of(group.first))
    for step in group.then:
        test = _combined(test, step.operator, segment_test(segment_of(step.segment)))
    return test


def _combined(left: Test | None, operator: str, right: Test | None) -> Test | None:
    first, second = left or _yes, right or _yes
    if operator == "AND":
        return lambda profile: first(profile) and second(profile)
    if operator == "EXCEPT":
        return lambda profile: first(profile) and not second(profile)
    return None if left is None or right is None else lambda item: first(item) or second(item)


def _yes(_profile: Item) -> bool:
    return True


def _row_test(row: Row) -> Test:
    tests = [test_of(condition) for condition in row.where]

    def test(profile: Item) -> bool:
        found = any(all(test(item) for test in tests) for item in _items(profile, row.within))
        return found != row.absent

    return test


def _items(profile: Item, place: Place) -> Iterator[Item]:
    if place == "Profile":
        yield profile
    elif place == "Preferences":
        yield from (preference for _, _, preference in preferences(profile))
    elif place == "Consents":
        yield from consents(profile)
    else:
        yield from profile.get(place) or ()
