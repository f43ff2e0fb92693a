"""`prefdrop local run` as a user types it: the example whole, and each mistake a user can make."""

from __future__ import annotations

import csv
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import boto3
import pytest

from prefdrop.importing.drop import Drop
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.command import typed
from tests.shapes import printed_by
from tests.tiers import second_tier
from tests.workbench import PATIENCE, poll

REPOSITORY = Path(__file__).parents[2]
PREFDROP = Path(sys.executable).with_name("prefdrop")
FEED = REPOSITORY / "feeds" / "crm-contacts.toml"
FILE = REPOSITORY / "feeds" / "crm-contacts.csv"
ENDS = ("_row", "_stage", "_code", "_reason")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The environment without anything that names another stack, vendor or proxy."""
    names = ("PREFDROP_", "AWS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}


def prefdrop(*words: object, cwd: Path) -> Ended:
    """Run the command to its end."""
    ended = subprocess.run(
        [str(PREFDROP), *map(str, words)],
        cwd=cwd,
        env=environment() | {"RUN_MARK": str(cwd)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in ended.stdout + ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def vendor_options(sandbox: SandboxProcess, **instead: str) -> list[str]:
    """The options that point a local run at a sandbox that is running already."""
    values = {
        "vendor-url": sandbox.url,
        "client-id": sandbox.credentials["client_id"],
        "user-id": sandbox.credentials["user_id"],
        "secret": sandbox.credentials["secret"],
    } | instead
    return [word for name, value in values.items() for word in (f"--{name}", value)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A vendor that outlives the run, so that its books can be read afterwards."""
    with start_sandbox(queued_seconds=0) as running:
        yield running


def asked(sandbox: SandboxProcess, what: str) -> Any:
    """What the sandbox's admin side says."""
    with urllib.request.urlopen(sandbox.admin_url + what, timeout=PATIENCE) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The script that made the example: it knows where each row must end."""
    spec = importlib.util.spec_from_file_location("crm", REPOSITORY / "feeds/make_crm_contacts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["crm"] = module
    spec.loader.exec_module(module)
    return module


class Run(NamedTuple):
    """The example's run: how the command ended and what it left in its folder."""

    ended: Ended
    report: dict[str, Any]
    rejects: list[dict[str, str]]
    header: list[str]
    mark: Path


