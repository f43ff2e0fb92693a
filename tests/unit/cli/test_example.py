"""The example that newcomers run first: real enough, and wrong only where it means to be."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

FEEDS = Path(__file__).parents[3] / "feeds"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The script that makes the example's file."""
    spec = importlib.util.spec_from_file_location("crm", FEEDS / "make_crm_contacts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["crm"] = module
    spec.loader.exec_module(module)
    return module


def test_the_committed_file_is_what_the_script_makes(example: ModuleType) -> None:
    assert (FEEDS / "crm-contacts.csv").read_bytes() == example.as_csv(example.contacts())


def test_wrong_rows_reach_every_stage_and_stay_below_the_feeds_gate(example: ModuleType) -> None:
    stages = Counter(contact.stage for contact in example.contacts())

    rejected = stages["local"] + stages["validation"] + stages["execution"]
    assert stages.total() == 10_000
    assert min(stages["local"], stages["validation"], stages["execution"]) >= 25
    assert 0.01 < rejected / stages.total() < 0.04


def test_each_kind_of_fault_is_there_as_often_as_announced(example: ModuleType) -> None:
    faults = Counter(contact.fault for contact in example.contacts() if contact.fault)

    assert faults == {fault: count for fault, (count, _, _) in example.FAULTS.items()}


def test_nobody_in_the_file_can_be_reached(example: ModuleType) -> None:
    cells = [contact.cells for contact in example.contacts()]

    assert all(c["email"] == "" or c["email"].endswith((".test", "unknown@")) for c in cells)
    assert all(c["mobile"] == "" or c["mobile"][4:10] == "555-01" for c in cells)
