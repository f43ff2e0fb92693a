"""Ways are compared by turns, with the same rows, and by the median of their pairs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.contest import TURNS, Contest, RowsDifferError
from bench.processes import Run


def way(*seconds: float, rows: int = 10) -> Callable[[int], Run]:
    """Return a way that takes these seconds, a turn each; its processor seconds are half."""
    return lambda turn: Run(rows, seconds[turn - 1], seconds[turn - 1] / 2)


def contest(**ways: Callable[[int], Run]) -> Contest:
    """Return a contest over ten rows, decided by the clock."""
    return Contest("row", ways, 10, by="wall")


def test_contest_alternates_its_ways() -> None:
    order: list[str] = []

    def noting(name: str) -> Callable[[int], Run]:
        return lambda turn: (order.append(f"{name}{turn}"), Run(10, 1.0, 1.0))[1]

    contest(a=noting("a"), b=noting("b"))

    assert order == [f"{name}{turn}" for turn in range(1, TURNS + 1) for name in "ab"]
    assert TURNS >= 5


def test_contest_with_a_row_missing_raises() -> None:
    with pytest.raises(RowsDifferError, match="b has 9 rows, but 10 are expected"):
        contest(a=way(1, 1, 1, 1, 1), b=way(1, 1, 1, 1, 1, rows=9))


def test_ratio_is_the_median_of_the_pairs() -> None:
    # The machine is four times as slow in the turns 2 and 3: medians of each way would give 1.
    found = contest(a=way(2, 8, 8, 2, 2), b=way(1, 4, 4, 1, 8))

    figure = found.ratio("a", "b", "a by b", target=1.5)

    assert (figure.value, figure.unit, figure.met) == (2.0, "times", True)


def test_speed_is_shown_without_a_target() -> None:
    figure = contest(a=way(5, 1, 2, 3, 4)).speed("a", "a's speed")

    assert figure.value == pytest.approx(10 / 3)
    assert (figure.wall, figure.processor, figure.met) == (3, 1.5, None)


def test_memory_is_the_largest_of_the_turns() -> None:
    def grows(turn: int) -> Run:
        return Run(10, 1.0, 1.0, 100.0 + turn)

    found = contest(a=grows, b=way(1, 1, 1, 1, 1))

    assert found.megabytes("a") == 100 + TURNS
    assert found.megabytes("b") is None
