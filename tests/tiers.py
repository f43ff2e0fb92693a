"""Two tiers of tests: `make test` runs the first, `make test-all` runs both.

A test is in the first tier unless `second_tier("why")` marks it. The reason says what the test adds
to its short form in the first tier.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, settings

second_tier = pytest.mark.second_tier

EXAMPLES = {"first": 50, "all": 200}
"""Generated cases of a property, by tier, where its test does not say."""


def spread(cases: Iterable[Any], first: int, why: str) -> list[Any]:
    """Return the cases as parameters; `first` of them, evenly spread, stay in the first tier.

    A case is a tuple of values, a `pytest.param` or a single value.
    """
    listed = list(cases)
    kept = {round(n * (len(listed) - 1) / max(1, first - 1)) for n in range(first)}
    return [case if n in kept else _marked(case, why) for n, case in enumerate(listed)]


def diagonal(rows: Mapping[str, Any], columns: Mapping[str, Any], why: str) -> list[Any]:
    """Return each row with each column as parameters; the first tier has one column of each row.

    The id of a case is the names of its row and column.
    """
    return [
        pytest.param(
            value,
            other,
            id=f"{row}-{column}",
            marks=[] if place == at % len(columns) else second_tier(why),
        )
        for at, (row, value) in enumerate(rows.items())
        for place, (column, other) in enumerate(columns.items())
    ]


def _marked(case: Any, why: str) -> Any:
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, id=case.id, marks=[*case.marks, second_tier(why)])
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=second_tier(why))


def add_options(parser: pytest.Parser) -> None:
    """Add `--tier`, `--draw` and `--draw-seed` to pytest."""
    group = parser.getgroup("tiers")
    group.addoption(
        "--tier",
        choices=sorted(EXAMPLES),
        default="first",
        help="run the first tier (default) or all tests",
    )
    group.addoption(
        "--draw",
        type=int,
        metavar="N",
        help="run only N tests of the second tier, drawn by --draw-seed",
    )
    group.addoption("--draw-seed", default="", metavar="TEXT", help="seed of --draw")


def configure(config: pytest.Config) -> None:
    """Register the marker and choose how many cases a property generates."""
    config.addinivalue_line(
        "markers", "second_tier(why): the test runs in `make test-all`, not in `make test`"
    )
    # A busy machine is no failure: neither generated cases nor their generation have a deadline.
    for tier, examples in EXAMPLES.items():
        settings.register_profile(
            tier,
            max_examples=examples,
            deadline=None,
            # The same cases each time, so that the first tier fails for a change alone.
            derandomize=tier == "first",
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(tier_of(config))


def tier_of(config: pytest.Config) -> str:
    """Return the tier that decides how wide a test is: `first` or `all`."""
    return "all" if config.option.draw else str(config.option.tier)


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what the chosen tier or draw leaves out.

    Raises:
        pytest.UsageError: a marker gives no reason.
    """
    later = {item for item in items if _reason(item)}
    if config.option.draw:
        chosen = set(_drawn(later, config.option.draw, config.option.draw_seed))
    elif tier_of(config) == "first":
        chosen = set(items) - later
    else:
        return
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def _reason(item: pytest.Item) -> str:
    marker = item.get_closest_marker("second_tier")
    if marker is None:
        return ""
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not marker.args[0].strip():
        raise pytest.UsageError(
            f"{item.nodeid}: second_tier gives no reason. Say what it adds to the first tier."
        )
    return marker.args[0]


def _drawn(items: Iterable[pytest.Item], count: int, seed: str) -> list[pytest.Item]:
    listed = sorted(items, key=lambda item: item.nodeid)
    return random.Random(seed).sample(listed, min(count, len(listed)))
