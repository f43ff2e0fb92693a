"""Whatever the vendor's side does, a finished run is the one that would have been without it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from prefdrop.exporting.vendor import ExportVendor
from prefdrop.mypreferences import ExportPage
from tests.faults.exports.simulation import EXPORT, ExportSimulation
from tests.tiers import diagonal, spread

SENT_ONCE = ("initiate", "commit")
READS = ("status", "retrieve")
BREAKS = [
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "cut"},
    {"kind": "status", "status": 503},
]


def route(name: str) -> str:
    return f"export.{name}" if name in ("status", "commit") else f"export.segment.{name}"


@pytest.fixture
def people(simulation: ExportSimulation) -> ExportSimulation:
    """An export that has run once, and changes since."""
    simulation.put_people(range(10))
    simulation.export("1")
    simulation.put_people(range(8, 30), CustomerName={"FirstName": "Ana"})
    return simulation


def finished(simulation: ExportSimulation, run: str = "2") -> dict[str, Any]:
    execution = simulation.export(run)
    assert execution.status == "SUCCEEDED", execution.error
    simulation.assert_readers_have_everything()
    return simulation.manifests()[run]


@pytest.mark.parametrize(
    ("name", "broken"),
    diagonal(
        {name: name for name in (*SENT_ONCE, *READS)},
        {broken["kind"]: broken for broken in BREAKS},
        "every failure of every request",
    ),
)
def test_a_request_without_a_clear_answer_is_simply_made_again(
    people: ExportSimulation, name: str, broken: dict[str, Any]
) -> None:
    people.fault({"route": route(name), "nth": [1], **broken})

    finished(people)


@pytest.mark.parametrize("name", spread(["initiate", "status", "commit"], 1, "each request"))
def test_a_vendor_that_asks_for_patience_is_given_it(people: ExportSimulation, name: str) -> None:
    people.fault({"route": route(name), "nth": [1], "kind": "status", "status": 429})

    finished(people)


def test_an_export_whose_token_dies_while_it_is_retrieved_is_asked_for_again(
    people: ExportSimulation,
) -> None:
    people.fault({"route": route("retrieve"), "nth": [3], "kind": "expire_token"})

    assert finished(people)["attempts"] == 2


def test_an_export_whose_token_dies_while_it_is_awaited_is_asked_for_again(
    people: ExportSimulation,
) -> None:
    people.fault({"route": route("status"), "nth": [1], "kind": "expire_token"})

    assert finished(people)["attempts"] == 2


def test_a_token_that_dies_before_the_commit_takes_nothing_away(people: ExportSimulation) -> None:
    people.fault({"route": route("commit"), "nth": [1], "kind": "expire_token"})

    manifest = finished(people)

    assert (manifest["attempts"], manifest["committed"]) == (1, False)


def test_objects_of_an_attempt_that_came_to_nothing_are_taken_away(
    people: ExportSimulation,
) -> None:
    people.fault({"route": route("retrieve"), "nth": [4], "kind": "expire_token"})

    finished(people)

    folders = {key.split("/")[2] for key in people.worker().files.list("exports/people/")}
    assert folders == {"1", "2-2", "_state"}


def test_a_segment_that_the_vendor_cannot_export_fails_the_run_with_its_cause(
    people: ExportSimulation,
) -> None:
    watermark = people.state().watermark
    people.vendor("settings", "PATCH", fail_exports=True)

    execution = people.export("2")

    assert (execution.status, execution.error) == ("FAILED", "ExportGivenUp")
    error = people.run_item("2").error
    assert error
    assert "could not export the segment" in error.message
    assert people.run_item("2").attempt == 3
    assert people.state().watermark == watermark
    assert people.manifests().keys() == {"1"}
    people.vendor("settings", "PATCH", fail_exports=False)
    finished(people, "3")


def test_a_segment_that_does_not_exist_fails_the_run_at_once(simulation: ExportSimulation) -> None:
    simulation.define('[export]\nsegment = "Nobody"\n')

    execution = simulation.export("1")

    assert (execution.status, execution.error) == ("FAILED", "SegmentUnknown")
    run = simulation.run_item("1")
    assert run.attempt == 0
    assert run.error is not None
    assert "the segment 'Nobody'" in run.error.message
    assert "exports/people.toml" in run.error.hint


def test_pages_that_overlap_as_the_vendor_s_example_counts_bring_nothing_twice(
    people: ExportSimulation,
) -> None:
    people.vendor("settings", "PATCH", page_inclusive_quirk=True)

    finished(people)


def test_results_are_told_of_on_the_bus_without_records_and_tokens(
    people: ExportSimulation,
) -> None:
    execution = people.export("2")

    assert execution.status == "SUCCEEDED"
    told = people.events.announced
    assert [kind for kind, _ in told] == ["ExportCompleted", "ExportCompleted"]
    detail = told[-1][1]
    assert detail["counts"]["records"] == people.manifests()["2"]["records"]
    assert detail["manifest_key"] == "exports/people/2/manifest.json"
    assert "example.test" not in str(detail)


def change_pages(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[ExportPage, int], ExportPage | None]
) -> None:
    """Let `change` see each page with the count of calls so far; None takes it as it came."""
    real, calls = ExportVendor.page, itertools.count(1)

    def page(vendor: ExportVendor, *arguments: Any, **options: Any) -> ExportPage:
        came = real(vendor, *arguments, **options)
        return change(came, next(calls)) or came

    monkeypatch.setattr(ExportVendor, "page", page)


def test_pages_that_stop_before_what_the_status_counts_are_not_believed(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.put_people(range(21))

    def no_count_and_short_at_first(page: ExportPage, call: int) -> ExportPage:
        more = page.has_more and (call > 3 or page.offset < 8)
        return replace(page, total=None, has_more=more)

    change_pages(monkeypatch, no_count_and_short_at_first)

    assert finished(simulation, "1")["attempts"] == 2


def test_pages_that_count_differently_are_of_different_moments(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.put_people(range(21))

    def one_left_meanwhile(page: ExportPage, call: int) -> ExportPage | None:
        return replace(page, total=20) if call == 2 else None

    change_pages(monkeypatch, one_left_meanwhile)

    assert finished(simulation, "1")["attempts"] == 2


def test_a_profile_that_comes_twice_means_that_another_may_be_missing(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.put_people(range(21))
    first: list[Any] = []

    def one_moved_down(page: ExportPage, call: int) -> ExportPage | None:
        first.extend(page.records[:1] if call == 1 else [])
        return replace(page, records=[*page.records[:-1], first[0]]) if call == 2 else None

    change_pages(monkeypatch, one_moved_down)

    assert finished(simulation, "1")["attempts"] == 2


def test_an_empty_page_after_a_full_stretch_ends_the_export(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.define(EXPORT.replace("object_bytes = 4000", "object_bytes = 1000"))
    simulation.put_people(range(14))

    def more_after_each_full_page(page: ExportPage, _: int) -> ExportPage:
        return replace(page, has_more=page.count == page.limit)

    change_pages(monkeypatch, more_after_each_full_page)

    assert finished(simulation, "1")["records"] == 14


@pytest.mark.parametrize(
    ("name", "status"),
    spread([("retrieve", 429), ("initiate", 503), ("commit", 503)], 1, "each request"),
)
def test_an_outage_is_waited_out_with_all_that_is_there(
    people: ExportSimulation, name: str, status: int
) -> None:
    calls = list(range(2 if name == "retrieve" else 1, 10))
    people.fault({"route": route(name), "nth": calls, "kind": "status", "status": status})
    execution = people.start_run("2")

    people.finish(execution)

    assert "WaitForVendor" in execution.visited
    assert people.manifests()["2"]["attempts"] == 1
    people.assert_readers_have_everything()


@pytest.mark.parametrize("name", spread(["status", "retrieve"], 1, "each request"))
def test_refused_credentials_do_not_kill_the_token(people: ExportSimulation, name: str) -> None:
    refused = {"nth": list(range(1, 9)), "kind": "status", "status": 401}
    people.fault({"route": route(name), **refused}, {"route": "programs.list", **refused})
    execution = people.start_run("2")

    people.finish(execution)

    assert people.manifests()["2"]["attempts"] == 1
    people.assert_readers_have_everything()


def test_run_says_since_when_the_vendor_is_away(people: ExportSimulation) -> None:
    people.fault({"route": route("status"), "nth": [1, 2], "kind": "status", "status": 404})
    execution = people.start_run("2")
    since = set()
    while execution.status == "RUNNING":
        run = people.worker().exports.find("people", "2")
        since.add(run.away_since if run else "")
        if not execution.step() and execution.waiting:
            people.clock.advance(5)
            execution.waiting.timed_out = True

    assert len(since) == 2
    assert people.run_item("2").away_since == ""


def test_pages_that_came_before_the_vendor_asked_for_patience_are_not_read_again(
    simulation: ExportSimulation,
) -> None:
    simulation.define(EXPORT.replace("object_bytes = 4000", "object_bytes = 1000000"))
    simulation.put_people(range(40))
    often = list(range(4, 40, 3))
    simulation.fault({"route": route("retrieve"), "nth": often, "kind": "status", "status": 429})
    execution = simulation.start_run("1")

    simulation.finish(execution)

    assert execution.status == "SUCCEEDED", execution.error
    assert execution.visited.count("WaitForVendor") < 6
    simulation.assert_readers_have_everything()


def test_a_vendor_that_stays_away_fails_the_run_with_its_cause(people: ExportSimulation) -> None:
    people.fault(
        {"route": route("initiate"), "nth": list(range(1, 200)), "kind": "status", "status": 503}
    )
    execution = people.start_run("2")
    while execution.step():
        people.clock.advance(20_000)

    assert (execution.status, execution.error) == ("FAILED", "ServerError")
    assert people.run_item("2").attempt == 0
