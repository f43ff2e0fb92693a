"""The figures of `docs/scale.md`, reckoned from the code, the state machine and the template."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT
from prefdrop.auditing import backfill_windows
from prefdrop.exporting import attempts, check_export, retrieve_export, rolls
from prefdrop.exporting.definition import OutputPart
from prefdrop.feeds import key_index
from prefdrop.importing import check_status, collect_exceptions, initiate_part, stager
from prefdrop.importing.rejects_file import MOST_KINDS, Kind, Progress
from prefdrop.ledger import audit, keys
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop.ledger.table import marshal
from prefdrop.ledger.turns import Ticket
from prefdrop.ledger.uploads import PART_BYTES, Upload
from tools import cost
from tools.dynamodb_units import ITEM_LIMIT, item_bytes, write_units
from tools.translation import load

ROOT = Path(__file__).parents[3]

# Limits of AWS: Step Functions, Lambda, DynamoDB and S3 developer guides, "quotas".
HISTORY = 25_000
STATE_BYTES = 262_144
CAUSE_BYTES = 32_768
PARTITION_WRITES = 1_000
NEW_TABLE_WRITES = 4_000
LAMBDA_SECONDS = 900
CONCURRENCY = 1_000
UPLOAD_PARTS = 10_000
TASK_TOKEN = "t" * 1_024

EVENTS = {"Choice": 2, "Wait": 2, "Pass": 2, "Task": 5, "Token": 6, "Succeed": 2}
"""What a state adds to the history: it is entered and left, and a task is also scheduled, started
and ended, with a task token also submitted."""
ENDS = 2
"""The execution's own beginning and end."""
TOKEN_HOURS = 12
"""The longest life of a vendor's token that its documentation names."""

RECORDS = 10_000_000
LONGEST_KEY = "k" * 1_024
ARN = f"arn:aws:states:eu-central-1:123456789012:execution:prefdrop-import:{'e' * 80}"

TEMPLATE = load(ROOT / "template.yaml")
DEFAULTS = {name: p.get("Default") for name, p in TEMPLATE["Parameters"].items()}
STATES = json.loads((ROOT / "statemachine/import.asl.json").read_text("utf-8"))["States"]
EXPORT = json.loads((ROOT / "statemachine/export.asl.json").read_text("utf-8"))["States"]

ONCE = [
    "RegisterImport",
    "Registered",
    "BeginSteps",
    "TakeTurn",
    "InitiatePart",
    "PartInitiated",
    "StageChunks",
    "ChunksStaged",
    "CollectRefused",
    "RefusedCollected",
    "ApplyGates",
    "GatesApplied",
    "ExecutePart",
    "PartExecuted",
    "WaitForStatus",
    "CheckStatus",
    "StatusChecked",
    "CollectExceptions",
    "ExceptionsCollected",
    "PassTurn",
    "TurnPassed",
    "ReportImport",
    "Reported",
    "AnnounceImport",
    "Announced",
    "ImportCompleted",
]
"""The way of an import with rejects: each step once."""
LOOPS = {
    "poll": ["StatusChecked", "WaitForStatus", "CheckStatus"],
    "stage": ["ChunksStaged", "StageChunks"],
    "collect": ["ExceptionsCollected", "CollectExceptions"],
    "report": ["Reported", "ReportImport"],
    "quota": ["PartInitiated", "WaitForQuota", "InitiatePart"],
    "pass": ["TurnPassed", "WaitToPass", "PassTurn"],
}


def _events(states: list[str], machine: dict[str, Any] = STATES) -> int:
    kinds = [
        "Token" if machine[name].get("Resource", "").endswith("Token") else machine[name]["Type"]
        for name in states
    ]
    return sum(EVENTS[kind] for kind in kinds)


def _next_of(state: dict[str, Any]) -> set[str]:
    choices = {choice["Next"] for choice in state.get("Choices", ())}
    return choices | {state.get("Next", ""), state.get("Default", "")}


def _shortest_wait() -> float:
    """Of a poll that has grown to the longest: jitter takes a fifth off."""
    return ceil(DEFAULTS["PollMaxSeconds"] * 0.8)


def _chunks() -> int:
    return ceil(RECORDS / cost.MEASURED.chunk_records)


def _chunks_of_an_invocation(seconds: float) -> int:
    spare = DEFAULTS["RequestSeconds"] + stager.MARGIN_SECONDS
    return floor((LAMBDA_SECONDS - spare) / seconds) + 1