@pytest.fixture(scope="module")
def run(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The example, imported once for all tests of this module."""
    folder = tmp_path_factory.mktemp("run")
    ended = prefdrop(
        "local", "run", FILE, "--feed", FEED, "--out", "results", *vendor_options(sandbox),
        cwd=folder,
    )  # fmt: skip
    assert ended.code == 3, ended.err
    with (folder / "results/rejects.csv").open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        rejects = list(reader)
        header = list(reader.fieldnames or ())
    report = json.loads((folder / "results/report.json").read_text())
    return Run(ended, report, rejects, header, folder)


def test_the_example_ends_with_rejects_and_its_figures_add_up(run: Run) -> None:
    report = run.report

    assert report["status"] == "CompletedWithRejects"
    assert report["reconciled"] is True
    assert report["rows_read"] == 10_000 == report["rejected_local"] + report["staged"]
    accounted = ("rejected_validation", "processed", "rejected_execution", "not_honored", "pending")
    assert report["staged"] == sum(report[name] for name in accounted)


def test_every_wrong_row_of_the_example_is_rejected_once_at_its_stage_and_no_other_row_is(
    run: Run, example: ModuleType
) -> None:
    expected = {
        number: contact.stage
        for number, contact in enumerate(example.contacts(), start=1)
        if contact.stage
    }

    found = {int(row["_row"]): row["_stage"] for row in run.rejects}

    assert found == expected
    assert len(run.rejects) == len(expected)


def test_a_reject_is_the_source_row_with_its_reason(run: Run, example: ModuleType) -> None:
    contacts = example.contacts()

    assert run.header == [*example.COLUMNS, *ENDS]
    for reject in run.rejects:
        contact = contacts[int(reject["_row"]) - 1]
        assert reject["_code"]
        assert reject["_reason"].strip()
        if not contact.ragged:
            assert {name: reject[name] for name in example.COLUMNS} == contact.cells


def test_the_summary_tells_the_reports_figures_and_where_the_files_lie(run: Run) -> None:
    figures = ("rows_read", "processed", "rejected_local", "not_honored", "vendor_requests")

    for name in figures:
        assert f"{run.report[name]:,}" in run.ended.out
    assert "CompletedWithRejects" in run.ended.out
    assert "results/report.json" in run.ended.out
    assert "results/rejects.csv" in run.ended.out


def test_progress_passes_through_its_phases_on_standard_error(run: Run) -> None:
    phases = [line.split()[0] for line in run.ended.err.splitlines() if line]

    assert "staging" in phases
    assert "staging" not in run.ended.out


def test_the_report_equals_the_vendors_own_books(run: Run, sandbox: SandboxProcess) -> None:
    [token] = asked(sandbox, "imports")["imports"]

    report = run.report
    assert token["received"] == report["staged"]
    assert token["failed"] == report["rejected_validation"]
    assert token["processed"] == report["processed"]
    assert token["exceptions"] == report["rejected_execution"]
    assert token["not_honored"] == report["not_honored"]


def all_profiles(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """Every profile that the vendor has by now."""
    profiles: list[dict[str, Any]] = []
    while True:
        page = asked(sandbox, f"profiles?offset={len(profiles)}&limit=1000")
        profiles += page["profiles"]
        if len(profiles) >= page["total"]:
            return profiles


def as_row(profile: dict[str, Any]) -> dict[str, str]:
    """A profile in the words of the example's file: its feed, read backwards and by hand."""
    ids = {one["AlternateIdType"]: one["AlternateId"] for one in profile["AlternateIds"]}
    [email] = profile["Emails"]
    [phone] = profile.get("PhoneNumbers") or [{}]
    [consent] = profile["Consents"]
    news, sms = preference(email, "EmailPreferences"), preference(phone, "PhonePreferences")
    return {
        "crm_id": ids["CrmContactId"],
        "first_name": profile["CustomerName"]["FirstName"],
        "last_name": profile["CustomerName"]["LastName"],
        "segment": profile["CustomerType"],
        "email": email["EmailAddress"],
        "newsletter": news[0],
        "newsletter_at": news[1],
        "mobile": phone.get("PhoneNumber", ""),
        "sms_offers": sms[0],
        "sms_at": sms[1],
        "consent": {1: "granted", 2: "denied", 3: "revoked"}[consent["ConsentStatus"]],
        "consent_version": consent["ConsentVersion"],
        "consented_at": new_york_time(consent["ConsentDate"]),
        "loyalty_number": ids.get("LoyaltyId", ""),
    }


def preference(contact: dict[str, Any], collection: str) -> tuple[str, str]:
    """A contact's only preference as the file writes it: answer and time, or nothing."""
    for found in contact.get(collection, ()):
        answer = {1: "Y", 2: "N"}[found["PreferenceType"]]
        return answer, new_york_time(found["CustomerDate"])
    return "", ""


def new_york_time(utc: str) -> str:
    """A UTC time of the vendor as clocks in New York showed it."""
    moment = datetime.fromisoformat(utc).astimezone(ZoneInfo("America/New_York"))
    return moment.strftime("%m/%d/%Y %H:%M")


@pytest.mark.usefixtures("run")
def test_the_vendors_profiles_hold_every_good_row_cell_by_cell(
    sandbox: SandboxProcess, example: ModuleType
) -> None:
    good = (contact.cells for contact in example.contacts() if not contact.fault)
    expected = {cells["crm_id"]: dict(cells) for cells in good}
    for cells in expected.values():
        del cells["account_owner"]  # the feed ignores it

    arrived = {row["crm_id"]: row for row in map(as_row, all_profiles(sandbox))}

    assert arrived == expected


# --- nothing is left running --------------------------------------------------------------------


def still_running(mark: str) -> list[str]:
    """The command lines of processes that were started with `mark` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
@second_tier("a stack for each signal; test_no_process_outlives_the_stack is the short form")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_stops_everything_it_started(
    stop: signal.Signals, tmp_path: Path
) -> None:
    mark = f"RUN_MARK={tmp_path}"
    running = subprocess.Popen(
        [str(PREFDROP), "local", "run", str(FILE), "--feed", str(FEED)],
        cwd=tmp_path,
        env=environment() | {"RUN_MARK": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("staging"):
            break
    assert len(still_running(mark)) > 1

    if stop is signal.SIGINT:
        os.killpg(running.pid, stop)  # as a terminal does: to everything that was started
    else:
        running.send_signal(stop)
    _, told = running.communicate(timeout=PATIENCE)

    assert running.returncode == 130
    assert "nothing is left running" in told
    assert "Traceback" not in told
    assert still_running(mark) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_a_run_leaves_nothing_running(run: Run) -> None:
    assert still_running(f"RUN_MARK={run.mark}") == []


# --- mistakes -----------------------------------------------------------------------------------


class Mistake(NamedTuple):
    """A call that cannot work, and what the user must be told."""

    file: str | None
    feed: str | None
    told: tuple[str, ...]


HEADER, FIRST_ROW = FILE.read_text(encoding="utf-8").splitlines()[:2]
GOOD_FEED = FEED.read_text(encoding="utf-8")
MISTAKES = {
    "missing feed": Mistake(f"{HEADER}\n{FIRST_ROW}\n", None, ("crm.toml", "does not exist")),
    "missing file": Mistake(None, GOOD_FEED, ("crm.csv", "does not exist")),
    "feed that is no TOML": Mistake(
        f"{HEADER}\n{FIRST_ROW}\n", "[import\nname = 1\n", ("crm.toml", "line 1")
    ),
    "feed with an unknown key": Mistake(
        f"{HEADER}\n{FIRST_ROW}\n", GOOD_FEED.replace("action =", "acton ="), ("acton", "line ")
    ),
    "feed with a path that does not exist": Mistake(
        f"{HEADER}\n{FIRST_ROW}\n",
        GOOD_FEED.replace('"CustomerName.FirstName"', '"CustomerName..FirstName"'),
        ("crm.toml", "first_name"),
    ),
    "unknown column": Mistake(
        f"{HEADER},shoe_size\n{FIRST_ROW},42\n", GOOD_FEED, ("crm.csv", "shoe_size")
    ),
    "missing column": Mistake(
        "crm_id,email\n1,a@example.test\n", GOOD_FEED, ("crm.csv", "first_name")
    ),
    "empty file": Mistake("", GOOD_FEED, ("crm.csv", "empty")),
    "file that is not what the feed says": Mistake(
        '{"crm_id": "1", "email": "a@example.test"}\n', GOOD_FEED, ("crm.csv",)
    ),
    "spreadsheet instead of csv": Mistake(
        "PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", GOOD_FEED, ("crm.csv",)
    ),
}


def refused(*words: object, cwd: Path) -> Ended:
    """Type a command that cannot work, which needs no process of its own."""
    with chdir(cwd):
        ended = typed([str(word) for word in words])
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_mistake_is_reported_before_anything_starts(
    subtests: pytest.Subtests, tmp_path: Path
) -> None:
    for number, (name, mistake) in enumerate(MISTAKES.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        if mistake.file is not None:
            (folder / "crm.csv").write_text(mistake.file, encoding="utf-8")
        if mistake.feed is not None:
            (folder / "crm.toml").write_text(mistake.feed, encoding="utf-8")
        before = sorted(folder.iterdir())

        ended = refused("local", "run", "crm.csv", "--feed", "crm.toml", cwd=folder)

        with subtests.test(mistake=name):
            assert ended.code == 2
            assert ended.out == ""
            for word in mistake.told:
                assert word in ended.err
            assert "stack" not in ended.err
            assert sorted(folder.iterdir()) == before


def test_a_folder_instead_of_a_file_is_told(tmp_path: Path) -> None:
    ended = refused("local", "run", tmp_path, "--feed", FEED, cwd=tmp_path)

    assert ended.code == 2
    assert "is a folder" in ended.err


def test_a_place_where_results_cannot_go_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    ended = refused("local", "run", FILE, "--feed", FEED, "--out", "taken/results", cwd=tmp_path)

    assert ended.code == 2
    assert "taken is no folder" in ended.err
    assert "stack" not in ended.err


def test_results_never_overwrite_the_file_that_is_imported(tmp_path: Path) -> None:
    mine = tmp_path / "rejects.csv"
    mine.write_text(f"{HEADER}\n{FIRST_ROW}\n", encoding="utf-8")

    ended = refused("local", "run", mine, "--feed", FEED, "--out", tmp_path, cwd=tmp_path)

    assert ended.code == 2
    assert "would overwrite" in ended.err


@second_tier("a stack of its own; test_a_wrong_vendor_secret is the short form")
def test_wrong_credentials_fail_the_import_and_say_what_to_correct(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    requests_before = len(asked(sandbox, "imports")["imports"])

    ended = prefdrop(
        "local", "run", FILE, "--feed", FEED, "--out", "out", "--json",
        *vendor_options(sandbox, secret="not-the-secret"), cwd=tmp_path,
    )  # fmt: skip

    report = printed_by("local run", ended.out)
    assert ended.code == 5
    assert report["status"] == "Failed"
    assert report["error"]["message"]
    assert report["error"]["hint"]
    assert "not-the-secret" not in ended.out + ended.err
    assert len(asked(sandbox, "imports")["imports"]) == requests_before


def test_an_unreachable_vendor_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]

    ended = prefdrop(
        "local", "run", FILE, "--feed", FEED, "--vendor-url", f"http://127.0.0.1:{port}/",
        "--client-id", "DEMO_CLIENT", "--user-id", "demo.api.user", "--secret", "s",
        cwd=tmp_path,
    )  # fmt: skip

    assert ended.code == 5
    assert f"127.0.0.1:{port}" in ended.err
    assert "cannot be reached" in ended.err
    assert list(tmp_path.iterdir()) == []


# --- a stack that stays up ----------------------------------------------------------------------


class Up(NamedTuple):
    """A stack that stays up, and a folder with files to drop."""

    places: dict[str, Any]
    folder: Path

    def prefdrop(self, *words: object) -> Ended:
        """Run a command against the stack."""
        return prefdrop(*words, "--endpoint", self.places["endpoint"], cwd=self.folder)

    def client(self, service: str) -> Any:
        """A boto3 client of the stack."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.places["endpoint"],
            region_name=self.places["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def up(example: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`prefdrop local up`, ended with Ctrl-C."""
    folder = tmp_path_factory.mktemp("up")
    contacts = example.contacts()
    good = [contact for contact in contacts if not contact.fault][:2]
    wrong = [contact for contact in contacts if contact.fault == "no crm id"][:1]
    (folder / "good.csv").write_bytes(example.as_csv(good))
    (folder / "mixed.csv").write_bytes(example.as_csv(good + wrong))
    strict = GOOD_FEED.replace('"abort"', '"hold"').replace(
        "rejected_percent = 5", "rejected_percent = 1"
    )
    (folder / "strict.toml").write_text(strict, encoding="utf-8")
    running = subprocess.Popen(
        [
            str(PREFDROP),
            "local",
            "up",
            "--json",
            "--feed",
            str(FEED),
            "--feed",
            "strict.toml",
            "--allow-host",
            "stack.example.test",
        ],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    yield Up(printed_by("local up", running.stdout.readline()), folder)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert "Traceback" not in told


def test_a_stack_that_is_up_tells_where_everything_is(up: Up) -> None:
    assert {"endpoint", "bucket", "webhook_url", "vendor_url"} <= up.places.keys()


@pytest.mark.parametrize("place", ["endpoint", "webhook_url", "vendor_url"])
def test_allowed_host_reaches_each_server_of_local_up(up: Up, place: str) -> None:
    parts = urlsplit(up.places[place])
    statuses = []
    for host in ("stack.example.test", "other.example.test"):
        line = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        line.request("GET", parts.path or "/", headers={"Host": host})
        statuses.append(line.getresponse().status)
        line.close()

    assert (statuses[0] != 403, statuses[1]) == (True, 403)


@second_tier("a whole import over `local up`; the Workbench's tests do the same on their stacks")
def test_a_file_is_dropped_and_watched_to_its_end(up: Up) -> None:
    dropped = up.prefdrop("drop", "good.csv", "--feed", "crm-contacts", "--watch", "--json")

    report = json.loads(dropped.out)
    listed = json.loads(up.prefdrop("imports", "list", "--json").out)
    assert (dropped.code, report["status"], report["processed"]) == (0, "Completed", 2)
    assert report["import_id"] in {item["import_id"] for item in listed}
    assert json.loads(up.prefdrop("quota", "--json").out)["used"] >= 1


@second_tier("a whole import over `local up`; the Workbench's tests do the same on their stacks")
def test_what_an_import_changes_comes_back_as_events(up: Up) -> None:
    stacks = up.client("cloudformation").describe_stacks(StackName="prefdrop")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}

    up.prefdrop("drop", "good.csv", "--feed", "crm-contacts", "--watch")

    kept = wait_for_events(up, outputs["AuditTableName"], "profile.created", count=2)

    assert len({event["profile_id"]["S"] for event in kept}) == 2
    assert up.places["webhook_url"].startswith(outputs["WebhookUrl"])
    assert len(up.places["webhook_url"]) > len(outputs["WebhookUrl"]) + 40


def wait_for_events(up: Up, table: str, event_type: str, *, count: int) -> list[dict[str, Any]]:
    """The kept events of a type, once there are so many."""

    def enough() -> list[dict[str, Any]]:
        items = up.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
        found = [item for item in items if item["event_type"]["S"] == event_type]
        return found if len(found) >= count else []

    return poll(enough)


@second_tier("what test_gates and test_mistakes prove, through the command and `local up`")
def test_a_held_import_goes_on_when_it_is_approved_and_its_rejects_can_be_fetched(up: Up) -> None:
    held = up.prefdrop("drop", "mixed.csv", "--feed", "strict", "--watch")
    listed = json.loads(up.prefdrop("imports", "list", "--status", "held", "--json").out)

    import_id = listed[0]["import_id"]
    approved = up.prefdrop("imports", "approve", import_id, "--watch", "--json")

    assert held.code == 4
    assert f"imports approve {import_id}" in held.out
    assert "max_rejected_percent" in held.out
    report = json.loads(approved.out)
    assert (approved.code, report["status"], report["processed"]) == (3, "CompletedWithRejects", 2)
    assert up.prefdrop("imports", "rejects", import_id, "-o", "mine.csv").code == 0
    assert (up.folder / "mine.csv").read_text(encoding="utf-8").count("MatchKeyMissing") == 1


@second_tier("what test_gates and test_mistakes prove, through the command and `local up`")
def test_a_held_import_ends_when_it_is_cancelled(up: Up) -> None:
    up.prefdrop("drop", "mixed.csv", "--feed", "strict", "--watch")
    [held] = json.loads(up.prefdrop("imports", "list", "--status", "held", "--json").out)

    cancelled = up.prefdrop("imports", "cancel", held["import_id"], "--watch", "--json")
    again = up.prefdrop("imports", "cancel", held["import_id"])

    report = json.loads(cancelled.out)
    assert (cancelled.code, report["status"], report["processed"]) == (4, "Aborted", 0)
    assert again.code == 2
    assert "is Aborted, not Held" in again.err


@second_tier("what test_gates and test_mistakes prove, through the command and `local up`")
def test_an_import_that_failed_for_its_missing_feed_is_retried_once_the_feed_is_there(
    up: Up,
) -> None:
    s3 = up.client("s3")
    key = "inbox/late/good.csv"
    body = (up.folder / "good.csv").read_bytes()
    version = s3.put_object(Bucket=up.places["bucket"], Key=key, Body=body)["VersionId"]
    import_id = Drop(up.places["bucket"], key, version, len(body), "", "").import_id

    wait_until_listed(up, import_id)
    failed = up.prefdrop("imports", "watch", import_id)
    (up.folder / "late.toml").write_text(GOOD_FEED, encoding="utf-8")
    up.prefdrop("feeds", "push", "late.toml")
    retried = up.prefdrop("imports", "retry", import_id, "--watch", "--json")

    assert failed.code == 5
    assert "no feed 'late'" in failed.out
    assert "prefdrop feeds push" in failed.out
    report = json.loads(retried.out)
    assert (retried.code, report["status"], report["processed"]) == (0, "Completed", 2)


def wait_until_listed(up: Up, import_id: str) -> None:
    """Ask again and again until the drop has become an import."""

    def is_listed() -> bool:
        listed = json.loads(up.prefdrop("imports", "list", "--json").out)
        return import_id in {item["import_id"] for item in listed}

    poll(is_listed)


def test_a_command_without_a_running_stack_says_how_to_get_one(tmp_path: Path) -> None:
    ended = prefdrop("imports", "list", "--endpoint", "http://127.0.0.1:9", cwd=tmp_path)

    assert ended.code == 5
    assert "prefdrop local up" in ended.err


def test_stages_of_the_example_are_counted_as_the_generator_says(
    run: Run, example: ModuleType
) -> None:
    stages = Counter(contact.stage for contact in example.contacts())
    stale = sum(contact.fault == "a stale second row" for contact in example.contacts())

    report = run.report
    assert report["rejected_local"] == stages["local"]
    assert report["rejected_validation"] == stages["validation"]
    assert report["rejected_execution"] == stages["execution"]
    assert report["not_honored"] == stale
