"""Commands on a deployed stack: what they print, for people and for scripts."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest

from prefdrop.ledger import table as dynamodb_table
from prefdrop.ledger.imports import Failure, Import, ImportStore, Status
from prefdrop.ledger.quota import Quota
from prefdrop.ledger.turns import Ticket
from prefdrop_cli import attention, watching
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.functions import FunctionFailed, invoke
from prefdrop_cli.main import main
from prefdrop_cli.story import telling
from prefdrop_cli.story.steps import Trace
from prefdrop_cli.story.telling import tell

Run = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command in this process; returns exit code, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(words)
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


def an_import(number: int, status: Status, **more: Any) -> Import:
    return Import(
        import_id=f"imp-{number}",
        feed="crm-contacts",
        status=status,
        bucket="b",
        key=f"inbox/crm-contacts/file-{number}.csv",
        version_id="v1",
        execution_arn="arn:aws:states:us-east-1:123456789012:execution:prefdrop-import:e",
        registered_at=f"2026-01-01T00:00:0{number}.000Z",
        **more,
    )


def test_the_version_is_shown(run: Run) -> None:
    code, out, _ = run("--version")

    assert code == 0
    assert out.startswith("prefdrop 0.")


@pytest.mark.usefixtures("aws")
def test_a_stack_that_is_not_there_is_wrong_use_with_ways_to_get_one(run: Run) -> None:
    code, out, err = run("imports", "list")

    assert (code, out) == (2, "")
    assert "no deployed Prefdrop stack named prefdrop" in err
    assert "prefdrop local up" in err


@pytest.mark.usefixtures("aws")
def test_an_error_is_json_where_json_was_asked_for(run: Run) -> None:
    code, out, err = run("imports", "list", "--json")

    assert (code, err) == (2, "")
    assert json.loads(out)["error"]["code"] == "WrongUse"


def test_imports_are_listed_newest_first_with_the_members_scripts_rely_on(
    run: Run, imports: ImportStore
) -> None:
    imports.register(an_import(1, "Completed"))
    imports.register(an_import(2, "Staging"))

    code, out, _ = run("imports", "list", "--json")

    listed = json.loads(out)
    assert code == 0
    assert [(i["import_id"], i["feed"], i["status"]) for i in listed] == [
        ("imp-2", "crm-contacts", "Staging"),
        ("imp-1", "crm-contacts", "Completed"),
    ]


def test_imports_are_listed_by_status_whatever_its_case(run: Run, imports: ImportStore) -> None:
    imports.register(an_import(1, "Completed"))
    imports.register(an_import(2, "Staging"))

    _, out, _ = run("imports", "list", "--status", "staging")

    assert "imp-2" in out
    assert "imp-1" not in out


@pytest.mark.usefixtures("deployment")
def test_an_unknown_status_is_answered_with_those_there_are(run: Run) -> None:
    code, _, err = run("imports", "list", "--status", "Done")

    assert code == 2
    assert "Done is no status" in err
    assert "CompletedWithRejects" in err


@pytest.mark.usefixtures("deployment")
def test_an_unknown_import_is_wrong_use(run: Run) -> None:
    code, _, err = run("imports", "show", "imp-9")

    assert code == 2
    assert "There is no import imp-9" in err


def test_a_failed_import_shows_why_and_what_to_do(run: Run, imports: ImportStore) -> None:
    failure = Failure("WrongCredentials", "The vendor refuses the credentials.", "Correct them.")
    imports.register(an_import(1, "Failed", error=failure, rows_read=12))

    code, out, _ = run("imports", "show", "imp-1")

    assert code == 0
    assert "rows read" in out
    assert "The vendor refuses the credentials." in out
    assert "Next: Correct them. " in out
    assert "`prefdrop imports retry imp-1`" in out


def test_the_commands_to_type_name_the_stack_where_it_is_not_the_usual_one(
    deployment: Deployment, imports: ImportStore
) -> None:
    imports.register(an_import(1, "Failed", error=Failure("NotSent", "It was not sent.")))

    other = tell(deployment.replace(stack="staging"), imports.get("imp-1"))
    usual = tell(deployment, imports.get("imp-1"))

    assert "`prefdrop imports retry imp-1 --stack staging`" in other.standing.next
    assert "`prefdrop imports retry imp-1`" in usual.standing.next


def test_one_that_waits_behind_a_held_import_leads_to_that(
    deployment: Deployment, imports: ImportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports.register(an_import(1, "Held"))
    imports.register(an_import(2, "Queued"))
    deployment.turns.take_ticket(
        Ticket(execution="arn:e1", import_id="imp-1", dropped_at="", sequencer="1", taken_at=1)
    )
    deployment.turns.hand_over(deployment.turns.holder())
    monkeypatch.setattr(telling, "status_of", lambda *_: "RUNNING")
    monkeypatch.setattr(telling, "read_trace", lambda *_: Trace(state="TakeTurn"))

    told = tell(deployment, imports.get("imp-2"))

    assert "imp-1 has it, and a gate holds that one" in told.standing.now
    assert "`prefdrop imports show imp-1`" in told.standing.next


def test_a_summary_counts_rows_that_were_given_back_where_there_are_any(
    run: Run, imports: ImportStore
) -> None:
    figures = {"rows_read": 4, "rejected_local": 1, "staged": 4, "processed": 4}
    imports.register(an_import(1, "Completed", restaged=1, **figures))
    imports.register(an_import(2, "Completed", rows_read=4, staged=4, processed=4))

    corrected, plain = (run("imports", "show", f"imp-{n}")[1] for n in (1, 2))

    assert "  given back corrected  1\n" in corrected
    assert "given back" not in plain


def test_a_list_says_what_each_import_needs_of_somebody(run: Run, imports: ImportStore) -> None:
    ends: tuple[Status, ...] = ("Completed", "Failed", "Aborted", "Unreconciled")
    for number, status in enumerate((*ends, "CompletedWithRejects", "Staging"), start=1):
        imports.register(an_import(number, status))

    _, out, _ = run("imports", "list", "--json")

    assert {one["status"]: one["needs"] for one in json.loads(out)} == {
        "Completed": None,
        "Failed": "remedy",
        "Aborted": "remedy",
        "Unreconciled": "check",
        "CompletedWithRejects": "rejects",
        "Staging": "retry",  # nothing works on it: there is no such execution
    }


def test_the_list_of_open_imports_leaves_out_what_is_through_or_mended(
    run: Run, imports: ImportStore, deployment: Deployment
) -> None:
    imports.register(an_import(1, "Completed"))
    imports.register(an_import(2, "CompletedWithRejects"))
    imports.register(an_import(3, "Failed", sequencer="01"))
    imports.register(an_import(4, "Failed", sequencer="01"))
    again = an_import(4, "Completed", sequencer="02")
    deployment.table.transact(*deployment.drops.executed(again))

    _, out, _ = run("imports", "list", "--open", "--json")

    assert [one["import_id"] for one in json.loads(out)] == ["imp-3"]


def test_older_failure_is_listed_however_many_were_mended(
    run: Run, imports: ImportStore, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_table, "PAGE", 2)
    imports.register(an_import(1, "Failed"))
    for number in range(2, 8):
        imports.register(an_import(number, "Failed", sequencer="01"))
        executed = deployment.drops.executed(an_import(number, "Completed", sequencer="02"))
        deployment.table.transact(*executed)

    _, out, err = run("imports", "list", "--open", "--limit", "1", "--json")

    assert [one["import_id"] for one in json.loads(out)] == ["imp-1"]
    assert err == ""


def test_open_list_says_where_it_stopped_looking(
    run: Run, imports: ImportStore, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention.UpTo.__init__, "__defaults__", (2,))
    for number in range(1, 4):
        imports.register(an_import(number, "Failed", sequencer="01"))
        executed = deployment.drops.executed(an_import(number, "Completed", sequencer="02"))
        deployment.table.transact(*executed)

    _, out, err = run("imports", "list", "--open")

    assert out == "Nothing is under way, and nothing needs you.\n"
    assert "--status Failed lists older ones" in err


def test_refused_older_file_is_open_although_a_newer_one_was_executed(
    run: Run, imports: ImportStore, deployment: Deployment
) -> None:
    refused = Failure("Superseded", "It is older.", "Retry it.")
    imports.register(an_import(4, "Failed", sequencer="01", error=refused))
    deployment.table.transact(
        *deployment.drops.executed(an_import(4, "Completed", sequencer="0099"))
    )

    _, out, _ = run("imports", "list", "--open", "--json")

    assert [(one["import_id"], one["needs"]) for one in json.loads(out)] == [("imp-4", "remedy")]


def test_retry_takes_one_way_past_a_newer_file(run: Run, imports: ImportStore) -> None:
    imports.register(an_import(1, "Failed"))

    code, _, said = run("imports", "retry", "imp-1", "--force", "--except-newer")

    assert code == 2
    assert "--force and --except-newer exclude each other" in said


def test_a_quiet_day_says_so(run: Run, imports: ImportStore) -> None:
    imports.register(an_import(1, "Completed"))

    assert run("imports", "list", "--open")[1] == "Nothing is under way, and nothing needs you.\n"


def test_watching_an_import_that_has_ended_exits_as_it_ended(
    run: Run, imports: ImportStore
) -> None:
    imports.register(an_import(1, "Aborted", gate="12 % of the rows were rejected."))

    code, out, _ = run("imports", "watch", "imp-1")

    assert code == 4
    assert "Aborted" in out


def test_ctrl_c_leaves_the_import_running_and_says_how_to_watch_it_again(
    run: Run, imports: ImportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports.register(an_import(1, "Staging"))

    def press_ctrl_c(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", press_ctrl_c)
    code, _, err = run("imports", "watch", "imp-1")

    assert code == 130
    assert "prefdrop imports watch imp-1" in err
    assert imports.get("imp-1").status == "Staging"


def test_an_import_that_completed_is_not_retried(run: Run, imports: ImportStore) -> None:
    imports.register(an_import(1, "Completed"))

    code, _, err = run("imports", "retry", "imp-1")

    assert code == 2
    assert "imp-1 is Completed" in err


def test_rejects_are_written_as_they_lie_in_the_bucket(
    run: Run, deployment: Deployment, imports: ImportStore, tmp_path: Path
) -> None:
    key = "results/crm-contacts/imp-1/rejects.csv"
    rows = b'id,_row,_stage,_code,_reason\r\n"7",3,local,BadEmail,no\r\n'
    deployment.objects.write(key, rows)
    imports.register(an_import(1, "CompletedWithRejects", rejects_key=key))

    code, _, _ = run("imports", "rejects", "imp-1", "-o", str(tmp_path / "mine.csv"))

    assert code == 0
    assert (tmp_path / "mine.csv").read_bytes() == rows


@pytest.mark.parametrize(
    ("place", "said"), [("none/mine.csv", "none is no folder"), ("", "folder")]
)
def test_rejects_that_cannot_be_written_name_the_place_that_was_asked_for(
    run: Run, imports: ImportStore, tmp_path: Path, place: str, said: str
) -> None:
    imports.register(an_import(1, "CompletedWithRejects", rejects_key="results/rejects.csv"))

    code, _, err = run("imports", "rejects", "imp-1", "-o", str(tmp_path / place))

    assert code == 2
    assert said in err
    assert f"Error: {tmp_path / place} " in err


@pytest.mark.parametrize(
    ("status", "said"), [("Held", "approve imp-1 --with"), ("Aborted", "drop the file again")]
)
def test_fetched_rejects_say_what_to_do_with_them(
    run: Run, deployment: Deployment, imports: ImportStore, tmp_path: Path, status: Status,
    said: str,
) -> None:  # fmt: skip
    deployment.objects.write("results/rejects.csv", b"id\r\n")
    imports.register(an_import(1, status, rejects_key="results/rejects.csv"))

    _, out, _ = run("imports", "rejects", "imp-1", "-o", str(tmp_path / "mine.csv"))

    assert said in out


def test_a_function_that_failed_says_why_in_one_line_and_what_to_do_in_the_next(
    deployment: Deployment,
) -> None:
    told = {"errorMessage": "NotAuthorized: The vendor answered 401.\nCheck the secret."}

    class Lambda:
        def invoke(self, **_: Any) -> dict[str, Any]:
            return {"FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(told).encode())}

    with pytest.raises(FunctionFailed) as failed:
        invoke(deployment.replace(client=lambda *_, **__: Lambda()), "backfill", {})

    assert failed.value.message == "backfill failed: NotAuthorized: The vendor answered 401."
    assert failed.value.hint.startswith("Check the secret. Its log says more.")


def test_the_quota_is_told_with_the_members_scripts_rely_on(
    run: Run, deployment: Deployment
) -> None:
    Quota(deployment.table, "DEMO_CLIENT", limit=200, reserve=10).mark()

    code, out, _ = run("quota", "--json")

    told = json.loads(out)
    assert code == 0
    assert (told["used"], told["left"]) == (1, 189)
    assert told["next_slot_at"].endswith("Z")


def test_a_broken_feed_is_not_pushed(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    broken = tmp_path / "crm.toml"
    broken.write_text("[import\n")

    code, _, err = run("feeds", "push", str(broken))

    assert code == 2
    assert str(broken) in err
    assert list(deployment.objects.list("feeds/")) == []


EXAMPLE = Path(__file__).parents[3] / "feeds"


def test_a_pushed_feed_is_listed(run: Run, deployment: Deployment) -> None:
    run("feeds", "push", str(EXAMPLE / "crm-contacts.toml"))

    _, out, _ = run("feeds", "list", "--json")

    assert [feed["feed"] for feed in json.loads(out)] == ["crm-contacts"]
    assert list(deployment.objects.list("feeds/")) == ["feeds/crm-contacts.toml"]


def test_a_file_is_dropped_into_its_feeds_inbox(run: Run, deployment: Deployment) -> None:
    run("feeds", "push", str(EXAMPLE / "crm-contacts.toml"))

    code, out, _ = run(
        "drop", str(EXAMPLE / "crm-contacts.csv"), "--feed", "crm-contacts", "--json"
    )

    dropped = json.loads(out)
    head = boto3.client("s3").head_object(
        Bucket=deployment.bucket, Key="inbox/crm-contacts/crm-contacts.csv"
    )
    assert code == 0
    assert dropped["version_id"] == head["VersionId"]
    assert dropped["import_id"].startswith("imp-")


def test_a_file_for_a_feed_that_is_not_there_is_not_dropped(
    run: Run, deployment: Deployment
) -> None:
    code, _, err = run("drop", str(EXAMPLE / "crm-contacts.csv"), "--feed", "crm")

    assert code == 2
    assert "no feed named crm" in err
    assert list(deployment.objects.list("inbox/")) == []


@pytest.mark.usefixtures("deployment")
def test_a_feeds_path_instead_of_its_name_is_told(run: Run) -> None:
    code, _, err = run("drop", str(EXAMPLE / "crm-contacts.csv"), "--feed", "feeds/crm.toml")

    assert code == 2
    assert "--feed crm" in err


def test_a_file_that_its_feed_does_not_fit_is_not_dropped(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    run("feeds", "push", str(EXAMPLE / "crm-contacts.toml"))
    stranger = tmp_path / "stranger.csv"
    stranger.write_text("shoe_size,colour\n42,red\n")

    code, _, err = run("drop", str(stranger), "--feed", "crm-contacts")

    assert code == 2
    assert "stranger.csv" in err
    assert list(deployment.objects.list("inbox/")) == []
