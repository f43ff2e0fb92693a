"""Which tests `make test`, `make test-all` and `make test-drawn` choose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.tiers import diagonal, second_tier, select, spread

CASES = [("a", 1), ("b", 2), pytest.param("c", 3, id="third"), ("d", 4), ("e", 5)]


class Item:
    """What `select` reads of a test."""

    def __init__(self, nodeid: str, marker: pytest.MarkDecorator | None = None) -> None:
        self.nodeid = nodeid
        self._marker = marker

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self._marker.mark if self._marker else None


def chosen(items: list[Any], **options: Any) -> list[str]:
    """Return the ids that a run with these options keeps."""
    hook = SimpleNamespace(pytest_deselected=lambda items: None)
    option = SimpleNamespace(**{"tier": "first", "draw": None, "draw_seed": "", **options})
    select(SimpleNamespace(option=option, hook=hook), items)  # type: ignore[arg-type]
    return [item.nodeid for item in items]


def both_tiers() -> list[Any]:
    marked = second_tier("every place")
    return [Item("short"), *(Item(f"long-{n}", marked) for n in range(20))]


def marks(case: Any) -> list[str]:
    return [mark.args[0] for mark in getattr(case, "marks", ())]


def test_spread_keeps_first_and_last_case_in_the_first_tier() -> None:
    cases = spread(CASES, 2, "every letter")

    assert [marks(case) for case in cases] == [[], *[["every letter"]] * 3, []]
    assert (cases[2].id, cases[2].values) == ("third", ("c", 3))


@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_spread_keeps_as_many_cases_as_requested(first: int) -> None:
    cases = spread(CASES, first, "every letter")

    assert sum(not marks(case) for case in cases) == first


def test_diagonal_keeps_each_row_with_one_column_in_turn() -> None:
    cases = diagonal({"a": 1, "b": 2, "c": 3}, {"x": 8, "y": 9}, "every pair")

    assert [(case.id, case.values) for case in cases if not marks(case)] == [
        ("a-x", (1, 8)),
        ("b-y", (2, 9)),
        ("c-x", (3, 8)),
    ]
    assert len(cases) == 6


def test_first_tier_leaves_the_second_out() -> None:
    assert chosen(both_tiers()) == ["short"]
    assert len(chosen(both_tiers(), tier="all")) == 21


def test_draw_takes_only_the_second_tier_and_repeats_by_seed() -> None:
    drawn = chosen(both_tiers(), draw=5, draw_seed="one")

    assert len(drawn) == 5
    assert "short" not in drawn
    assert chosen(both_tiers(), draw=5, draw_seed="one") == drawn
    assert chosen(both_tiers(), draw=5, draw_seed="other") != drawn


@pytest.mark.parametrize("marker", [second_tier(), second_tier(" "), second_tier(3)])
def test_second_tier_without_a_reason_is_refused(marker: pytest.MarkDecorator) -> None:
    with pytest.raises(pytest.UsageError, match="test_it: second_tier gives no reason"):
        chosen([Item("test_it", marker)])
