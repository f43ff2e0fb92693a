"""What the console tells of a stack, and that it tells no secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from prefdrop.ledger.audited import AuditedEvent
from prefdrop.ledger.exports import ExportRun, ExportStore
from prefdrop.ledger.imports import Failure, Import, ImportStore, Status
from prefdrop.ledger.quota import Quota
from prefdrop.ledger.turns import Ticket
from prefdrop_cli.console import imports as console_imports
from prefdrop_cli.console.api import alarms_listed, shared
from prefdrop_cli.console.server import create_app
from prefdrop_cli.deployments import Deployment
from tests.unit.cli.console.visitor import Visitor

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:prefdrop-import"
EVIL = "<img src=x onerror=alert(1)>.csv"
Ask = Callable[..., Any]


def an_import(number: int, status: Status, **more: Any) -> Import:
    return Import(
        **{
            "import_id": f"imp-{number}",
            "feed": "people",
            "status": status,
            "bucket": "b",
            "key": f"inbox/people/file-{number}.csv",
            "version_id": "v1",
            "execution_arn": f"{EXECUTION}:e{number}",
            "registered_at": f"2026-01-01T00:00:0{number}.000Z",
            "dropped_at": f"2026-01-01T00:00:0{number}Z",
            "updated_at": f"2026-01-01T00:00:0{number}.000Z",
            **more,
        }
    )


@pytest.fixture
def ask(stack: Deployment) -> Ask:
    """The answer to a question, without the web server before it."""
    client = create_app(stack).test_client()

    def ask(path: str, *, expect: int = 200, **query: str) -> Any:
        answer = client.get(f"/api/{path}", query_string=query)
        assert answer.status_code == expect, answer.data
        return answer.json

    return ask


# --- imports --------------------------------------------------------------------------------------


def test_those_under_way_come_as_they_are_served_and_those_ended_newest_first(
    ask: Ask, ledger: ImportStore
) -> None:
    for number, status in enumerate(
        ("Completed", "Queued", "Failed", "Queued", "Executing"), start=1
    ):
        ledger.register(an_import(number, status))  # type: ignore[arg-type]

    told = ask("imports")

    assert [one["import_id"] for one in told["under_way"]] == ["imp-5", "imp-2", "imp-4"]
    assert [one["import_id"] for one in told["ended"]] == ["imp-3", "imp-1"]
    assert told["more"] is False


def test_one_under_way_is_shown_with_its_progress(ask: Ask, ledger: ImportStore) -> None:
    ledger.register(
        an_import(1, "Executing", staged=100, rejected_validation=10, processed=40, not_honored=5)
    )

    progress = ask("imports")["under_way"][0]["progress"]

    assert (progress["phase"], progress["done"], progress["total"]) == ("executing", 45, 90)


def test_imports_are_narrowed_down_by_status_and_by_feed(ask: Ask, ledger: ImportStore) -> None:
    ledger.register(an_import(1, "Completed", feed="people"))
    ledger.register(an_import(2, "Failed", feed="people"))
    ledger.register(an_import(3, "Failed", feed="shops"))

    failed = ask("imports", status="Failed", feed="people")

    assert [one["import_id"] for one in failed["ended"]] == ["imp-2"]
    assert [one["import_id"] for one in ask("imports", feed="shops")["ended"]] == ["imp-3"]


def test_what_needs_somebody_is_told_and_found_at_once(ask: Ask, ledger: ImportStore) -> None:
    for number, status in enumerate(("Completed", "Failed", "CompletedWithRejects"), start=1):
        ledger.register(an_import(number, status))  # type: ignore[arg-type]
    ledger.register(an_import(4, "Staging"))  # its execution is none that Step Functions knows

    told = ask("imports")

    needs = {one["import_id"]: one["needs"] for one in told["under_way"] + told["ended"]}
    assert needs == {"imp-4": "retry", "imp-3": "rejects", "imp-2": "remedy", "imp-1": None}
    assert told["needing"] == 2
    found = ask("imports", status="open")
    assert [one["import_id"] for one in found["under_way"] + found["ended"]] == ["imp-4", "imp-2"]


def test_older_open_import_is_shown_however_many_were_mended(
    ask: Ask, ledger: ImportStore, stack: Deployment
) -> None:
    ledger.register(an_import(1, "Failed"))
    for number in range(2, 5):
        ledger.register(an_import(number, "Failed", sequencer="01"))
        executed = stack.drops.executed(an_import(number, "Completed", sequencer="02"))
        stack.table.transact(*executed)

    told = ask("imports", status="open", limit="1")

    assert [one["import_id"] for one in told["ended"]] == ["imp-1"]
    assert told["more"] is False


def test_older_open_import_beyond_reach_is_announced(
    ask: Ask, ledger: ImportStore, stack: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_imports, "CHECKED_FOR_EACH", 2)
    ledger.register(an_import(1, "Failed"))
    for number in range(2, 5):
        ledger.register(an_import(number, "Failed", sequencer="01"))
        executed = stack.drops.executed(an_import(number, "Completed", sequencer="02"))
        stack.table.transact(*executed)

    assert ask("imports", status="open", limit="1")["more"] is True
    assert ask("imports", status="open", limit="2")["ended"] != []


def test_those_served_first_are_shown_however_many_wait(
    ask: Ask, ledger: ImportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_imports, "MOST_GOING_ON", 2)
    for number, status in enumerate(("Queued", "Executing", "Queued", "Registered"), start=1):
        ledger.register(an_import(number, status))  # type: ignore[arg-type]

    told = ask("imports")

    assert [one["import_id"] for one in told["under_way"]] == ["imp-2", "imp-1"]


def test_feed_is_found_behind_newer_imports_of_others(ask: Ask, ledger: ImportStore) -> None:
    ledger.register(an_import(1, "Completed", feed="shops"))
    for number in range(2, 5):
        ledger.register(an_import(number, "Completed"))

    told = ask("imports", feed="shops", limit="1")

    assert [one["import_id"] for one in told["ended"]] == ["imp-1"]
    assert told["more"] is False


def test_older_ones_are_there_for_the_asking(ask: Ask, ledger: ImportStore) -> None:
    for number in range(1, 4):
        ledger.register(an_import(number, "Completed"))

    told = ask("imports", limit="2")

    assert [one["import_id"] for one in told["ended"]] == ["imp-3", "imp-2"]
    assert told["more"] is True


@pytest.mark.parametrize(
    "query", [{"status": "Done"}, {"limit": "0"}, {"limit": "x"}, {"limit": "9" * 5000}]
)
def test_a_wrong_question_is_answered_with_the_right_ones(ask: Ask, query: dict[str, str]) -> None:
    error = ask("imports", expect=400, **query)["error"]

    assert error["code"] == "WrongUse"
    assert error["hint"]


def test_an_import_is_told_as_the_command_tells_it(ask: Ask, ledger: ImportStore) -> None:
    failure = Failure("WrongCredentials", "The vendor refuses the credentials.", "Correct them.")
    ledger.register(
        an_import(1, "Failed", error=failure, rows_read=12, finished_at="2026-01-01T00:01:00.000Z")
    )

    told = ask("imports/imp-1")

    assert told["report"]["rows_read"] == 12
    assert told["standing"]["now"] == (
        "It failed: WrongCredentials: The vendor refuses the credentials."
    )
    assert "prefdrop imports retry imp-1" in told["standing"]["next"]
    assert [one["what"] for one in told["happened"]] == [
        "file-1.csv was dropped",
        "registered as an import of feed people",
        "ended Failed: WrongCredentials",
    ]
    assert (told["has_page"], told["has_rejects"]) == (False, False)


def test_a_name_that_looks_like_markup_is_passed_on_as_the_text_that_it_is(
    browser: Visitor, ledger: ImportStore
) -> None:
    ledger.register(an_import(1, "Completed", key=f"inbox/people/{EVIL}"))

    told = browser.get("/api/imports")

    assert told.headers["Content-Type"] == "application/json"
    assert told.json()["ended"][0]["file"] == EVIL


def test_path_that_is_not_there_is_answered_with_not_found(
    subtests: pytest.Subtests, ask: Ask
) -> None:
    for path in [
        "imports/imp-9",
        "imports/imp-9/report.html",
        "imports/imp-9/rejects",
        "nothing",
        "",
    ]:
        with subtests.test(path=path):
            assert ask(path, expect=404)["error"]["message"]


def test_an_import_whose_report_was_deleted_is_told_from_the_ledger(
    ask: Ask, ledger: ImportStore
) -> None:
    key = "results/people/imp-1/report.json"
    ledger.register(an_import(1, "Completed", rows_read=7, report_key=key))

    told = ask("imports/imp-1")

    assert (told["report"]["rows_read"], told["has_page"]) == (7, False)
    assert ask("imports/imp-1/report.html", expect=404)["error"]["code"] == "ObjectMissing"


def test_the_report_of_an_import_is_served_as_a_page_that_reaches_nothing(
    browser: Visitor, stack: Deployment, ledger: ImportStore
) -> None:
    stack.objects.write("results/people/imp-1/report.html", b"<p>Done</p>")
    ledger.register(an_import(1, "Completed", report_key="results/people/imp-1/report.json"))

    told = browser.get("/api/imports/imp-1/report.html")

    assert told.body == b"<p>Done</p>"
    assert "default-src 'none'" in told.headers["Content-Security-Policy"]
    assert "sandbox" in told.headers["Content-Security-Policy"]
    assert "script-src" not in told.headers["Content-Security-Policy"]


def test_rejects_are_a_file_to_save_as_they_lie_in_the_bucket(
    browser: Visitor, stack: Deployment, ledger: ImportStore
) -> None:
    rows = b'id,_row\r\n"7",3\r\n' * 20_000
    key = "results/people/imp-1/rejects.csv"
    stack.objects.write(key, rows)
    ledger.register(an_import(1, "CompletedWithRejects", rejects_key=key))

    told = browser.get("/api/imports/imp-1/rejects")

    assert told.body == rows
    assert told.headers["Content-Disposition"] == ("attachment; filename*=UTF-8''imp-1-rejects.csv")


# --- the vendor account ---------------------------------------------------------------------------


def test_the_account_tells_who_has_the_turn_who_waits_and_what_is_left(
    ask: Ask, stack: Deployment, ledger: ImportStore
) -> None:
    for number in (1, 2):
        ledger.register(an_import(number, "Queued"))
        stack.turns.take_ticket(a_ticket(number))
    stack.turns.hand_over(stack.turns.holder())
    Quota(stack.table, "DEMO_CLIENT", limit=200, reserve=10).mark()

    told = ask("account")

    assert (told["holder"]["import_id"], told["holder"]["file"]) == ("imp-1", "file-1.csv")
    assert [one["import_id"] for one in told["queue"]] == ["imp-2"]
    assert (told["quota"]["used"], told["quota"]["left"]) == (1, 189)


def a_ticket(number: int) -> Ticket:
    return Ticket(
        execution=f"{EXECUTION}:e{number}",
        import_id=f"imp-{number}",
        token="a-task-token",
        dropped_at=f"2026-01-01T00:00:0{number}Z",
        sequencer="1",
        taken_at=number,
    )


def test_no_token_of_any_kind_is_told(ask: Ask, stack: Deployment, ledger: ImportStore) -> None:
    stack.objects.write("exports/all.toml", b'[export]\nsegment = "All"\n')
    ledger.register(an_import(1, "Held", approval_token="a-task-token"))
    stack.turns.take_ticket(a_ticket(1))
    stack.turns.hand_over(stack.turns.holder())
    part = {"number": 1, "state": "staged", "token": "a-vendor-token", "start": {}, "end": {}}
    a_part(stack, part)
    run = ExportRun(
        export="all", run="r1", started_at="2026-01-01T00:00:00.000Z",
        token="a-vendor-token", task_token="a-task-token",
    )  # fmt: skip
    ExportStore(stack.table, 1).begin(run)

    told = [
        ask(path)
        for path in (
            "imports", "imports/imp-1", "account", "exports", "exports/all", "exports/all/r1",
        )
    ]  # fmt: skip

    assert told[1]["parts"][0]["state"] == "staged"
    assert told[4]["runs"][0]["run"] == "r1"
    assert "a-task-token" not in json.dumps(told)
    assert "a-vendor-token" not in json.dumps(told)


def a_part(stack: Deployment, members: dict[str, Any]) -> None:
    from prefdrop.ledger import keys

    stack.table.put(keys.part("imp-1", 1), members)


# --- exports, feeds, alarms -----------------------------------------------------------------------


def test_an_export_that_cannot_be_used_says_why(ask: Ask, stack: Deployment) -> None:
    stack.objects.write("exports/all.toml", b'[export]\nsegment = "All"\n')
    stack.objects.write("exports/broken.toml", b"[export\n")

    good, broken = ask("exports")["exports"]

    assert (good["name"], good["of"], good["error"], good["last"]) == ("all", "All", None, None)
    assert "broken.toml" in broken["error"]


def test_feeds_are_named(ask: Ask, stack: Deployment) -> None:
    stack.objects.write("feeds/people.toml", b"")
    stack.objects.write("feeds/notes.txt", b"")

    assert ask("feeds") == ["people"]


def test_alarms_are_told_by_the_names_of_the_runbook_those_that_ring_first(
    stack: Deployment,
) -> None:
    cloudwatch = boto3.client("cloudwatch")
    for name in ("CalmAlarm", "LoudAlarm"):
        cloudwatch.put_metric_alarm(
            AlarmName=f"s-{name}",
            AlarmDescription=f"What {name} means.",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
        )
    cloudwatch.set_alarm_state(AlarmName="s-LoudAlarm", StateValue="ALARM", StateReason="a test")
    clients = {"cloudwatch": cloudwatch, "cloudformation": Alarmed("CalmAlarm", "LoudAlarm")}

    told = alarms_listed(stack.replace(client=clients.__getitem__))

    assert told["ringing"] == 1
    assert [one["alarm"] for one in told["alarms"]] == ["LoudAlarm", "CalmAlarm"]
    assert told["alarms"][0]["state"] == "ALARM"
    assert told["alarms"][0]["meaning"] == "What LoudAlarm means."


class Alarmed:
    """CloudFormation, as it lists a stack with alarms; moto's makes none."""

    def __init__(self, *names: str) -> None:
        alarm = {"ResourceType": "AWS::CloudWatch::Alarm"}
        self._resources = [
            alarm | {"LogicalResourceId": name, "PhysicalResourceId": f"s-{name}"} for name in names
        ]

    def get_paginator(self, _: str) -> Alarmed:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"StackResourceSummaries": self._resources}]


