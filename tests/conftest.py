"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefdrop import reached
from prefdrop_local.stack.botocore_data import reading_once
from tests import call_watch, tiers


@pytest.fixture(scope="session", autouse=True)
def _models_of_aws_are_read_once() -> Iterator[None]:
    # Each emulation creates its own sessions, and each session reads the models of its services.
    with reading_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _marks_are_collected() -> Iterator[None]:
    """Listen for the marks of rare branches, and add them to the file that a campaign names."""
    marks: set[str] = set()
    with reached.listening(marks.add):
        yield
    if file := os.environ.get("PREFDROP_MARKS"):
        with Path(file).open("a") as kept:
            kept.write("".join(f"{mark}\n" for mark in sorted(marks)))


def pytest_addoption(parser: pytest.Parser) -> None:
    tiers.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    tiers.configure(config)
    call_watch.watch(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import ByStack

    return ByStack(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tiers.select(config, items)
