"""What is due is started once; what can't be started keeps nothing else from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefdrop.exporting import operate, start_exports
from prefdrop.exporting.pinned import ExportMissing
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger import clock
from prefdrop.ledger.exports import ExportRun, UnknownRun
from tests.call_watch import calls_of
from tests.unit.exporting.conftest import SETTINGS, StepFunctions

HOURLY = b'[export]\nsegment = "Readers"\n[schedule]\nevery = "1h"\n'
GONE = "arn:aws:states:us-east-1:123456789012:execution:prefdrop-export:by-hand-1"
BY_HAND = b'[export]\nsegment = "Readers"\n'


@pytest.fixture
def look(services: ExportServices, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Looks for what is due, some hours after the test began."""
    began = datetime.now(UTC)

    def look(*, hours: float) -> None:
        moment = began + timedelta(hours=hours)
        monkeypatch.setattr(start_exports, "now_ms", lambda: clock.milliseconds(moment))
        with calls_of("StartExportsFunction", SETTINGS):
            start_exports.run(services, {}, None)  # type: ignore[arg-type]

    return look


def runs(machine: StepFunctions) -> list[str]:
    return [f"{one['export']} {one['run'][-9:]}" for one in machine.started.values()]


def test_a_slot_is_started_once_and_the_next_one_after_it(
    services: ExportServices, machine: StepFunctions, look: Any
) -> None:
    services.files.write("exports/readers.toml", HOURLY)

    for hours in (1, 1, 2, 2):
        look(hours=hours)

    assert len(machine.started) == 2
    assert all(run.startswith("readers 00") or run.endswith(".000Z") for run in runs(machine))


