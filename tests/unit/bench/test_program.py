"""The bench is one program whose rows are all there."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from bench import __main__ as program
from bench.contest import Contest
from bench.figures import Figure, Skipped
from bench.plan import Plan
from bench.processes import Run


def test_row_of_the_bench_has_a_function_that_measures_it(subtests: pytest.Subtests) -> None:
    for row in program.ROWS:
        with subtests.test(row=row):
            module, _, function = program.ROWS[row].partition(":")

            assert callable(getattr(importlib.import_module(module), function))


def test_the_quick_bench_leaves_out_rows_that_there_are() -> None:
    assert program.SLOW.keys() < program.ROWS.keys()


def test_every_row_has_its_place_on_the_page() -> None:
    from bench import page

    text = page.PAGE.read_text(encoding="utf-8")
    named = {name for found in page._BLOCK.findall(text) for name in found[1].split()}

    assert named == {"machine", *program.ROWS}


def test_a_row_that_cannot_be_measured_is_left_out_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(_: Plan) -> list[Figure]:
        raise Skipped("there are no containers")

    monkeypatch.setattr("bench.costs.rows", unable)
    results = program.here(quick=True)

    program._measure("cost", Plan(tmp_path, quick=True), results, asked=True)

    assert results.left_out == {"cost": "there are no containers"}


def test_a_row_that_fails_does_not_keep_the_others_from_being_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Plan) -> list[Figure]:
        raise ZeroDivisionError

    monkeypatch.setattr("bench.costs.rows", broken)
    results = program.here(quick=True)

    program._measure("cost", Plan(tmp_path, quick=True), results, asked=True)

    assert results.left_out == {"cost": "it failed with ZeroDivisionError"}


@pytest.mark.parametrize(
    ("figure", "code"),
    [
        (Figure("cost", "a speed", 1.0, "rows/s"), 0),
        (Figure("cost", "a ratio", 2.0, "times", target=2.5), 1),
        (Figure("cost", "a ratio", 2.0, "times", target=1.5), 0),
        (Figure("cost", "memory", None, "MB", target=256, holds="at most"), 0),
    ],
)
def test_bench_fails_for_a_missed_ratio_alone(
    figure: Figure, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.costs.rows", lambda _: [figure])
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "cost"])

    assert program.main() == code


def test_bench_fails_where_rows_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    def unequal(_: Plan) -> list[Figure]:
        Contest("cost", {"a": lambda _: Run(9, 1.0, 1.0)}, 10, by="wall")
        return []

    monkeypatch.setattr("bench.costs.rows", unequal)
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "cost"])

    assert program.main() == 1


def test_an_import_costs_no_more_than_two_cents_for_a_million_rows(tmp_path: Path) -> None:
    from bench.costs import rows

    first, *_ = rows(Plan(tmp_path, quick=True))

    assert first.unit == "$"
    assert first.met