def _chunks_of_a_part() -> int:
    """At the slowest: each request takes as long as it may."""
    staging = DEFAULTS["PartSeconds"] * initiate_part.STAGING_SHARE
    return floor(staging / DEFAULTS["RequestSeconds"])


def _history() -> dict[str, int]:
    """Events of imports of ten million records."""
    quick = ceil(_chunks() / _chunks_of_an_invocation(cost.ASSUMED.upload_seconds))
    slow = ceil(_chunks() / _chunks_of_an_invocation(DEFAULTS["RequestSeconds"]))
    parts = ceil(_chunks() / _chunks_of_a_part())
    pages = RECORDS / 10 / EXCEPTIONS_PAGE_LIMIT
    reading = LAMBDA_SECONDS - collect_exceptions.MARGIN_SECONDS
    rounds = collect_exceptions.ROUNDS * ceil(pages * cost.ASSUMED.page_seconds / reading)
    once = ENDS + _events(ONCE)
    loop = {name: _events(states) for name, states in LOOPS.items()}
    night = floor(TOKEN_HOURS * 3600 / _shortest_wait()) * loop["poll"]
    expected = len(list(cost.poll_waits(10 * cost.ASSUMED.execute_seconds))) * loop["poll"]
    between = _events(ONCE[4:19])  # what each further part repeats
    return {
        "once": once,
        "expected": once + quick * loop["stage"] + expected + rounds * loop["collect"],
        "night": once + slow * loop["stage"] + night + rounds * loop["collect"],
        "parts": parts,
        "every part a night": once
        + slow * loop["stage"]
        + (parts - 1) * between
        + parts * (night + rounds * loop["collect"]),
        "poll": loop["poll"],
        "hours": floor((HISTORY - once) / loop["poll"] * _shortest_wait() / 3600),
        "least poll": ceil((TOKEN_HOURS * 3600) / ((HISTORY - once) / loop["poll"]) / 0.8),
    }


EXPORT_LOOK = ["NextStep", "AwaitExport", "CheckExport"]
EXPORT_PAGES = ["NextStep", "RetrieveExport"]


def _exports() -> dict[str, int]:
    """Events and calls of exports of ten million records."""
    look, more = _events(EXPORT_LOOK, EXPORT), _events(EXPORT_PAGES, EXPORT)
    pages = RECORDS // OutputPart().page_records
    reading = LAMBDA_SECONDS - retrieve_export.MARGIN_SECONDS
    calls = ceil(pages * cost.ASSUMED.page_seconds / reading)
    wait = _shortest_wait()
    night = floor(check_export.TOKEN_HOURS * 3600 / wait) * look
    whole = attempts.ATTEMPTS * check_export.TOKEN_HOURS
    return {
        "look": look,
        "night": night + calls * more,
        "every attempt a night": attempts.ATTEMPTS * (night + calls * more),
        "hours": floor(HISTORY / look * wait / 3600),
        "least poll": ceil(whole * 3600 / (HISTORY / look) / 0.8),
        "pages": pages,
        "calls": calls,
        "roll": RECORDS * rolls.ENTRY // 1_000_000,
    }


def _state_bytes() -> int:
    cursor = {"offset": RECORDS, "stretch": RECORDS, "round": collect_exceptions.ROUNDS}
    step = {
        "next": "collect",
        "resume_at": "2026-01-15T10:30:00.000Z",
        "seconds": 3600,
        "cursor": cursor,
    }
    held = {"import": {"import_id": "imp-6c1a6f1f83ff0d95", "next": "import"}, "step": step}
    return len(json.dumps(held | {"turn": {"import_id": "imp-6c1a6f1f83ff0d95"}}))


def _members(value: msgspec.Struct) -> dict[str, Any]:
    return {name: msgspec.to_builtins(getattr(value, name)) for name in value.__struct_fields__}


def _stored(value: msgspec.Struct, key: keys.Key) -> int:
    return item_bytes(marshal({**key._asdict(), **_members(value), "expires_at": 1 << 31}))


BIG = {"offset": 10**12, "row": RECORDS}


def _chunk_item() -> int:
    chunk = StagedChunk(
        number=_chunks(),
        state="settled",
        start=BIG,
        end=BIG,
        first_sequence=RECORDS,
        records=RECORDS,
        rows=RECORDS,
        rejected_local=RECORDS,
        bytes=DEFAULTS["ChunkBytes"],
        sha256="0" * 64,
        received_before=RECORDS,
        posted_at=10**13,
    )
    return _stored(chunk, keys.chunk("imp-6c1a6f1f83ff0d95", 1, _chunks()))


