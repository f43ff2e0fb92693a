"""Every operation of the vendor has a client method, a sandbox route and a test that reaches it."""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path

import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client
from tests.integration.clients.operations import method_of, path_of, read_page

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("route", assumptions.ROUTES)
def test_each_operation_has_its_row_and_what_the_row_names_is_there(
    route: str, client: Client
) -> None:
    row = read_page()[route]
    file, _, name = row.test.partition("::")

    assert row.path == path_of(route)
    assert row.method == method_of(route)
    assert callable(reduce(getattr, row.method.split("."), client))
    assert re.search(rf"^ *def {name.split('[')[0]}\(", (FOLDER / file).read_text(), re.MULTILINE)


def test_no_row_is_of_an_operation_that_there_is_not() -> None:
    assert set(read_page()) == set(assumptions.ROUTES)


def test_a_test_that_no_longer_reaches_its_operation_would_be_told() -> None:
    conftest = (FOLDER / "conftest.py").read_text()

    assert "reached_as_the_page_says" in conftest
