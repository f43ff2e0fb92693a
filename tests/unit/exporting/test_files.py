"""Objects and rolls: what is written is what came, whatever its size."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from prefdrop.exporting import rolls
from prefdrop.exporting.loading import load_export
from prefdrop.exporting.part_files import PartFormat, as_lines, sha256_of
from prefdrop.exporting.services import ExportServices

COLUMNS = '[columns]\nid = "ProfileId"\nname = "CustomerName.FirstName"\n'
RECORDS = [
    {"ProfileId": 9_100_001, "CustomerName": {"FirstName": 'Zoë "Z", Ltd'}},
    {"ProfileId": 9_100_002},
]


def raw(records: list[Any], **style: Any) -> list[msgspec.Raw]:
    return [msgspec.Raw(json.dumps(record, **style).encode()) for record in records]


def written(output: str, columns: str = "", pages: int = 1) -> bytes:
    text = f'[export]\nsegment = "S"\n[output]\n{output}\n{columns}'
    file = PartFormat(load_export(text.encode(), file="a.toml")).new()
    for _ in range(pages):
        file.write(raw(RECORDS))
    finished = file.finish()
    _, size = sha256_of(finished)
    finished.seek(0)
    body = finished.read()
    assert len(body) == size
    file.discard()
    return body


def test_records_are_written_as_lines_byte_for_byte() -> None:
    body = gzip.decompress(written('format = "jsonl"', pages=3))

    assert body == b"".join(bytes(record) + b"\n" for record in raw(RECORDS)) * 3


def test_the_same_records_make_the_same_object() -> None:
    assert written('format = "jsonl"', pages=2) == written('format = "jsonl"', pages=2)


def test_records_that_are_written_over_several_lines_become_one_each() -> None:
    lines = as_lines(raw(RECORDS, indent=2)).splitlines()

    assert [json.loads(line) for line in lines] == RECORDS


@pytest.mark.parametrize("half", [b'"\\ud83d"', b'"\xff"'])
def test_half_a_character_costs_a_record_neither_its_line_nor_its_number(half: bytes) -> None:
    record = b'{"CustomerName":\n{"FirstName":\r\n' + half + b'},"ProfileId":"9100231"}'

    line = as_lines([msgspec.Raw(record)])

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert b"\r" not in line
    assert half in line
    assert rolls.profile_id(rolls.entry_of(record)) == 9_100_231


def test_a_table_has_a_header_in_each_object_and_quotes_what_must_be() -> None:
    body = written('format = "csv"\ncompression = "none"\ndelimiter = ";"', COLUMNS)

    assert body.decode() == 'id;name\n9100001;"Zoë ""Z"", Ltd"\n9100002;\n'


def test_a_parquet_table_has_texts_and_nulls() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")

    body = written('format = "parquet"', COLUMNS, pages=2)

    table = parquet.read_table(io.BytesIO(body)).to_pylist()
    assert table[:2] == [
        {"id": "9100001", "name": 'Zoë "Z", Ltd'},
        {"id": "9100002", "name": None},
    ]
    assert len(table) == 4


def test_the_entries_of_a_page_are_those_of_its_records() -> None:
    unusual = raw([{"IsActive": True, "ProfileId": "9100003"}])

    for records in (raw(RECORDS), raw(RECORDS) + unusual, raw(RECORDS, indent=1), []):
        assert rolls.entries_of(records) == [rolls.entry_of(record) for record in records]


def entry(number: int, content: int = 0) -> bytes:
    return number.to_bytes(8) + content.to_bytes(8)


entries = st.lists(st.builds(entry, st.integers(0, 40), st.integers(0, 2)), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(entries.filter(bool), min_size=1, max_size=4))
def test_rolls_merge_to_each_entry_once_in_order(
    services: ExportServices, parts: list[list[bytes]]
) -> None:
    keys = [
        rolls.store(services.files, f"roll-{n}", sorted(set(part))) for n, part in enumerate(parts)
    ]

    counted = list(rolls.count_profiles(rolls.merged(services.files, keys)))

    whole = b"".join(piece for piece, _ in counted)
    merged = [whole[at : at + rolls.ENTRY] for at in range(0, len(whole), rolls.ENTRY)]
    assert merged == sorted({one for part in parts for one in part})
    profiles = [rolls.profile_id(one) for one in rolls.profiles_of(services.files, keys)]
    assert profiles == sorted({rolls.profile_id(one) for one in merged})
    assert sum(new for _, new in counted) == len(profiles)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=entries, now=entries)
def test_gone_is_who_was_there_and_is_not_any_more(before: list[bytes], now: list[bytes]) -> None:
    gone = list(rolls.gone(iter(sorted(before)), iter(sorted(now))))

    left = {rolls.profile_id(e) for e in before} - {rolls.profile_id(e) for e in now}
    assert gone == sorted(left)


def test_an_index_finds_what_the_roll_holds_and_nothing_else(services: ExportServices) -> None:
    # Many states of one profile: they reach over several pages of the roll.
    held = sorted(
        [entry(number, 1) for number in range(0, 3000, 2)]
        + [entry(1001, content) for content in range(0, 1400, 2)]
    )
    key = rolls.store(services.files, "roll", held)

    index = rolls.RollIndex(services.files, key)

    assert all(one in index for one in held)
    assert entry(1, 1) not in index
    assert entry(2, 2) not in index
    assert all(entry(1001, content) not in index for content in range(1, 1400, 2))
    assert entry(0) not in rolls.RollIndex(services.files, "")


def test_a_record_without_a_profile_id_is_refused() -> None:
    for record in (b'{"Emails": []}', b'{"a":"\\ud83d"}', b'{"a":"\\ud83d","ProfileId":1.5}', b"["):
        with pytest.raises(rolls.RecordUnreadable):
            rolls.entry_of(record)
