"""Ten accidents: what a command says names the cause and the next step, and that step repairs it.

The person on call knows nothing else: the commands that are typed are taken from the text.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.integration.accidents.oncall import OnCall
from tests.tiers import second_tier
from tests.workbench import FEED, people

HOLDING = FEED.replace("= 100", "= 10") + 'over_gate = "hold"\nhold_minutes = 30\n'
SUBSCRIPTIONS = """
[[subscription]]
name = "audit"
url = "stack"
events = ["*"]
"""


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
@pytest.mark.parametrize(
    ("pushed", "cause"),
    [(FEED.replace("[columns]", "[columns"), "line"), ("", "There is no feed")],
    ids=["broken", "missing"],
)
def test_a_bad_feed(on_call: OnCall, pushed: str, cause: str) -> None:
    feed = "broken-one" if pushed else "nobody-made-it"
    if pushed:
        on_call.bench.push_feed(pushed, feed)
    version = on_call.drop_and_wait(people(3), feed)

    said = on_call.shows(version)
    assert cause in said.text
    assert feed in said.text

    right = on_call.writes(f"{feed}.toml", FEED)
    on_call.follows(said, "feeds push", FEED=right)
    on_call.follows(said, "imports retry")
    assert on_call.status_of(version) == "Completed"
    assert len(on_call.bench.profiles()) == 3


def test_a_wrong_vendor_secret(on_call: OnCall) -> None:
    with on_call.rotated_secret("the-new-secret") as rotated:
        version = on_call.bench.drop(people(3))
        on_call.bench.wait_for(lambda: any("waiting" in one for one in on_call.bench.imports()))

        said = on_call.shows(version)
        assert "The vendor refuses the stack's credentials" in said.text
        assert "credentials refused since" in on_call.types("prefdrop imports list").text
        assert "vendor authentication" in on_call.types("prefdrop doctor").text

        on_call.puts_secret(said, rotated)
        assert on_call.status_of(version) == "Completed"
        assert len(on_call.bench.profiles()) == 3


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_an_exhausted_quota(on_call: OnCall) -> None:
    on_call.break_vendor(
        {"route": "import.initiate", "nth": 1, "kind": "status", "status": 429, "retry_after": 3}
    )
    version = on_call.bench.drop(people(3))
    execution = on_call.bench.execution_of(version)
    on_call.bench.wait_for_step("InitiatePartFunction", of=execution)

    said = on_call.shows(version)
    assert "rolling 24-hour limit is used up; it waits until 20" in said.text
    assert "goes on by itself" in said.text
    assert said.text.index("had its turn") < said.text.index("part 1: begun")

    assert "left" in on_call.follows(said, "quota").text
    assert on_call.status_of(version) == "Completed"
    assert len(on_call.bench.profiles()) == 3


def test_a_held_gate(on_call: OnCall) -> None:
    on_call.bench.push_feed(HOLDING, "held")
    version = on_call.bench.drop(people(3) + "C-4,Ida,no-address,Y\n", "held")
    execution = on_call.bench.execution_of(version)
    on_call.bench.wait_for_step("AwaitApprovalFunction", of=execution)

    said = on_call.shows(version)
    assert "1 of 4 rows (25.0 %)" in said.text

    rejects = on_call.folder / "rejects.csv"
    fetch = said.command("imports rejects").replace("rejects.csv", str(rejects))
    on_call.types(fetch)
    rejects.write_text(rejects.read_text().replace("no-address", "ida@example.test"))
    approve = next(c for c in said.commands("imports approve") if "--with" in c)
    on_call.types(approve.replace("rejects.csv", str(rejects)))
    assert on_call.status_of(version) == "Completed"
    assert len(on_call.bench.profiles()) == 4
    assert on_call.report_of(version)["rejects"]["count"] == 0


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_a_torn_stage(on_call: OnCall) -> None:
    on_call.break_vendor({"route": "import.stage", "kind": "late", "before": "import.stage"})
    version = on_call.drop_and_wait(people(3))

    said = on_call.shows(version)
    assert "TornStage" in said.text
    assert "nothing else imports into this account" in said.text
    assert "torn parts" in on_call.types("prefdrop doctor").text

    on_call.break_vendor()
    on_call.follows(said, "imports retry")
    assert on_call.status_of(version) == "Completed"
    assert len(on_call.bench.profiles()) == 3


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_an_aborted_execution(on_call: OnCall) -> None:
    on_call.break_vendor({"route": "import.stage", "nth": 1, "kind": "latency", "seconds": 1})
    version = on_call.bench.drop(people(3))
    execution = on_call.bench.execution_of(version)
    on_call.bench.wait_for_step("InitiatePartFunction", of=execution)
    on_call.bench.step_functions.stop_execution(executionArn=execution)
    on_call.bench.wait_for(lambda: on_call.bench.import_of(version)["status"] == "Aborted")

    said = on_call.shows(version)
    assert "Its execution was stopped from outside" in said.text
    assert on_call.id_of(version) in on_call.types("prefdrop imports list --open").text

    on_call.follows(said, "imports retry")
    assert on_call.status_of(version) == "Completed"
    assert len(on_call.bench.profiles()) == 3
    assert on_call.id_of(version) not in on_call.types("prefdrop imports list --open").text


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_a_dead_vendor_token(on_call: OnCall) -> None:
    on_call.break_vendor({"route": "import.status", "nth": [2, 3, 4, 5], "kind": "expire_token"})
    version = on_call.drop_and_wait(people(3))

    said = on_call.shows(version)
    assert "TokenDied" in said.text
    assert "died before its outcome was known" in said.text

    on_call.break_vendor()
    file = on_call.writes("people.csv", people(3))
    assert "Completed" in on_call.follows(said, "drop", FILE=file).text
    assert len(on_call.bench.profiles()) == 3


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_a_webhook_key_that_the_vendor_does_not_know_of(on_call: OnCall) -> None:
    on_call.subscribe(with_key="the-key-of-last-year")
    on_call.bench.run(people(2))
    on_call.bench.wait_for_step("ReceiveWebhookFunction")
    assert "No such event is kept" in on_call.types("prefdrop events list").text

    said = on_call.types("prefdrop doctor")
    assert "has a key that this stack does not take" in said.text

    file = on_call.writes("subscriptions.toml", SUBSCRIPTIONS)
    assert "(another key)" in on_call.follows(said, "subscriptions plan", FILE=file).text
    on_call.follows(said, "subscriptions apply", FILE=file)
    on_call.follows(said, "events backfill")
    assert {one.event_id for one in on_call.made_events()} == on_call.kept_events()
    assert "has a key that" not in on_call.types("prefdrop doctor").text


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_missed_events(on_call: OnCall) -> None:
    on_call.subscribe()
    on_call.lose_deliveries(lose=True)
    began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    on_call.bench.run(people(2))
    made = on_call.made_events()

    said = on_call.types(f"prefdrop events list --profile {made[0].profile_id} --since {began}")
    assert "No such event is kept" in said.text

    on_call.follows(said, "events backfill")
    assert {one.event_id for one in made} <= on_call.kept_events()
    assert "brought by no webhook" in on_call.types("prefdrop doctor").text


@second_tier("every accident; test_a_held_gate and test_a_wrong_vendor_secret are the short form")
def test_figures_that_do_not_add_up(on_call: OnCall) -> None:
    on_call.break_vendor({"route": "import.exceptions", "kind": "drop"})
    body = people(3) + "C-9,Ida,ida@localhost.example,Y\n"
    version = on_call.drop_and_wait(body)

    said = on_call.shows(version)
    assert "Unreconciled" in said.text
    assert "the vendor refused 1 at" in said.text

    on_call.break_vendor()
    file = on_call.writes("people.csv", body)
    assert "CompletedWithRejects" in on_call.types(said.command("drop"), FILE=file).text
    assert len(on_call.bench.profiles()) == 3