def _part_item() -> int:
    refused = {str(RECORDS - n): "400" for n in range(DEFAULTS["MaxPoisonRecords"])}
    part = Part(number=1, state="executing", start=BIG, end=BIG, refused=refused, token="9" * 12)
    return _stored(part, keys.part("imp-6c1a6f1f83ff0d95", 1))


def _import_item() -> int:
    record = Import(
        import_id="imp-6c1a6f1f83ff0d95",
        feed="crm-contacts",
        bucket="b" * 63,
        key=LONGEST_KEY,
        version_id="v" * 32,
        execution_arn=ARN,
        registered_at="2026-01-15T10:30:00.000Z",
        approval_token=TASK_TOKEN,
        report_key=LONGEST_KEY,
        rejects_key=LONGEST_KEY,
    )
    return _stored(record, keys.meta("imp-6c1a6f1f83ff0d95"))


def _ticket_item() -> int:
    ticket = Ticket(
        execution=ARN,
        import_id="imp-6c1a6f1f83ff0d95",
        token=TASK_TOKEN,
        dropped_at="2026-01-15T10:30:00Z",
        sequencer="0" * 16,
        taken_at=10**13,
    )
    return _stored(ticket, keys.ticket("DEMO_CLIENT", ARN))


def _note_bytes(uploaded: int) -> int:
    """Of the note by which a report goes on, once so many parts of its rejects are uploaded."""
    kinds = [Kind("validation", "c" * 40, RECORDS, RECORDS) for _ in range(MOST_KINDS)]
    tags = [f'"{"0" * 32}"'] * uploaded
    upload = Upload(key=LONGEST_KEY, content_type="text/csv", upload_id="u" * 128, tags=tags)
    progress = Progress(attempt=1, held=False, upload=upload, kinds=kinds)
    return len(msgspec.json.encode(progress))


def _largest_rejects() -> int:
    """Of a rejects file, in GB: the parts that the note can name."""
    each = (_note_bytes(1_000) - _note_bytes(0)) / 1_000
    return floor((ITEM_LIMIT - _note_bytes(0) - 1_000) / each) * PART_BYTES // 10**9


def _figures() -> dict[str, str]:
    history, exports = _history(), _exports()
    rate = DEFAULTS["WebhookRate"]
    event = cost.EVENT_BYTES + 2 * cost.INDEXED_BYTES
    numbers = {
        "events of an import without loops": history["once"],
        "events of one look at the status": history["poll"],
        "events, 10 million records as expected": history["expected"],
        "events, 10 million records, slowest requests, 12 hours of polling": history["night"],
        "parts of 10 million records, slowest requests": history["parts"],
        "events of that, with 12 hours of polling for each part": history["every part a night"],
        "hours of polling that one execution has room for": history["hours"],
        "smallest PollMaxSeconds for 12 hours": history["least poll"],
        "bytes of the state": _state_bytes(),
        "stage requests of 10 million records": _chunks(),
        "bytes of a chunk's item": _chunk_item(),
        "bytes of a part's item": _part_item(),
        "bytes of an import's item": _import_item(),
        "bytes of a ticket": _ticket_item(),
        "GB of rejects that a report can name": _largest_rejects(),
        "GB that a multipart upload takes": UPLOAD_PARTS * PART_BYTES // 10**9,
        "rejects a second, over all suffixes": keys.EXCEPTION_SPREAD * PARTITION_WRITES,
        "events a second, over a day's suffixes": len(keys.SUFFIXES) * PARTITION_WRITES,
        "events a second that a new table takes": NEW_TABLE_WRITES // cost.EVENT_WRITE_UNITS,
        "events of one look at an export": exports["look"],
        "events of an export of 10 million records, waited for 12 hours": exports["night"],
        "events of three attempts, each waited for 12 hours": exports["every attempt a night"],
        "hours of waiting that one run has room for": exports["hours"],
        "smallest PollMaxSeconds for three times 12 hours": exports["least poll"],
        "pages of 10 million records": exports["pages"],
        "invocations that read them": exports["calls"],
        "MB of their roll": exports["roll"],
        "events a day at WebhookRate": rate * 86_400,
        "instances of the webhook at WebhookRate": ceil(rate * cost.ASSUMED.webhook_seconds),
        "hours for 10 million events at WebhookRate": round(RECORDS / rate / 3600),
        "events that WebhookRate takes in before the vendor forgets one": floor(
            rate * backfill_windows.HORIZON.total_seconds()
        ),
        "GB of a year of a million events a month": 12 * event * 1_000_000 // 10**9,
        "GB of AuditDays of a million events a month": floor(
            DEFAULTS["AuditDays"] / 30 * event * 1_000_000 / 10**9
        ),
        "seconds between imports at QuotaLimit": 86_400 // DEFAULTS["QuotaLimit"],
        "records a day at QuotaLimit": DEFAULTS["QuotaLimit"] * DEFAULTS["PartRecords"],
        "imports that may wait for a year": DEFAULTS["QuotaLimit"] * 365,
        "seconds to count 10 million records before a destructive import": round(
            RECORDS / cost.MEASURED.rows_per_second / cost.ASSUMED.lambda_share
        ),
        "records that `duplicates` takes": key_index.MAX_KEYS,
    }
    return {name: f"{number:,}" for name, number in numbers.items()}


