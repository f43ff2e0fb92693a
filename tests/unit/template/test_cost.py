"""The bills of `docs/cost.md` are reckoned from what the code and the template say."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from prefdrop.auditing.keeping import audited, by
from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed
from prefdrop.ledger.audit import _item
from prefdrop.mypreferences.events import parse_event
from prefdrop.settings import Settings
from tools import cost, prices
from tools.dynamodb_units import item_bytes, write_units
from tools.prices import Price
from tools.translation import Template

PRICES = {name: value for name, value in vars(prices).items() if isinstance(value, Price)}


@pytest.fixture(scope="module")
def page() -> str:
    return (cost.TEMPLATE.parent / "docs/cost.md").read_text("utf-8")


def test_bill_of_the_page_is_as_make_cost_prints_it(subtests, page):
    for title, lines in cost.bills().items():
        with subtests.test(title):
            assert cost.table(title, lines) in page, "run: make cost"


def test_the_page_says_of_when_the_prices_are_and_lists_each_with_where_it_was_read(page):
    assert prices.READ_ON in page
    for price in PRICES.values():
        source = f"[page]({price.page})" if price.page else "not looked up"

        assert f"| {price.unit} | {price.dollars:g} for {price.per:,} | {source} |" in page


def test_the_page_says_what_was_assumed_and_what_was_measured(page):
    for name, value in {**cost.ASSUMED._asdict(), **cost.MEASURED._asdict()}.items():
        assert f"| `{name}` | {value:g} |" in page


def test_the_records_are_as_long_as_those_of_the_example(root):
    example = root / "feeds/crm-contacts"
    feed = load_feed(example.with_suffix(".toml").read_bytes(), file="crm-contacts.toml")
    content = example.with_suffix(".csv").read_bytes()
    source = Source(
        feed, lambda offset: io.BytesIO(content[offset:]), size=len(content), file="contacts.csv"
    )
    most = Settings.__struct_defaults__[_defaulted().index("chunk_bytes")]
    limits = ChunkLimits(bytes=most, records=1_000_000, rejects=10_000)

    chunks = list(source.chunks(Cursor(0, 0), limits, now=datetime(2026, 1, 15, tzinfo=UTC)))

    length = sum(len(c.body) for c in chunks) / sum(c.records for c in chunks)
    assert length == pytest.approx(cost.MEASURED.record_bytes, rel=0.01)
    assert most / length == pytest.approx(cost.MEASURED.chunk_records, rel=0.01)


def _defaulted() -> list[str]:
    fields = Settings.__struct_fields__
    return list(fields[len(fields) - len(Settings.__struct_defaults__) :])


def test_an_event_is_written_with_the_units_that_are_reckoned(root):
    delivery = json.loads((root / "events/receive_webhook.json").read_text("utf-8"))
    event = parse_event(delivery["body"].encode(), position=None)
    one_kilobyte = {"raw": {"S": "x" * 1_000}}

    item = _item(audited(event, by("webhook"), 2_555)) | one_kilobyte
    indexed = {name: value for name, value in item.items() if name not in ("raw", "facts", "rest")}

    assert item_bytes(item) <= cost.EVENT_BYTES
    assert item_bytes(indexed) <= cost.INDEXED_BYTES
    writes = write_units(item_bytes(item)) + 2 * write_units(item_bytes(indexed))
    assert writes == cost.EVENT_WRITE_UNITS


def test_schedules_are_taken_from_the_template(template: Template):
    rates = cost.scheduled(template)

    assert rates["SweepTurnsFunction"] == 60
    assert rates["BackfillEventsFunction"] == pytest.approx(1 / 6)
    assert len(rates) == sum(
        event["Type"] == "Schedule"
        for resource in template["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
    )


def test_the_status_is_asked_for_as_often_as_the_settings_say(template: Template):
    parameters = template["Parameters"]
    first = parameters["PollFirstSeconds"]["Default"]
    most = parameters["PollMaxSeconds"]["Default"]

    waits = list(cost.poll_waits(600))

    assert waits[0] == first
    assert max(waits) == most
    assert sum(waits) >= 600 > sum(waits[:-1])
