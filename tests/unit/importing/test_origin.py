"""A rejects file names the import it came from in each reason, and nowhere else."""

from __future__ import annotations

import io
import json

import msgspec
import pytest

from prefdrop.feeds import Source, load_feed
from prefdrop.importing.origin import origin_of, signed
from prefdrop.ledger.order import Dropped
from tests.unit.importing.one_import import OneImport
from tests.workbench import FEED

MONDAY, TUESDAY, OTHER = (f"imp-{digit * 16}" for digit in "123")
HEADER = "id,first,email,news,_row,_stage,_code,_reason\n"


def line(import_id: str, row: int = 1) -> str:
    return f'C-{row},Ana,p@example.test,Y,{row},local,C,"{signed("Wrong, as is.", import_id)}"\n'


def json_line(import_id: str) -> str:
    why = {"_row": 1, "_stage": "local", "_code": "C", "_reason": signed("Wrong.", import_id)}
    return json.dumps({"id": "C-1", **why}) + "\n"


@pytest.fixture
def ledger(one: OneImport) -> OneImport:
    first = Dropped("imp-" + "0" * 16, "inbox/people/sunday.csv", "A0", "2026-01-11T08:00:00Z")
    for import_id, feed, day, corrects in (
        (MONDAY, "people", 12, None),
        (TUESDAY, "people", 13, first),
        (OTHER, "others", 10, None),
    ):
        one.services.imports.register(
            msgspec.structs.replace(
                one.record,
                import_id=import_id,
                feed=feed,
                key=f"inbox/{feed}/{day}.csv",
                dropped_at=f"2026-01-{day}T08:00:00Z",
                corrects=corrects,
            )
        )
    return one


def found(one: OneImport, body: str, feed: str = FEED, codec: str = "utf-8") -> str:
    data = body.encode(codec)
    read = load_feed(feed.encode(), file="people.toml")
    source = Source(read, lambda at: io.BytesIO(data[at:]), size=len(data), file="f")
    place = origin_of(one.services, one.record, source)
    return place.key if place else ""


ROWS = {
    "one": (line(MONDAY), "inbox/people/12.csv"),
    "of a correction": (line(TUESDAY), "inbox/people/sunday.csv"),
    "oldest": (line(MONDAY) + line(TUESDAY, 2), "inbox/people/sunday.csv"),
    "in some rows": (line("x") + line(MONDAY, 2), "inbox/people/12.csv"),
    "no known one": (line(OTHER) + line("imp-" + "9" * 16), ""),
    "none": (line("x"), ""),
    "last word": (line(MONDAY).replace("p@", signed("", TUESDAY)), "inbox/people/12.csv"),
    "no row": ("", ""),
}


def test_origin_is_the_oldest_import_that_the_reasons_name(
    ledger: OneImport, subtests: pytest.Subtests
):
    for name, (rows, key) in ROWS.items():
        for codec in ("utf-8", "utf-8-sig", "utf-16"):
            with subtests.test(name, codec=codec):
                assert found(ledger, HEADER + rows, codec=codec) == key
    with subtests.test("json"):
        jsonl = FEED.replace('"csv"', '"jsonl"')
        assert found(ledger, json_line(MONDAY), jsonl) == "inbox/people/12.csv"


def test_file_without_the_columns_has_no_origin(ledger: OneImport):
    body = f"id,first,email,news\nC-1,{signed('', MONDAY)},p@example.test,Y\n"

    assert found(ledger, body) == ""
