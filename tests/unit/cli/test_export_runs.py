"""Following a run of an export: when following ends, and what is said of a run that died."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from prefdrop.ledger.exports import ExportRun
from prefdrop.ledger.imports import Failure
from prefdrop_cli import export_runs
from prefdrop_cli.export_runs import Started, ended_run, follow_run, kind_of, print_run
from prefdrop_cli.progress import NullProgress
from prefdrop_cli.shapes.exports import EndedRun
from prefdrop_cli.watching import ExecutionGone

STARTED = Started("people", "20260115T073000.000Z", "arn:e")


def a_run(**members: Any) -> ExportRun:
    begun = "2026-01-15T07:30:00.000Z"
    return ExportRun(export="people", run=STARTED.run, started_at=begun, **members)


class NotKnown(Exception):
    pass


class Exports:
    """A ledger that shows something else at each look, and one execution."""

    def __init__(self, *looks: ExportRun | None, execution: dict[str, str] | None) -> None:
        self.poll_seconds = 0
        self.exports = self
        self.step_functions = self
        self.exceptions = SimpleNamespace(ExecutionDoesNotExist=NotKnown)
        self._looks: Iterator[ExportRun | None] = iter(looks)
        self._last: ExportRun | None = None
        self._execution = execution

    def find(self, export: str, run: str) -> ExportRun | None:
        assert (export, run) == (STARTED.export, STARTED.run)
        self._last = next(self._looks, self._last)
        return self._last

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        assert executionArn == STARTED.execution
        if self._execution is None:
            raise NotKnown
        return self._execution


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_runs, "EXECUTION_EVERY", 0.0)


def follow(exports: Exports) -> ExportRun:
    deployment: Any = exports
    return follow_run(deployment, STARTED, NullProgress())


def gone(exports: Exports) -> ExecutionGone:
    with pytest.raises(ExecutionGone) as raised:
        follow(exports)
    assert STARTED.run in raised.value.message
    return raised.value


def test_a_run_is_followed_from_before_it_begins_to_its_end() -> None:
    ended = a_run(status="Completed")
    looks = (None, a_run(), a_run(status="Retrieving"), ended)

    assert follow(Exports(*looks, execution={"status": "RUNNING"})) == ended


def test_a_run_whose_execution_died_before_it_began_is_not_waited_for() -> None:
    execution = {"status": "FAILED", "error": "FailureNotRecorded", "cause": "Neither the run nor"}

    error = gone(Exports(None, execution=execution))

    assert "never began" in error.message
    assert "FAILED: FailureNotRecorded: Neither the run nor" in error.message
    assert "Nothing was asked of MyPreferences" in error.hint
    assert "`prefdrop exports run people`" in error.hint


def test_an_execution_that_is_not_known_any_more_has_ended() -> None:
    assert "not known any more" in gone(Exports(None, execution=None)).message


def test_a_run_that_died_undecided_is_to_be_started_again() -> None:
    error = gone(Exports(a_run(status="Retrieving"), execution={"status": "ABORTED"}))

    assert "is Retrieving, but its execution has ended (ABORTED)" in error.message
    assert "has not moved" in error.hint


def test_a_decided_run_that_died_is_said_to_count() -> None:
    error = gone(Exports(a_run(status="Publishing"), execution={"status": "TIMED_OUT"}))

    assert "its watermark has moved" in error.hint
    assert "exports run" not in error.hint


def test_an_end_that_the_ledger_shows_a_moment_later_is_no_death() -> None:
    ended = a_run(status="Failed")
    exports = Exports(a_run(status="Finishing"), ended, execution={"status": "FAILED"})

    assert follow(exports) == ended


def test_what_the_columns_do_not_tell_is_printed_with_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_run(
        a_run(
            status="Completed",
            inexpressible={"consent": 12},
            examples={"consent": 9_100_231},
            lapsed={"inactive_profiles": 3, "expired_items": 1_005},
        )
    )

    printed = capsys.readouterr().out
    assert re.search(r"consent +12 +9100231\b", printed)
    assert "3 inactive profiles, 1,005 expired items" in printed


def test_a_run_that_failed_before_it_was_decided_is_called_neither_full_nor_incremental(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_run(a_run(status="Failed"))

    assert "full" not in capsys.readouterr().out
    assert [kind_of(a_run(attempt=n, full=n == 2)) for n in range(3)] == [
        "-",
        "incremental",
        "full",
    ]


def test_programs_are_told_all_of_a_run_but_its_tokens() -> None:
    failed = a_run(
        status="Failed",
        token="a secret",
        task_token="another",
        error=Failure("ExportGivenUp", "It came to nothing.", "Look at the segment."),
    )

    told = json.loads(msgspec.json.encode(ended_run(failed, [Path("out/manifest.json")])))

    assert told["error"]["hint"] == "Look at the segment."
    assert told["files"] == ["out/manifest.json"]
    assert not {"token", "task_token"} & told.keys()
    assert told.keys() == {field.name for field in msgspec.structs.fields(EndedRun)}
