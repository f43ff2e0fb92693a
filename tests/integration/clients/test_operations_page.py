"""Every operation of the vendor has a client method, a sandbox route and a test that reaches it."""

from __future__ import annotations

import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client, NotFound
from tests.integration.clients.conftest import Admin
from tests.integration.clients.operations import assert_reached, method_of, path_of, read_page

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]


@pytest.fixture(scope="module")
def collected() -> frozenset[str]:
    """Every test of this folder with its cases, as `file::name[case]`."""
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist",
         "--import-mode=importlib", str(FOLDER)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    folder = f"{FOLDER.relative_to(ROOT).as_posix()}/"
    return frozenset(
        line.removeprefix(folder) for line in listing.splitlines() if line.startswith(folder)
    )


def test_operation_of_each_route_has_its_row_and_test(
    subtests: pytest.Subtests, client: Client, collected: frozenset[str]
) -> None:
    rows = read_page()
    for route in assumptions.ROUTES:
        with subtests.test(route=route):
            row = rows[route]
            assert row.path == path_of(route)
            assert row.method == method_of(route)
            assert callable(reduce(getattr, row.method.split("."), client))
            assert row.test in collected


def test_no_row_is_of_an_operation_that_there_is_not() -> None:
    assert set(read_page()) == set(assumptions.ROUTES)


def test_a_test_that_no_longer_reaches_its_operation_is_told(
    client: Client, admin: Admin, request: pytest.FixtureRequest
) -> None:
    test = read_page()["profiles.get"].test
    number = client.profiles.create({}).profile_id
    assert number is not None

    with pytest.raises(NotFound):
        client.profiles.get(number + 1)
    with pytest.raises(AssertionError, match=r"do not have profiles\.get"):
        assert_reached(test, admin("books"))
    client.profiles.get(number)

    assert_reached(test, admin("books"))
    assert "reached_as_the_page_says" in request.fixturenames
