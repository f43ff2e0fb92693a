"""Which row a vendor's exception is of, from its number and the ledger's chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import corpus
from prefdrop.feeds import Cursor, LocalReject
from prefdrop.importing.merging import RowStream, Told, rejected_rows
from prefdrop.importing.spool import ELSEWHERE, VendorReject
from prefdrop.ledger.parts import StagedChunk


@pytest.fixture
def stream(tmp_path: Path) -> RowStream:
    """A file of twenty rows that nothing is wrong with."""
    path = tmp_path / "people.csv"
    corpus.write(path, "csv", corpus.people(20, wrong=corpus.never))
    return RowStream(corpus.source(path))


def chunk(rows: range, first_sequence: int, without: int = 0) -> StagedChunk:
    """A chunk of these rows, `without` so many that are no records."""
    return StagedChunk(
        number=1, state="settled", first_sequence=first_sequence,
        start={"offset": 0, "row": rows.start - 1}, end={"offset": 0, "row": rows.stop - 1},
        records=len(rows) - without, rows=len(rows), rejected_local=without,
        bytes=0, sha256="", received_before=first_sequence - 1, posted_at=0,
    )  # fmt: skip


def told(*sequences: int, row: int | None = None) -> list[Told]:
    """Exceptions with these numbers; with the identifiers of a row, or none."""
    known = () if row is None else (f"alternate:crmcontactid:c-{row - 1:08}",)
    return [("validation", VendorReject(one, "Code", "Reason", known)) for one in sequences]


def found(rejected: Iterator[object]) -> list[tuple[int, str]]:
    """Number and stage of each rejected row."""
    return [(one.row.number, one.stage) for one in rejected]  # type: ignore[attr-defined]


def test_rows_that_were_rejected_before_staging_have_no_number(stream: RowStream) -> None:
    local = [LocalReject(row=row, code="Wrong", reason="") for row in (1, 4, 5)]

    rejected = rejected_rows(stream, chunk(range(1, 11), 1, 3), local, told(1, 2, 3, 7), [])

    assert found(rejected) == [
        (1, "local"), (2, "validation"), (3, "validation"), (4, "local"), (5, "local"),
        (6, "validation"), (10, "validation"),
    ]  # fmt: skip


def test_a_row_that_another_chunk_decides_on_has_no_number_and_is_no_reject(
    stream: RowStream,
) -> None:
    local = [LocalReject(row=2, code=ELSEWHERE, reason="")]

    rejected = rejected_rows(stream, chunk(range(1, 11), 1, 1), local, told(2), [])

    assert found(rejected) == [(3, "validation")]


def test_numbers_go_on_from_chunk_to_chunk(stream: RowStream) -> None:
    first = rejected_rows(stream, chunk(range(1, 11), 1), [], told(10), [])
    assert found(first) == [(10, "validation")]

    second = rejected_rows(stream, chunk(range(11, 21), 11), [], told(11, 20), [])
    assert found(second) == [(11, "validation"), (20, "validation")]


def test_an_exception_with_another_rows_identifiers_is_a_stray(stream: RowStream) -> None:
    strays: list[Told] = []

    rejected = rejected_rows(stream, chunk(range(1, 11), 1), [], told(3, row=7), strays)

    assert found(rejected) == []
    assert [one.sequence for _, one in strays] == [3]


def test_rows_that_nobody_wants_are_read_and_not_made(stream: RowStream) -> None:
    rows = list(stream.source.picked(Cursor(0, 0), {2, 20}))

    assert [row.number for row in rows if row is not None] == [2, 20]
    assert len(rows) == 20
