"""The figures of `docs/scale.md`, reckoned from the code, the state machines and the template."""

from __future__ import annotations

import re
from itertools import pairwise
from math import ceil, floor

import pytest

from prefdrop.auditing import backfill_windows
from prefdrop.exporting import attempts, patience
from prefdrop.feeds import key_index
from prefdrop.importing import check_status
from prefdrop.importing.step import MOST_ROUNDS
from prefdrop.ledger import audit, keys
from prefdrop.ledger.uploads import PART_BYTES
from tests.unit.template.scale_history import (
    DEFAULTS,
    EXPORT,
    EXPORT_LOOK,
    EXPORT_PAGES,
    EXPORT_WAITS,
    HISTORY,
    LOOPS,
    ONCE,
    RECORDS,
    ROOT,
    STATES,
    TEMPLATE,
    export_history,
    import_history,
    next_of,
    shortest_wait,
    slowest_import,
    stage_requests,
)
from tests.unit.template.scale_items import (
    UPLOAD_PARTS,
    chunk_item,
    import_item,
    largest_rejects,
    part_item,
    state_bytes,
    ticket_item,
)
from tools import cost
from tools.dynamodb_units import ITEM_LIMIT, write_units
from tools.state_machine import RETRIERS

# Limits of AWS: Step Functions, Lambda and DynamoDB developer guides, "quotas".
STATE_BYTES = 262_144
CAUSE_BYTES = 32_768
PARTITION_WRITES = 1_000
NEW_TABLE_WRITES = 4_000
CONCURRENCY = 1_000
FAILED_TRY = 3
"""Events of a try of a task that fails: scheduled, started, failed."""
RETRIES = sum(retrier["MaxAttempts"] for retrier in RETRIERS)
"""Of one step at most."""


def figures() -> dict[str, str]:
    history, exports = import_history(), export_history()
    rate = DEFAULTS["WebhookRate"]
    night = slowest_import(stage_requests(), DEFAULTS["PartSeconds"])
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
        "rounds of one execution of an import": MOST_ROUNDS,
        "most events of one execution of an import": (MOST_ROUNDS + 1) * history["poll"]
        + RETRIES * FAILED_TRY,
        "events of an import that waits a day for a vendor who is away": (
            history["once"] + history["poll"] * 24 * 3600 // (DEFAULTS["PollMaxSeconds"] * 10)
        ),
        "bytes of the state": state_bytes(),
        "stage requests of 10 million records": stage_requests(),
        "bytes of a chunk's item": chunk_item(),
        "bytes of a part's item": part_item(),
        "bytes of an import's item": import_item(),
        "bytes of a ticket": ticket_item(),
        "GB of rejects that a report can name": largest_rejects(),
        "GB that a multipart upload takes": UPLOAD_PARTS * PART_BYTES // 10**9,
        "rejects a second, over all suffixes": keys.EXCEPTION_SPREAD * PARTITION_WRITES,
        "events a second, over a day's suffixes": len(keys.SUFFIXES) * PARTITION_WRITES,
        "events a second that a new table takes": NEW_TABLE_WRITES // cost.EVENT_WRITE_UNITS,
        "minutes of staging, 10 million records, slowest requests": night["staging"],
        "minutes of executing them": night["executing"],
        "minutes of that import in all": night["minutes"],
        "invocations of StageChunks": night["calls"],
        "events of that import": night["events"],
        "events of one look at an export": exports["look"],
        "events of an export of 10 million records, waited for 12 hours": exports["night"],
        "events of three attempts, each waited for 12 hours": exports["every attempt a night"],
        "hours of waiting that one run has room for": exports["hours"],
        "smallest PollMaxSeconds for three times 12 hours": exports["least poll"],
        "waits that one run may make": patience.MOST_ROUNDS,
        "events of as many waits with a page between each two": exports["waits"],
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


FIGURES = figures()


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    page = (ROOT / "docs/scale.md").read_text("utf-8")
    return dict(re.findall(r"^\| ([^|]+) \| ([\d,]+) \|", page, re.M))


def test_figure_of_the_page_is_what_comes_out(subtests, rows):
    for name, figure in FIGURES.items():
        with subtests.test(name=name):
            assert rows[name] == figure


def test_the_page_says_no_number_that_is_not_reckoned(rows):
    assert rows.keys() == FIGURES.keys()


def test_the_way_that_is_counted_is_one_that_the_state_machine_can_take():
    for before, after in pairwise(ONCE):
        assert after in next_of(STATES[before]), before
    for states in LOOPS.values():
        for before, after in zip(states, [*states[1:], states[0]], strict=True):
            assert after in next_of(STATES[before]), before


def test_the_ways_of_an_export_that_are_counted_are_ways_of_its_state_machine():
    for states in (EXPORT_LOOK, EXPORT_PAGES, EXPORT_WAITS):
        for before, after in zip(states, [*states[1:], states[0]], strict=True):
            assert after in next_of(EXPORT[before]), before


def test_waits_of_a_run_fit_its_history():
    exports = export_history()
    away = patience.PATIENCE_HOURS * 3600 * attempts.ATTEMPTS
    ramp = [2 * n for n in range(1, patience.MOST_ROUNDS - patience.QUICK_ROUNDS)]

    assert exports["waits"] + exports["calls"] * attempts.ATTEMPTS * exports["look"] < HISTORY
    assert sum(min(patience.LONGEST_SECONDS, seconds) for seconds in ramp) > 2 * away


def test_an_export_that_is_waited_for_half_a_day_fits_the_history():
    assert export_history()["night"] < HISTORY


def test_the_longest_import_and_the_longest_export_fit_the_history_at_the_least_poll_allowed():
    """Whoever sets PollMaxSeconds to the least that the template takes is on the safe side, too."""
    least = TEMPLATE["Parameters"]["PollMaxSeconds"]["MinValue"]
    reckoned = max(import_history()["least poll"], export_history()["least poll"])

    assert least == reckoned <= DEFAULTS["PollMaxSeconds"]
    assert export_history()["every attempt a night"] < HISTORY
    assert import_history()["every part a night"] < HISTORY


def test_ten_million_records_fit_the_history_with_twelve_hours_of_polling():
    assert import_history()["night"] < HISTORY


def test_the_poll_s_jitter_is_the_one_that_is_reckoned_with(monkeypatch):
    waits = []
    monkeypatch.setattr(check_status.random, "uniform", lambda low, high: waits.append(low) or low)

    said = check_status._poll({"polls": 99}, _Polling())

    assert said["seconds"] == shortest_wait()


class _Polling:
    poll_first_seconds = DEFAULTS["PollFirstSeconds"]
    poll_max_seconds = DEFAULTS["PollMaxSeconds"]


def test_the_state_has_room_for_a_failure_s_longest_cause_in_every_place_it_is_kept():
    caught = {
        path
        for state in STATES.values()
        for path in [caught["ResultPath"] for caught in state.get("Catch", ())]
    }

    assert state_bytes() + len(caught) * CAUSE_BYTES < STATE_BYTES


def test_every_item_is_far_below_what_dynamodb_takes():
    assert max(chunk_item(), part_item(), import_item(), ticket_item()) < ITEM_LIMIT / 20
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