def test_a_stack_without_alarms_has_none_to_tell(ask: Ask) -> None:
    assert ask("alarms") == {"alarms": [], "ringing": 0}


# --- events ---------------------------------------------------------------------------------------

RAW = (
    b'{"EventId":"e-1","Type":"profile.updated","ProfileId":90071992547409931,'
    b'"Data":{"Name":"<b>Ana</b>","Age":7},"PreviousData":{"Name":"Bo","Age":7}}'
)


@pytest.fixture
def ask_events(stack: Deployment, ask: Ask) -> Ask:
    """As `ask`, of a stack that has kept two events of one person."""
    for number in (1, 2):
        stack.audit.put_once(an_event(number))
    return ask


def an_event(number: int) -> AuditedEvent:
    at = f"2026-01-01T00:00:0{number}.000Z"
    return AuditedEvent(
        event_id=f"e-{number}", event_type="profile.updated", profile_id="90071992547409931",
        at=at, received_at=at, source="webhook", raw=RAW.decode(), bytes=len(RAW),
    )  # fmt: skip


def test_events_are_told_of_a_person_who_is_named(ask_events: Ask) -> None:
    told = ask_events("events", profile="90071992547409931")

    assert [one["event_id"] for one in told["events"]] == ["e-2", "e-1"]
    assert "Ana" not in json.dumps(told)


