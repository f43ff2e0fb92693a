"""Exports of what changed since a moment, which is rounded up to a boundary of SQL datetimes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.sandbox.bulk_export.exporter import Exporter
from tests.integration.sandbox.caller import Json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BOUNDARY_ABOVE = {0: 3, 1: 3, 2: 3, 3: 7, 4: 7, 5: 7, 6: 7, 7: 10, 8: 10, 9: 10}
"""Last digit of the milliseconds → what it becomes, as the vendor lists it."""


def text(moment: int) -> str:
    """Milliseconds since 1970 as ISO 8601."""
    stamp = EPOCH + timedelta(milliseconds=moment)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03}Z"


def one_change_each_millisecond(exporter: Exporter, milliseconds: int) -> dict[int, int]:
    """A profile for each of so many milliseconds: id → moment."""
    exporter.vendor.stop_clock()
    for _ in range(milliseconds):
        exporter.seed(1)
        exporter.vendor.advance(seconds=0.001)
    changes = exporter.changes()
    moments = sorted(changes.values())
    assert moments == list(range(moments[0], moments[0] + milliseconds))
    return changes


@pytest.mark.parametrize("reading", ["inclusive", "exclusive"])
def test_the_lower_bound_is_the_next_boundary_at_every_millisecond(
    exporter: Exporter, reading: str
) -> None:
    changes = one_change_each_millisecond(exporter, 25)
    exporter.vendor.switch(export_since=reading)

    for asked in sorted(changes.values())[:-5]:
        boundary = asked - asked % 10 + BOUNDARY_ABOVE[asked % 10] + (reading == "exclusive")
        due = [number for number, at in changes.items() if at >= boundary]
        assert exporter.ids(LastDateTime=text(asked)) == due, asked % 10


def test_finer_digits_than_milliseconds_are_cut_off(exporter: Exporter) -> None:
    changes = one_change_each_millisecond(exporter, 15)
    asked = next(at for at in sorted(changes.values()) if at % 10 == 2)

    finer = text(asked).replace("Z", "9999Z")

    assert exporter.ids(LastDateTime=finer) == exporter.ids(LastDateTime=text(asked))


def test_without_a_zone_the_moment_is_us_eastern(exporter: Exporter) -> None:
    exporter.vendor.stop_clock()
    exporter.seed(1)
    [changed] = exporter.changes().values()
    utc = EPOCH + timedelta(milliseconds=changed)
    local = utc.astimezone(ZoneInfo("America/New_York")).replace(tzinfo=None)

    assert len(exporter.ids(LastDateTime=(local - timedelta(seconds=10)).isoformat())) == 1
    assert exporter.ids(LastDateTime=(local + timedelta(seconds=10)).isoformat()) == []


def test_an_import_that_goes_on_is_exported_by_when_each_profile_was_written(
    exporter: Exporter, contact: Any
) -> None:
    """All profiles of an import have its start as their date, also those written much later."""
    vendor = exporter.vendor
    vendor.switch(records_per_second=1)
    vendor.stop_clock()
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"), contact("C-2"))
    vendor.execute(token)
    vendor.advance(seconds=1)
    first = exporter.ids()
    watermark = max(exporter.changes().values())

    vendor.advance(seconds=1)

    assert len(first) == 1
    [late] = exporter.export(LastDateTime=text(watermark + 1))
    assert late["ProfileId"] not in first
    assert late["LastModifiedDate"] < text(watermark)


def test_a_changed_profile_is_exported_again_and_a_deleted_one_is_not(
    exporter: Exporter, contact: Any
) -> None:
    vendor = exporter.vendor
    vendor.stop_clock()
    vendor.run(contact("C-1"), contact("C-2"), contact("C-3"))
    before = max(exporter.changes().values())
    vendor.advance(seconds=1)
    vendor.run(contact("C-2", CustomerName={"FirstName": "Ana"}))
    vendor.run(contact("C-3"), ImportAction="Delete")

    changed: list[Json] = exporter.export(LastDateTime=text(before + 5))

    assert [record["CustomerName"] for record in changed] == [{"FirstName": "Ana"}]


def test_since_that_is_no_date_is_refused(subtests: pytest.Subtests, exporter: Exporter) -> None:
    for wrong in ["yesterday", "", "2026-13-01", 1795000000, True, ["2026-01-01"]]:
        with subtests.test(wrong=wrong):
            answer = exporter.try_initiate(LastDateTime=wrong)

            assert answer.status_code == 400
            assert "LastDateTime" in answer.json()["Message"]


def test_null_means_no_lower_bound(exporter: Exporter) -> None:
    seeded = exporter.seed(3)

    assert exporter.ids(LastDateTime=None) == seeded
