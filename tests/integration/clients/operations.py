"""docs/vendor-operations.md: each operation of the vendor with the client's method and its test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import mypreferences_assumptions as assumptions

PAGE = Path(__file__).parents[3] / "docs/vendor-operations.md"
INTRODUCTION = """# The vendor's operations

Every documented operation of the MyPreferences API that Prefdrop knows: its name in the [table of assumptions](../layers/prefdrop/mypreferences_assumptions.py), its path (with the open point's number where the path is assumed, see [assumptions](vendor-assumptions.md)), the method of the [Python client](client.md), and the test that calls it over a socket. The sandbox serves every one of them: a test fails here when the sandbox's own books do not show that it was reached.

The Synchronization API is documented by name only; `client.request` reaches it, and anything else that is not in this table.

This page is written by `make operations`, from what the tests do.

| operation | path | client | test |
|---|---|---|---|
"""  # noqa: E501 - a page's lines are its paragraphs
ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \| `client\.([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)

AREAS = {"import": "imports", "export": "exports"}
"""Areas of the route table that the client calls otherwise."""
EXPORTS = {
    "segment.initiate": "initiate_segment",
    "segment_group.initiate": "initiate_segment_group",
    "segment.retrieve": "retrieve",
    "segment_group.retrieve": "retrieve",
}
AREAS_OF_CLIENT = frozenset(
    {"import", "export", "events", "subscriptions", "profiles", "preferences", "consents",
     "group_profiles", "users"}
)  # fmt: skip
"""All others belong to `client.configuration`."""


class Row(NamedTuple):
    """One operation as the page shows it; `test` is its file and its name, as pytest has them."""

    path: str
    method: str
    test: str


def method_of(route: str) -> str:
    """Where the client has the operation, as a dotted path from the client on."""
    area, _, operation = route.partition(".")
    if area not in AREAS_OF_CLIENT:
        return f"configuration.{route}"
    return f"{AREAS.get(area, area)}.{EXPORTS.get(operation, operation)}"


def path_of(route: str) -> str:
    """Method and path, with the open point's number where they are assumed."""
    known = assumptions.ROUTES[route]
    number = f" ({known.number})" if known.number else ""
    return f"`{known.method} {known.path}`{number}"


def read_page() -> dict[str, Row]:
    """The page's rows by operation."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return {name: Row(path, method, test) for name, path, method, test in ROW.findall(text)}


def assert_reached(test: str, books: Mapping[str, Any]) -> None:
    """Fail unless the sandbox's books show every operation that the page names `test` for."""
    named = {route for route, row in read_page().items() if row.test == test}
    missing = named - reached_in(books)
    assert not missing, f"the sandbox's books do not have {', '.join(sorted(missing))}"


def reached_in(books: Mapping[str, Any]) -> set[str]:
    """The operations that were called with success, or that changed something at least."""
    return {
        entry["route"] for entry in books["requests"] if entry["applied"] or entry["status"] < 300
    }


def write_page(reached: dict[str, set[str]]) -> None:
    """Write the page from the operations that each test reached.

    Of several tests, an operation shows the one that reaches the fewest others.
    """
    rows = []
    for route in assumptions.ROUTES:
        tests = [test for test, routes in reached.items() if route in routes]
        if tests:
            test = min(tests, key=lambda one: len(reached[one]))
            rows.append(
                f"| `{route}` | {path_of(route)} | `client.{method_of(route)}` | `{test}` |"
            )
    PAGE.write_text(INTRODUCTION + "\n".join(rows) + "\n", encoding="utf-8")
