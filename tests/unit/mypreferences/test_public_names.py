"""What the package offers, and what importing it costs."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prefdrop import errors as base, mypreferences
from prefdrop.mypreferences import errors

HEAVY = ("boto3", "botocore", "aws_lambda_powertools", "zoneinfo", "asyncio", "pydantic", "jinja2")
PARTS = tuple(
    f"prefdrop.mypreferences.{part}"
    for part in ("bulk_export", "events", "subscriptions", "resources", "profiles", "configuration")
)
UPPER_LAYERS = ("prefdrop.feeds", "prefdrop.ledger", "prefdrop.importing", "prefdrop.settings")


def test_each_public_name_is_listed_once_and_has_a_home() -> None:
    homes = mypreferences._MODULES

    assert mypreferences.__all__ == sorted(homes)
    for name, module in homes.items():
        assert getattr(mypreferences, name).__module__ == f"prefdrop.mypreferences.{module}"


def test_type_checkers_see_exactly_the_public_names() -> None:
    stub = Path(inspect.getfile(mypreferences)).with_suffix(".pyi")
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert seen == {
        name: f"prefdrop.mypreferences.{module}" for name, module in mypreferences._MODULES.items()
    }


def test_an_unknown_name_is_missing_as_from_any_module() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Cliemt'"):
        mypreferences.Cliemt  # noqa: B018


def test_every_public_name_is_explained() -> None:
    for name in mypreferences.__all__:
        assert inspect.getdoc(getattr(mypreferences, name)), name


def test_every_error_is_public_drawn_and_says_whether_to_try_again() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.MyPreferencesError)
    ]

    for kind in kinds:
        assert kind.__name__ in mypreferences.__all__
        assert kind.__name__ in (errors.__doc__ or "")
        families = issubclass(kind, base.Terminal) + issubclass(kind, base.Transient)
        assert families == (0 if kind is errors.MyPreferencesError else 1)


def test_importing_the_client_loads_nothing_heavy_nothing_above_it_and_no_part_of_it() -> None:
    script = "import sys; from prefdrop.mypreferences import Client; print(*sys.modules)"

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout.split()

    assert not {*HEAVY, *UPPER_LAYERS, *PARTS} & set(loaded)
