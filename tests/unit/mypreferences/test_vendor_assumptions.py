"""docs/vendor-assumptions.md is the one list of what the vendor leaves open, and it is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mypreferences_assumptions as assumptions
from prefdrop_cli.doctor.assumptions.confirming import OPEN_POINTS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "vendor-assumptions.md").read_text(encoding="utf-8")
ROWS = {
    cells[1].strip(): [cell.strip() for cell in cells[2:6]]
    for line in PAGE.splitlines()
    if re.match(r"\| O-\d+ \|", line)
    for cells in [line.split("|")]
}
CODE = [
    path
    for folder in ("layers", "cli", "local", "functions")
    for path in (ROOT / folder).rglob("*.py")
    if ".aws-sam" not in path.parts
]


def test_the_page_lists_each_point_once_and_in_order() -> None:
    listed = re.findall(r"^\| (O-\d+) \|", PAGE, flags=re.MULTILINE)

    assert listed == [f"O-{number}" for number in range(1, 24)]


def test_point_of_the_page_has_each_of_its_four_cells(subtests: pytest.Subtests) -> None:
    for number in ROWS:
        with subtests.test(number=number):
            assert len(ROWS[number]) == 4
            assert all(ROWS[number])


def test_route_that_is_assumed_is_on_the_page(subtests: pytest.Subtests) -> None:
    for name in [name for name, r in assumptions.ROUTES.items() if r.number]:
        with subtests.test(name=name):
            route = assumptions.ROUTES[name]

            assert f"`{name}` is `{route.method} {route.path}`" in ROWS[str(route.number)][1]


def test_name_that_is_assumed_is_on_the_page(subtests: pytest.Subtests) -> None:
    for name in [name for name, row in assumptions.NAMES.items() if row.number]:
        with subtests.test(name=name):
            row = assumptions.NAMES[name]

            assert f"`{row.value}`" in ROWS[str(row.number)][1]


def test_assumed_values_are_on_the_page() -> None:
    token_path = assumptions.OAUTH_TOKEN_PATH

    assert f"`{token_path.value}`" in ROWS[str(token_path.number)][1]
    assert f"{assumptions.OAUTH_TOKEN_SECONDS:,} s" in ROWS["O-13"][1]
    assert f"{assumptions.EXCEPTIONS_PAGE_LIMIT:,} asked for" in ROWS["O-9"][1]


def test_the_doctor_tells_how_to_confirm_each_point_as_the_page_does() -> None:
    assert {number: row[3] for number, row in ROWS.items()} == {
        number: point.question for number, point in OPEN_POINTS.items()
    }


def test_every_number_that_the_code_names_is_on_the_page() -> None:
    named = {
        number
        for path in CODE
        for number in re.findall(r"\bO-\d+\b", path.read_text(encoding="utf-8"))
    }

    assert named <= set(ROWS)
    assert {row.number for row in assumptions.NAMES.values() if row.number} <= named


def test_the_parameters_that_the_page_names_exist() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")

    for parameter in re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", _where_to_change()):
        if parameter != "ReasonCode":
            assert re.search(rf"^  {parameter}:$", template, flags=re.MULTILINE), parameter


def _where_to_change() -> str:
    return "\n".join(where for _, _, where, _ in ROWS.values())