FIGURES = _figures()


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    page = (ROOT / "docs/scale.md").read_text("utf-8")
    return dict(re.findall(r"^\| ([^|]+) \| ([\d,]+) \|", page, re.M))


@pytest.mark.parametrize("name", FIGURES)
def test_the_page_says_what_comes_out(rows, name):
    assert rows[name] == FIGURES[name]


def test_the_page_says_no_number_that_is_not_reckoned(rows):
    assert rows.keys() == FIGURES.keys()


def test_the_way_that_is_counted_is_one_that_the_state_machine_can_take():
    for before, after in pairwise(ONCE):
        assert after in _next_of(STATES[before]), before
    for states in LOOPS.values():
        for before, after in zip(states, [*states[1:], states[0]], strict=True):
            assert after in _next_of(STATES[before]), before


def test_the_ways_of_an_export_that_are_counted_are_ways_of_its_state_machine():
    for states in (EXPORT_LOOK, EXPORT_PAGES):
        for before, after in zip(states, [*states[1:], states[0]], strict=True):
            assert after in _next_of(EXPORT[before]), before


def test_an_export_that_is_waited_for_half_a_day_fits_the_history():
    assert _exports()["night"] < HISTORY


def test_ten_million_records_fit_the_history_with_twelve_hours_of_polling():
    assert _history()["night"] < HISTORY


def test_the_poll_s_jitter_is_the_one_that_is_reckoned_with(monkeypatch):
    waits = []
    monkeypatch.setattr(check_status.random, "uniform", lambda low, high: waits.append(low) or low)

    said = check_status._poll({"polls": 99}, _Polling())

    assert said["seconds"] == _shortest_wait()


class _Polling:
    poll_first_seconds = DEFAULTS["PollFirstSeconds"]
    poll_max_seconds = DEFAULTS["PollMaxSeconds"]


def test_the_state_has_room_for_a_failure_s_longest_cause_in_every_place_it_is_kept():
    caught = {
        path
        for state in STATES.values()
        for path in [caught["ResultPath"] for caught in state.get("Catch", ())]
    }

    assert _state_bytes() + len(caught) * CAUSE_BYTES < STATE_BYTES


def test_every_item_is_far_below_what_dynamodb_takes():
    assert max(_chunk_item(), _part_item(), _import_item(), _ticket_item()) < ITEM_LIMIT / 20
    assert audit.INLINE_BYTES + 2 * cost.EVENT_BYTES < 300_000 < ITEM_LIMIT


def test_one_partition_takes_what_an_import_and_the_webhook_write():
    build = cost.MEASURED.chunk_records / cost.MEASURED.rows_per_second
    units = DEFAULTS["WebhookRate"] / len(keys.SUFFIXES) * write_units(cost.INDEXED_BYTES)

    assert cost.CHUNK.write_units / build < PARTITION_WRITES / 10
    assert units < PARTITION_WRITES / 10


def test_the_webhook_leaves_the_account_s_functions_room():
    assert DEFAULTS["WebhookRate"] * cost.ASSUMED.webhook_seconds < CONCURRENCY / 10


def test_the_index_of_keys_fits_the_disk_of_a_function():
    places = key_index.MAX_KEYS * (key_index.ENTRY_BYTES + key_index.PLACE_BYTES)

    assert places <= 512 << 20
