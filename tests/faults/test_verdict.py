"""The judge of random schedules notices what it is there for: safeguards are taken out."""

from __future__ import annotations

from typing import Any

import pytest

from prefdrop.importing import report
from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.parts import PartStore
from prefdrop_local.sandbox.process import SandboxProcess
from tests.faults.campaign import summary
from tests.faults.play import play
from tests.faults.schedule import Schedule, draw
from tests.faults.world import World

SETTINGS = {"PREFDROP_CHUNK_BYTES": "1500", "PREFDROP_REQUEST_SECONDS": "2"}
GATES = {"max_rejected_percent": 100, "over_gate": "hold", "hold_minutes": 60}
DROP = {"at": 0, "what": "drop", "number": 1, "kinds": ["good"] * 12, "name": "crm.csv"}
DROP |= {"second": 1, "sequencer": "00626D01", "twice": False}


def schedule(*events: dict[str, Any], part_records: int = 10_000) -> Schedule:
    """Return a schedule of one file and `events`."""
    return Schedule(
        seed=1,
        settings={**SETTINGS, "PREFDROP_PART_RECORDS": str(part_records)},
        order="feed",
        gates=GATES,
        page=1_000,
        most_rounds=900,
        patience=False,
        events=[DROP, *events],
    )


def test_schedule_without_events_is_good(sandbox: SandboxProcess) -> None:
    played = play(sandbox, schedule())

    assert (played.findings, played.statuses) == ([], ["Completed"])


def test_rows_never_read_are_found_lost(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_was_executed", lambda parts: True)
    cancel = {"what": "cancel", "which": 1, "trouble": []}
    events = [{"at": at, **cancel} for at in range(14, 50)]

    played = play(sandbox, schedule(*events, part_records=4))

    assert played.statuses == ["Completed"]
    assert any(finding.startswith("lost: row") for finding in played.findings)


def test_rows_executed_twice_untold_are_found_doubled(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartStore, "suspect", lambda *_: 0)
    rule = {"route": "import.stage", "kind": "late", "nth": 1, "before": "import.execute"}

    played = play(sandbox, schedule({"at": 0, "what": "fault", "rule": rule}))

    assert any(finding.startswith("doubled: row") for finding in played.findings)


def test_late_step_that_changes_an_end_is_found(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(self: World) -> None:
        """Every step of the first import comes late, and no write is fenced."""
        self.pick.sample = lambda calls, most: calls  # type: ignore[method-assign,assignment]

    monkeypatch.setattr(ImportStore, "update_open", ImportStore.update)
    monkeypatch.setattr("prefdrop.importing.step.FINISHED", frozenset())
    monkeypatch.setattr("prefdrop.importing.report_import.FINISHED", frozenset())
    clean_up = World.clean_up
    monkeypatch.setattr(World, "clean_up", lambda self: (late(self), clean_up(self)))

    played = play(sandbox, schedule())

    assert any(finding.startswith("late: ") for finding in played.findings)


def test_schedule_of_a_seed_is_always_the_same() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_summary_names_findings_and_marks_never_reached() -> None:
    lines = [
        {"seed": 1, "findings": ["lost: row 1 of drop 1"], "statuses": ["Completed"], "marks": []}
    ]

    text, good = summary(lines, set())

    assert not good
    assert "1 lost, 0 doubled" in text
    assert "never reached: " in text
