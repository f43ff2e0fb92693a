"""An import's figures are sums over the parts that count, and they must add up."""

from __future__ import annotations

import msgspec
import pytest

from prefdrop.importing.totals import Totals, count_requests, show_progress, total
from prefdrop.ledger.parts import Part
from tests.unit.importing.one_import import IMPORT, START, OneImport

FIGURES = {
    "rows": 1,
    "restaged": 2,
    "rejected_local": 4,
    "staged": 8,
    "validation_ok": 16,
    "rejected_validation": 32,
    "processed": 64,
    "pending": 128,
    "rejected_execution": 256,
    "not_honored": 512,
    "stage_requests": 1024,
}
RENAMED = {"rows": "rows_read", "stage_requests": "chunks"}
SUMS = {RENAMED.get(name, name): value for name, value in FIGURES.items()}


def part(number: int, state: str, **members: object) -> Part:
    return Part(number=number, state=state, start=START, end=START, **members)


def test_totals_add_up_the_parts_that_count():
    parts = [
        part(1, "torn", **FIGURES),
        part(2, "finished", **FIGURES),
        part(3, "dead", **FIGURES),
        part(4, "staging", **FIGURES),
    ]

    assert msgspec.to_builtins(total(parts)) == {name: 2 * value for name, value in SUMS.items()}


def test_totals_of_no_part_are_nothing():
    assert set(msgspec.to_builtins(total([])).values()) == {0}
    assert set(msgspec.to_builtins(Totals()).values()) == {0}


def test_rejects_of_all_stages_less_corrections_are_left_out():
    assert Totals(**SUMS).rejected == 4 + 32 + 256
    assert Totals(**SUMS).left_out == 4 + 32 + 256 - 2


GOOD = Totals(
    rows_read=100,
    restaged=10,
    rejected_local=20,
    staged=90,
    validation_ok=80,
    rejected_validation=10,
    processed=40,
    rejected_execution=20,
    not_honored=15,
    pending=5,
)


def test_totals_that_account_for_every_row_add_up():
    assert GOOD.add_up()


@pytest.mark.parametrize("name", [n for n in Totals.__struct_fields__ if n != "chunks"])
@pytest.mark.parametrize("off", [-1, 1])
def test_totals_with_one_row_too_many_or_few_do_not_add_up(name: str, off: int):
    wrong = msgspec.structs.replace(GOOD, **{name: getattr(GOOD, name) + off})

    assert not wrong.add_up()


def test_progress_takes_the_part_as_it_is_now(one: OneImport):
    one.begin(state="finished", **FIGURES)
    one.begin(rows=500)
    one.vendor.counted = 3
    now = msgspec.structs.replace(one.part, end={"offset": 77, "row": 9}, **FIGURES)

    show_progress(one.services, one.record, "Executing", now)

    record = one.record
    assert (record.status, record.parts, record.read_bytes) == ("Executing", 2, 77)
    shown = {name: getattr(record, name) for name in SUMS if name != "validation_ok"}
    assert shown == {name: 2 * SUMS[name] for name in shown}
    assert record.vendor_requests == 3


def test_progress_of_a_part_without_an_offset_reads_nothing(one: OneImport):
    part = one.begin(end={"row": 3})

    show_progress(one.services, one.record, "Staging", part)

    assert one.record.read_bytes == 0


def test_progress_of_an_ended_import_changes_its_requests_alone(one: OneImport):
    part = one.begin(rows=4)
    one.services.imports.update(one.record, status="Aborted", vendor_requests=2)
    one.vendor.counted = 5

    show_progress(one.services, one.record, "Staging", part)

    assert (one.record.status, one.record.rows_read, one.record.vendor_requests) == (
        "Aborted",
        0,
        7,
    )


def test_requests_are_counted_once(one: OneImport):
    one.vendor.counted = 4

    count_requests(one.services, IMPORT)
    count_requests(one.services, IMPORT)

    assert one.record.vendor_requests == 4


def test_step_that_never_needed_the_vendor_counts_nothing(one: OneImport):
    part = one.begin()
    del one.services.__dict__["vendor"]

    show_progress(one.services, one.record, "Staging", part)
    count_requests(one.services, IMPORT)

    assert one.record.vendor_requests == 0
    assert not one.services.vendor_is_known
