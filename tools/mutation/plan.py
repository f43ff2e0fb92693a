"""What is mutated, and by which tests it is tried."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "layers/prefdrop"
BUILD = ROOT / "build/mutation"

MODULES = (
    "prefdrop.importing.apply_gates",
    "prefdrop.importing.execute_part",
    "prefdrop.importing.pass_turn",
    "prefdrop.importing.stager",
    "prefdrop.importing.staging_part",
    "prefdrop.importing.totals",
    "prefdrop.ledger.drops",
    "prefdrop.ledger.parts",
    "prefdrop.ledger.turns",
)
TESTS = ("tests/unit/importing", "tests/unit/ledger")
"""The quick ones, so that a fault is found here. The fault tests walk whole imports."""

MOST_SECONDS = 45.0
"""Processor seconds of tests that one mutant is tried by, the quickest first."""

ENVIRONMENT = {
    "PREFDROP_SEED": "1",
    "HYPOTHESIS_STORAGE_DIRECTORY": str(BUILD / "hypothesis"),
}
"""Repeats random schedules, and keeps what fails with a mutant from the next run of the tests."""


def file_of(module: str) -> Path:
    """Return the source file of a module of the library."""
    return LIBRARY / f"{module.replace('.', '/')}.py"


def pytest_arguments() -> list[str]:
    """Return options of every run: repeatable, and without a trace in the checkout."""
    return ["-q", "-x", "--hypothesis-seed=0", "-p", "no:cacheprovider", "-p", "no:xdist"]
