"""Following an import: what is shown at each status, and when following ends."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from prefdrop.ledger.imports import Import, Status, UnknownImport
from prefdrop_cli import watching
from prefdrop_cli.progress import NullProgress, Progress, Step
from prefdrop_cli.watching import ExecutionGone, NotNoticed, follow, step_of


def an_import(status: Status, **figures: Any) -> Import:
    return Import(
        import_id="imp-1",
        feed="crm",
        status=status,
        bucket="b",
        key="inbox/crm/a.csv",
        version_id="v",
        execution_arn="arn:e",
        registered_at="2026-01-01T00:00:00.000Z",
        **figures,
    )


class Ledger:
    """A ledger that says something else at each look, and the last thing for ever after."""

    def __init__(self, *looks: Import | None) -> None:
        self._looks: Iterator[Import | None] = iter(looks)
        self._last: Import | None = None

    def get(self, import_id: str) -> Import:
        self._last = next(self._looks, self._last)
        if self._last is None:
            raise UnknownImport(import_id)
        return self._last


def deployment_with(ledger: Ledger, execution_status: str = "RUNNING") -> Any:
    execution = SimpleNamespace(describe_execution=lambda **_: {"status": execution_status})
    return SimpleNamespace(imports=ledger, poll_seconds=0, client=lambda _: execution)


def test_staging_is_shown_by_bytes_read_and_counts_records() -> None:
    staging = an_import(
        "Staging", bytes=1000, read_bytes=250, rows_read=40, staged=38, rejected_local=2
    )

    step = step_of("Staging", staging)

    assert (step.phase, step.done, step.total, step.records) == ("staging", 250, 1000, 40)
    assert step.note == "38 staged, 2 rejected"


def test_executing_is_shown_by_records_that_passed_validation() -> None:
    executing = an_import(
        "Executing",
        staged=100,
        rejected_validation=10,
        processed=40,
        rejected_execution=3,
        not_honored=2,
    )

    step = step_of("Executing", executing)

    assert (step.phase, step.done, step.total) == ("executing", 45, 90)


def test_a_phase_that_has_ended_is_shown_with_its_last_figures() -> None:
    shown: list[Step] = []
    progress = SimpleNamespace(show=shown.append)
    done = {"staged": 100, "processed": 100}
    ledger = Ledger(
        an_import("Executing", staged=100), an_import("Reporting", **done), an_import("Completed")
    )

    follow(deployment_with(ledger), "imp-1", cast(Progress, progress))

    executing = [step for step in shown if step.phase == "executing"]
    assert executing[-1].note == "100 of 100"


@pytest.mark.parametrize("end", ["Completed", "Aborted", "Failed", "Unreconciled"])
def test_following_ends_when_the_import_ends(end: Status) -> None:
    ledger = Ledger(None, an_import("Registered"), an_import("Staging"), an_import(end))

    ended = follow(deployment_with(ledger), "imp-1", NullProgress())

    assert ended.status == end


def test_following_ends_at_a_hold_that_waits_for_a_decision() -> None:
    ledger = Ledger(an_import("Held"), an_import("Held", approval_token="t", staged=7))

    held = follow(deployment_with(ledger), "imp-1", NullProgress())

    assert held.staged == 7


def test_following_goes_on_after_a_hold_was_approved() -> None:
    approved = an_import("Held", approval_token="t", approved=True)
    ledger = Ledger(approved, an_import("Executing"), an_import("Completed"))

    ended = follow(deployment_with(ledger), "imp-1", NullProgress())

    assert ended.status == "Completed"


def test_a_drop_that_nobody_notices_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "NOTICED_SECONDS", -1)

    with pytest.raises(NotNoticed, match="no import began"):
        follow(deployment_with(Ledger()), "imp-1", NullProgress())


def test_an_execution_that_dies_without_a_word_does_not_keep_anybody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "EXECUTION_EVERY", 0)
    ledger = Ledger(an_import("Staging"))

    with pytest.raises(ExecutionGone, match="ABORTED") as gone:
        follow(deployment_with(ledger, "ABORTED"), "imp-1", NullProgress())

    assert "imports retry imp-1" in gone.value.hint