def test_a_slot_that_was_started_but_not_written_down_is_not_started_again(
    services: ExportServices, machine: StepFunctions, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.files.write("exports/readers.toml", HOURLY)
    with monkeypatch.context() as broken:
        broken.setattr(services.exports, "slot_started", lambda *_: None)
        look(hours=1)

    look(hours=1)

    assert len(machine.started) == 1


def test_only_the_newest_of_several_missed_slots_is_started(
    services: ExportServices, machine: StepFunctions, look: Any
) -> None:
    services.files.write("exports/readers.toml", HOURLY)
    look(hours=1)

    look(hours=30)

    assert len(machine.started) == 2


def test_slots_before_the_export_was_defined_are_not_due(
    services: ExportServices, machine: StepFunctions, look: Any
) -> None:
    services.files.write("exports/readers.toml", HOURLY)

    look(hours=0)

    assert machine.started == {}


def test_exports_without_a_schedule_and_results_are_left_alone(
    services: ExportServices, machine: StepFunctions, look: Any
) -> None:
    services.files.write("exports/by-hand.toml", BY_HAND)
    services.files.write("exports/by-hand/1/odd.toml", HOURLY)

    look(hours=5)

    assert machine.started == {}


def test_a_broken_definition_is_told_of_and_keeps_no_other_from_starting(
    services: ExportServices,
    machine: StepFunctions,
    look: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    services.files.write("exports/broken.toml", b"[export]\n")
    services.files.write("exports/readers.toml", HOURLY)

    look(hours=1)

    assert [one["export"] for one in machine.started.values()] == ["readers"]
    assert '"ExportFailed":[1.0]' in capsys.readouterr().out


def test_a_run_whose_execution_is_gone_is_ended(
    services: ExportServices, machine: StepFunctions, look: Any
) -> None:
    services.files.write("exports/by-hand.toml", BY_HAND)
    new = ExportRun(export="by-hand", run="1", execution=GONE, started_at="2026-01-15T00:00:00Z")
    services.exports.begin(new)
    services.exports.claim(services.exports.state("by-hand"), "1", GONE)

    look(hours=0)

    run = services.exports.get("by-hand", "1")
    assert (run.status, run.error and run.error.code) == ("Failed", "ExecutionEnded")
    assert services.exports.state("by-hand").run == ""


def test_a_run_by_hand_has_a_name_of_its_own_and_may_be_full(
    services: ExportServices, machine: StepFunctions
) -> None:
    services.files.write("exports/by-hand.toml", BY_HAND)

    run, arn = operate.start_run(services, "by-hand", services.settings.export_machine, full=True)

    asked = {"export": "by-hand", "run": run, "full": True, "allow_removals": 0}
    assert machine.started[arn] == asked


@pytest.mark.parametrize("full", [True, False])
def test_start_whose_answer_was_lost_is_not_another_s(
    services: ExportServices,
    machine: StepFunctions,
    monkeypatch: pytest.MonkeyPatch,
    full: bool,
) -> None:
    services.files.write("exports/by-hand.toml", BY_HAND)
    monkeypatch.setattr(operate, "now_ms", lambda: 1_768_500_000_000)
    arn = services.settings.export_machine
    first, _ = operate.start_run(services, "by-hand", arn, full=True)

    again, execution = operate.start_run(services, "by-hand", arn, full=full)

    assert (again == first) == full
    assert machine.started[execution]["full"] == full


def test_exports_are_listed_with_what_is_wrong_with_them(services: ExportServices) -> None:
    services.files.write("exports/broken.toml", b"[export]\n")
    services.files.write("exports/readers.toml", HOURLY)
    new = ExportRun(export="readers", run="1", started_at="2026-01-15T00:00:00Z")
    services.exports.begin(new)

    listed = {one.name: one for one in operate.list_exports(services)}

    assert "must name a segment" in listed["broken"].error
    assert listed["readers"].definition
    assert listed["readers"].last == operate.show_run(services, "readers")
    assert operate.list_runs(services, "readers") == [operate.show_run(services, "readers", "1")]
    assert operate.manifest_of(services, new) is None
    assert json.dumps(listed["broken"].error)


def test_a_run_by_hand_is_named_after_the_last_run_whatever_the_clock_says(
    services: ExportServices,
) -> None:
    services.files.write("exports/by-hand.toml", BY_HAND)
    run = ExportRun(export="by-hand", run="29991231T235959.999Z", started_at="")
    services.exports.begin(run)
    services.exports.claim(services.exports.state("by-hand"), run.run, "execution")
    run = services.exports.update(services.exports.initiated(run, "token"), status="Finishing")
    services.exports.decide(run, {"last_run": run.run})

    made, _ = operate.start_run(services, "by-hand", services.settings.export_machine)

    assert made == "30000101T000000.000Z"


def test_a_definition_over_which_we_stumble_keeps_no_other_from_starting(
    services: ExportServices,
    machine: StepFunctions,
    look: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    services.files.write("exports/broken.toml", HOURLY)
    services.files.write("exports/readers.toml", HOURLY)
    state = services.exports.state

    def stumble(name: str) -> Any:
        if name == "broken":
            raise KeyError("somebody's address")
        return state(name)

    monkeypatch.setattr(services.exports, "state", stumble)

    look(hours=1)

    assert [one["export"] for one in machine.started.values()] == ["readers"]
    said = next(vars(one) for one in caplog.records if one.message == "cannot start")
    assert said["code"] == "KeyError"
    assert "somebody" not in str(said)


def test_a_run_that_is_not_there_is_named_and_so_is_an_export_without_runs(
    services: ExportServices,
) -> None:
    services.files.write("exports/readers.toml", BY_HAND)

    with pytest.raises(UnknownRun) as unknown:
        operate.show_run(services, "readers", "20260115")
    with pytest.raises(UnknownRun) as none_yet:
        operate.show_run(services, "readers")
    with pytest.raises(ExportMissing):
        operate.show_run(services, "raeders")

    assert "run 20260115 of export readers" in unknown.value.message
    assert "exports show readers" in unknown.value.hint
    assert "readers has not run yet" in none_yet.value.message
    assert "exports run readers" in none_yet.value.hint


def test_a_run_whose_manifest_was_taken_away_can_be_looked_at(services: ExportServices) -> None:
    run = ExportRun(
        export="readers", run="1", started_at="2026-01-15T00:00:00.000Z", manifest_key="gone.json"
    )

    assert operate.manifest_of(services, run) is None
