"""Every command over a stack in which strangers have named whatever they could.

What is printed acts on no terminal and forges no line, and `--json` holds the names as they are.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import msgspec
import pytest

import prefdrop
import prefdrop_cli
from prefdrop.configuring.snapshot import Snapshot
from prefdrop.configuring.store import KEY
from prefdrop.errors import Terminal
from prefdrop.importing.report_page import render
from prefdrop.ledger.audit import AuditedEvent
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.event_exceptions import EventException
from prefdrop.ledger.exports import ExportRun, ExportStore
from prefdrop.ledger.imports import Failure, Import, Status
from prefdrop.ledger.parts import Part
from prefdrop.mypreferences.subscriptions_models import Subscription
from prefdrop_cli.commands import configuration, events, subscriptions
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.results import from_ledger
from prefdrop_cli.shapes.commands import COMMANDS
from prefdrop_cli.story.standing import ENDED, REMEDIES, filled
from tests.command import typed
from tests.emulated_aws import emulated_aws, make_tables
from tests.unit.auditing.receiver import create_audit_table
from tests.unit.cli.conftest import STATE_MACHINE, TEMPLATE

NAME = "a'b\x1b[2J\x9b1m\x07$(x)\t\u202egpj.\u2066[bold]c[]`d`"
"""What a file and an object of the bucket can be called."""
HOSTILE = f"{NAME}/\r\nimp-forged  people  Completed\n# forged"
PLACE = {"offset": 0, "row": 0}
RUN = "20260115T073000.000Z"
FEED = """[import]
name = "crm"
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
"""
SUBSCRIPTIONS = '[[subscription]]\nname = "audit"\nurl = "stack"\nevents = ["consent.updated"]\n'
DEFINITION = '[export]\nsegment = "people"\n[output]\nformat = "jsonl"\n'
WALKED: dict[str, tuple[str, ...]] = {
    "imports list": ("imports list", "imports list --open", "imports list --status {hostile}"),
    "imports show": ("imports show imp-1", "imports show imp-3", "imports show {hostile}"),
    "imports watch": ("imports watch imp-1", "imports watch {hostile}"),
    "imports rejects": ("imports rejects imp-1", "imports rejects imp-2 -o {out}/{name}.csv"),
    "imports approve": ("imports approve imp-1", "imports approve imp-3 --with {data}"),
    "imports cancel": ("imports cancel imp-1", "imports cancel {hostile}"),
    "imports retry": ("imports retry imp-9", "imports retry {hostile}"),
    "drop": ("drop {data} --feed crm", "drop {data} --feed {hostile}", "drop {hostile} --feed crm"),
    "feeds infer": ("feeds infer {data}", "feeds infer {data} -o {out}/crm.toml"),
    "feeds check": ("feeds check {feed} {data}", "feeds check {feed} {rows}", "feeds check {bad}"),
    "feeds push": ("feeds push {feed}", "feeds push {bad}"),
    "feeds list": ("feeds list",),
    "events list": ("events list", "events list --profile {hostile}", "events list --since {name}"),
    "events show": ("events show {hostile}", "events show {name}"),
    "events exceptions": ("events exceptions", "events exceptions --out {out}/{name}"),
    "events backfill": ("events backfill",),
    "exports list": ("exports list",),
    "exports push": ("exports push {export}", "exports push {bad}"),
    "exports run": ("exports run {hostile}",),
    "exports show": ("exports show people", f"exports show people {RUN}", "exports show {hostile}"),
    "subscriptions plan": ("subscriptions plan {subscriptions}", "subscriptions plan {bad}"),
    "subscriptions apply": ("subscriptions apply {subscriptions}",),
    "configuration pull": ("configuration pull",),
    "configuration show": ("configuration show", "configuration show --locale {hostile}"),
    "quota": ("quota", "quota {hostile}"),
    "doctor": ("doctor",),
}
ELSEWHERE = {
    "local run": "prints an import's summary as `imports show` does, and paths",
    "local up": "prints its own addresses",
    "local export": "prints a run as `exports show` does, and paths",
    "sandbox": "prints its own address",
    "console": "prints its own address; tests/browser looks at its pages",
}
"""Commands that start servers, and why what they print is walked here all the same."""


class Place(NamedTuple):
    """A stack and files, all named by strangers."""

    deployment: Deployment
    words: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch, emulated_aws():
        for name in ("PREFDROP_ENDPOINT", "PREFDROP_STACK", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        session = boto3.Session()  # making one, and its clients, takes a third of a second
        patch.setattr(session, "client", cache(session.client))
        patch.setattr(boto3, "Session", lambda *_: session)
        patch.setattr(subscriptions, "webhook_address", lambda _: "https://hooks.example.test/w/k")
        patch.setattr(subscriptions, "vendor_of", lambda _: _Vendor())
        patch.setattr(configuration, "invoke", lambda *_: _pulled())
        patch.setattr(events, "invoke", _failing)
        deployment = _stack()
        _fill(deployment)
        yield Place(deployment, _files(folder))


def _stack() -> Deployment:
    outputs = {
        **TEMPLATE["Outputs"],
        "AuditTableName": {"Value": "audit"},
        "ExceptionsTableName": {"Value": "exceptions"},
        "ExportStateMachineArn": {"Value": STATE_MACHINE},
    }
    boto3.client("cloudformation").create_stack(
        StackName="prefdrop", TemplateBody=json.dumps({**TEMPLATE, "Outputs": outputs})
    )
    create_audit_table()
    make_tables()
    found = connect("prefdrop", "")
    versioning: Any = {"Status": "Enabled"}
    found.s3.put_bucket_versioning(Bucket=found.bucket, VersioningConfiguration=versioning)
    return found


def _an_import(number: int, status: Status, **more: Any) -> Import:
    return Import(
        import_id=f"imp-{number}",
        feed=HOSTILE,
        status=status,
        bucket="b",
        key=f"inbox/{HOSTILE}/{HOSTILE}.csv",
        version_id="v1",
        execution_arn=STATE_MACHINE.replace("stateMachine", "execution") + f":e{number}",
        registered_at=f"2026-01-01T00:00:0{number}.000Z",
        dropped_at=f"2026-01-01T00:00:0{number}Z",
        **more,
    )


def _fill(stack: Deployment) -> None:
    failure = Failure(HOSTILE, HOSTILE, HOSTILE)
    ended = {"finished_at": iso_now()}
    stack.objects.write("rejects.csv", f"id,_reason\r\n1,{HOSTILE}\r\n".encode())
    rejects = {"rejects_key": "rejects.csv"}
    for one in (
        _an_import(1, "Failed", error=failure, **ended),
        _an_import(2, "Aborted", gate=HOSTILE, **ended, **rejects),
        _an_import(3, "Held", gate=HOSTILE, approval_token="t"),
        _an_import(4, "CompletedWithRejects", **ended),
    ):
        stack.imports.register(one)
    part: Any = Part(number=1, state="torn", start=PLACE, end=PLACE, given_up=HOSTILE)
    part = {**msgspec.to_builtins(part), "pk": "IMPORT#imp-1", "sk": "PART#0001"}
    boto3.resource("dynamodb").Table(stack.table.name).put_item(Item=part)
    event = AuditedEvent(
        event_id=HOSTILE,
        event_type=HOSTILE,
        profile_id=HOSTILE,
        at=iso_now(),
        received_at=iso_now(),
        source="webhook",
        raw=json.dumps({"EventId": HOSTILE, "Data": {HOSTILE: HOSTILE}, "PreviousData": {}}),
        conflicts=[iso_now()[:10]],
    )
    stack.audit.put_once(event)
    stack.event_exceptions.put_once(
        EventException(
            code="EventConflict",
            reason=HOSTILE,
            received_at=iso_now(),
            source="webhook",
            event_id=HOSTILE,
            body=HOSTILE.encode(),
        )
    )
    runs = ExportStore(stack.table, 1)
    run = ExportRun(
        export="people",
        run=RUN,
        started_at=iso_now(),
        status="Failed",
        attempt=1,
        why_full=HOSTILE,
        given_up=HOSTILE,
        inexpressible={HOSTILE: 1},
        examples={HOSTILE: 1},
        error=failure,
    )
    runs.begin(run)
    stack.objects.write("exports/people.toml", DEFINITION.encode())
    stack.objects.write(f"exports/{NAME}.toml", b"[what]")
    stack.objects.write(f"feeds/{NAME}.toml", b"[what]")
    stack.objects.write("feeds/crm.toml", FEED.encode())
    snapshot = Snapshot(
        client_id="DEMO_CLIENT",
        taken_at=datetime.now(UTC),
        locales=("es_US",),
        parts={"filters": ({"FilterId": HOSTILE, "ProgramId": HOSTILE},)},
        unread={HOSTILE: HOSTILE},
    )
    stack.objects.write(KEY, msgspec.json.encode(snapshot))


def _files(folder: Path) -> dict[str, str]:
    name = NAME.replace("/", "")
    cells = '"' + HOSTILE.replace('"', "") + '"'
    texts = {
        f"{name}.csv": f"{cells},id\n{cells},1\n",
        "rows.csv": f"id\n{cells}\n" + f"{cells}\n" * 2,
        "crm.toml": FEED,
        f"{name}.toml": f"{FEED}\n[{json.dumps(HOSTILE)}]\n",
        "subscriptions.toml": SUBSCRIPTIONS,
        "people.toml": DEFINITION,
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    (folder / "out").mkdir()
    named = ("data", "rows", "feed", "bad", "subscriptions", "export")
    files = {word: str(folder / file) for word, file in zip(named, texts, strict=True)}
    return {**files, "out": str(folder / "out"), "hostile": HOSTILE, "name": name}


class _Vendor:
    """An account whose subscriptions somebody has named."""

    def __enter__(self) -> SimpleNamespace:
        there = Subscription(
            id=HOSTILE, name=HOSTILE, state=HOSTILE, url="https://hooks.example.test/w/k"
        )
        done = dict.fromkeys(("create", "replace", "delete"), lambda *_: None)
        return SimpleNamespace(subscriptions=SimpleNamespace(list=lambda: [there], **done))

    def __exit__(self, *_: object) -> None:
        return


def _pulled() -> dict[str, Any]:
    return {
        "written": True,
        "version_id": HOSTILE,
        "taken_at": iso_now(),
        "locales": [HOSTILE],
        "parts": {HOSTILE: 1},
        "unread": {HOSTILE: HOSTILE},
    }


def _failing(*_: Any) -> None:
    raise Terminal(HOSTILE, hint=HOSTILE)


def _calls() -> list[tuple[str, str]]:
    return [(command, call) for command, calls in WALKED.items() for call in calls]


def test_commands_are_all_walked_or_start_a_server() -> None:
    assert WALKED.keys() | ELSEWHERE.keys() == COMMANDS.keys()


def test_no_command_prints_a_name_that_acts_or_forges_a_line(
    place: Place, subtests: pytest.Subtests
) -> None:
    told = []
    for _, call in _calls():
        with subtests.test(call=call):
            words = [word.format(**place.words) for word in call.split()]

            ended = typed(words)

            shown = ended.stdout + ended.stderr
            if call == "imports rejects imp-2":
                continue  # the file itself; tests/unit/cli/test_output.py walks it
            assert all(line.isprintable() for line in shown.split("\n")), repr(shown)
            assert not re.search(r"^(imp-forged|# forged)", shown, re.MULTILINE)
            told.append("imp-forged" in shown or "gpj" in shown)

    # Else the walk would prove nothing.
    assert sum(told) > 0.7 * len(told)


def test_every_command_gives_programs_the_names_as_they_are(
    place: Place, subtests: pytest.Subtests
) -> None:
    exact = 0
    for _, call in _calls():
        with subtests.test(call=call):
            words = [word.format(**place.words) for word in call.split()]

            ended = typed([*words, "--json"])

            (line,) = ended.stdout.splitlines() if ended.stdout else [""]
            assert line.isprintable()
            exact += HOSTILE in list(_texts(json.loads(line))) if line else 0
    assert exact > 10


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from (text for each in value.values() for text in _texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in _texts(each))


def test_report_page_shows_hostile_names_as_text(place: Place) -> None:
    evil = "<script>alert(1)</script>'\"&"
    record = msgspec.structs.replace(
        _an_import(1, "Failed", error=Failure(evil, evil, evil), finished_at=iso_now()),
        feed=evil,
        key=f"inbox/{evil}/{evil}",
    )

    page = render(from_ledger(place.deployment, record)).decode()

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


# --- commands to be typed -------------------------------------------------------------------------

SPACED = "CRM nightly & more (1)"


@pytest.mark.parametrize("words", [*REMEDIES.values(), *ENDED.values()])
def test_command_of_a_remedy_has_the_feed_as_one_word(words: str) -> None:
    record = msgspec.structs.replace(_an_import(1, "Failed"), feed=SPACED)
    old = _an_import(1, "Failed")

    for command in re.findall(r"`(prefdrop[^`]+)`", filled(words, record, "arn:x")):
        typed_words = shlex.split(command)
        if "--feed" in typed_words:
            assert typed_words[typed_words.index("--feed") + 1] == SPACED
    assert "forged" not in filled(words, old, "arn:x")


def test_every_name_in_a_command_is_quoted(subtests: pytest.Subtests) -> None:
    """In library and command, a value within a command is `quote(...)` or an import's id."""
    roots = (Path(prefdrop.__file__).parent, Path(prefdrop_cli.__file__).parent)
    found = 0
    for path in (file for root in roots for file in root.rglob("*.py")):
        for value in _in_commands(ast.parse(path.read_text(encoding="utf-8"))):
            with subtests.test(file=path.name, value=value):
                found += 1
                assert value.startswith("quote(") or value in IDS, value
    assert found > 15


IDS = (
    "import_id",
    "record.import_id",
    "found.import_id",
    "watched.import_id",
    "dropped.import_id",
    "around.holder",
    "report['import_id']",
    "key.rpartition('/')[2]",  # the rejects file's own name
    "gone",  # a count
    "rows",  # of the head of an inferred feed, a comment
)
"""Values that Prefdrop makes itself: an import's id is `imp-` and hexadecimal digits."""


def _in_commands(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        inside = False
        for piece in node.values:
            if isinstance(piece, ast.Constant):
                text = str(piece.value)
                begun = re.search(r"(?:`|: )?(prefdrop|aws) [a-z]+ ?[^`]*$", text)
                inside = bool(begun) or (inside and "`" not in text)
            elif inside and isinstance(piece, ast.FormattedValue):
                yield ast.unparse(piece.value)