def test_without_a_person_no_event_is_told(ask_events: Ask) -> None:
    error = ask_events("events", expect=400)["error"]

    assert error["message"] == "No person is named."


def test_a_persons_events_are_narrowed_down(ask_events: Ask) -> None:
    person = {"profile": "90071992547409931"}

    assert ask_events("events", **person, type="consent")["events"] == []
    assert len(ask_events("events", **person, since="2026-01-01T00:00:02Z")["events"]) == 1
    assert ask_events("events", **person, limit="1")["more"] is True
    assert ask_events("events", expect=400, **person, since="soon")["error"]["hint"]
    reversed_bounds = {"since": "1h", "until": "2h"}
    assert ask_events("events", expect=400, **person, **reversed_bounds)["error"]["hint"]


def test_one_event_is_told_with_what_it_changed_and_no_number_is_rounded(ask_events: Ask) -> None:
    told = ask_events("event", id="e-1")

    assert told["changes"] == [
        {"path": "Name", "kind": "changed", "before": '"Bo"', "after": '"<b>Ana</b>"'}
    ]
    assert '"ProfileId": 90071992547409931' in told["json"]


def test_an_event_that_is_not_kept_says_how_to_get_it(ask_events: Ask) -> None:
    assert "backfill" in ask_events("event", expect=404, id="e-9")["error"]["hint"]


# --- trouble --------------------------------------------------------------------------------------


def test_an_aws_that_does_not_answer_is_told_with_what_to_do(stack: Deployment) -> None:
    nowhere = Config(retries={"total_max_attempts": 1}, connect_timeout=1)

    def client(service: str, **more: Any) -> Any:
        return boto3.client(service, endpoint_url="http://127.0.0.1:9", config=nowhere)

    answer = create_app(stack.replace(client=client)).test_client().get("/api/imports")

    error = answer.json["error"]
    assert (answer.status_code, error["code"]) == (502, "AwsUnreachable")
    assert "prefdrop local up" in error["hint"]


def test_a_fault_of_the_console_is_an_answer_too(
    stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    def client(service: str, **more: Any) -> Any:
        raise RuntimeError("broken")

    answer = create_app(stack.replace(client=client)).test_client().get("/api/imports")

    assert answer.status_code == 500
    assert answer.json["error"]["code"] == "ConsoleFault"
    assert b"broken" not in answer.data
    assert "RuntimeError" in capsys.readouterr().err


def test_questions_at_the_same_time_share_one_client_of_each_service(
    stack: Deployment,
) -> None:
    made: list[str] = []

    def client(service: str, **more: Any) -> Any:
        made.append(service)
        return object()

    stack = shared(stack.replace(client=client))
    askers = [threading.Thread(target=stack.client, args=("s3",)) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    assert made == ["s3"]
