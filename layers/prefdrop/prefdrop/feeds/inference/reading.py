"""The sample that a feed is inferred from: how a file is written, and its first rows by column."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, cast

import msgspec

from prefdrop.feeds.compression import OpenAt, Seekable
from prefdrop.feeds.definition import Feed, GatesPart, ImportPart, SourcePart
from prefdrop.feeds.dialect import SAMPLE_BYTES
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.header import REJECT_COLUMNS
from prefdrop.feeds.inference.codes import KNOWN_CODES
from prefdrop.feeds.inference.dialects import Dialect, find_dialect
from prefdrop.feeds.inference.flattening import columns_of_objects, is_vendor_record
from prefdrop.feeds.inference.shapes import (
    Column,
    is_dated,
    is_email,
    is_number,
    is_worded,
    is_written_as_phone,
    outline,
)
from prefdrop.feeds.inference.words import NAMING_WORDS, words_of
from prefdrop.feeds.limits import Row
from prefdrop.feeds.opened import OpenedFile
from prefdrop.feeds.source import Source
from prefdrop.feeds.tables import is_table

MAX_ROWS = 5_000
MAX_CELLS = 400_000
MIN_ROWS = 50
"""Of a very wide file at least so many rows are read."""
SHORT_ROWS = 0.01
"""From this share on, rows that are too short are a habit of whatever wrote the file."""
MAX_BYTES = 32 * 1024 * 1024
"""Rows are read up to so far into the (unpacked) file."""


@dataclass
class Sample:
    """What the first rows of a file show. `source` is what the feed has to say about the file."""

    file: str
    open_at: OpenAt
    size: int
    source: SourcePart
    encoding: str
    marked: bool
    """The encoding is told by a byte order mark."""
    plain: bool
    """The first bytes hold nothing but ASCII."""
    columns: list[Column] = field(default_factory=list)
    twice: tuple[str, ...] = ()
    """Names that the header has more than once."""
    rows: int = 0
    short: int = 0
    """Rows with fewer cells than the header, or with more of which the surplus ones are empty."""
    padded: int = 0
    """Cells of the sample with spaces at their ends."""
    whole: bool = True
    """The sample is the whole file."""
    records: list[dict[str, Any]] = field(default_factory=list)
    """The objects of a file that holds vendor records as they are."""

    def reader(self, feed: Feed) -> Source:
        """The sample's file, read with `feed`."""
        return Source(feed, self.open_at, size=self.size, file=self.file)

    @property
    def pads(self) -> bool:
        """Short rows are usual in this file, and not just damaged."""
        return self.short > 0 and self.short >= SHORT_ROWS * self.rows

    def wrong(self, problem: str, remedy: str) -> SourceError:
        """The error that nothing can be inferred from this file."""
        return SourceError(problem, file=self.file, remedy=remedy)


def read_sample(open_at: OpenAt, *, size: int, file: str) -> Sample:
    """Read the file's beginning; raises `SourceError` if it holds no rows that can be read."""
    if kind := _table_format(open_at, size):
        source = msgspec.convert({"format": kind}, SourcePart)
        sample = Sample(file, open_at, size, source, "", marked=False, plain=False)
        _read_table(sample)
        return sample
    opened = OpenedFile(open_at, size, file, None)
    text = opened.sample[opened.encoding.mark :].decode(opened.codec, "replace")
    if not text.strip():
        raise opened.wrong("the file is empty", "Give a sample with rows.")
    _refuse_foreign(opened)
    json_format = _json_format(text, opened)
    dialect = None if json_format else find_dialect(text, whole=len(opened.sample) < SAMPLE_BYTES)
    source = _source_part(json_format, dialect, opened)
    sample = Sample(
        file,
        open_at,
        size,
        source,
        opened.codec,
        marked=opened.encoding.mark > 0,
        plain=opened.sample.isascii() and 0 not in opened.sample,
    )
    if json_format:
        _read_objects(sample)
    else:
        _read_cells(sample)
    return sample


def _refuse_foreign(opened: OpenedFile) -> None:
    """Raise `SourceError` for files that are no rows of text at all."""
    for start, kind in ((b"%PDF", "a PDF"), (b"\xd0\xcf\x11\xe0", "an old Excel file")):
        if opened.sample.startswith(start):
            raise opened.wrong(f"this is {kind}", "Save it as csv and try that.")


def _table_format(open_at: OpenAt, size: int) -> str:
    """`parquet` or `xlsx` for a file whose cells have types, else nothing."""
    if is_table("parquet", open_at, size):
        return "parquet"
    if not is_table("xlsx", open_at, size):
        return ""
    try:
        with zipfile.ZipFile(cast(BinaryIO, Seekable(open_at, size))) as archive:
            return "xlsx" if any(n.startswith("xl/") for n in archive.namelist()) else ""
    except (zipfile.BadZipFile, NotImplementedError):
        return ""


def _json_format(text: str, opened: OpenedFile) -> str:
    start = text.lstrip()
    if re.match(r"\[\s*(?:[\[{\]]|$)", start):
        return "json"
    if not start.startswith("{"):
        return ""
    try:
        msgspec.json.decode(opened.first_line)
    except msgspec.DecodeError:
        return "json" if re.match(r'\{\s*(?:"|\}|$)', start) else ""
    return "jsonl"


def _source_part(json_format: str, dialect: Dialect | None, opened: OpenedFile) -> SourcePart:
    guessed = opened.codec != "utf-8" and not opened.encoding.mark
    encoding = opened.codec if guessed else None
    if dialect is None:
        return msgspec.convert({"format": json_format, "encoding": encoding}, SourcePart)
    if dialect.delimiter == "\t":
        return SourcePart(format="tsv", quote=dialect.quote, encoding=encoding)
    return SourcePart(
        format="csv", delimiter=dialect.delimiter, quote=dialect.quote, encoding=encoding
    )


def bare_feed(source: SourcePart) -> Feed:
    """A feed that is good for reading rows and nothing else."""
    return Feed(
        name="sample",
        file="sample",
        import_=ImportPart(name="sample", match="ProfileId"),
        source=source,
        columns={},
        constants={},
        gates=GatesPart(),
    )


# Cells


def _read_cells(sample: Sample) -> None:
    source = sample.reader(bare_feed(sample.source))
    first = list(source.header.names)
    if "".join(first).startswith("sep="):
        raise sample.wrong(
            "the first line is an instruction to Excel, not the names of the columns",
            "Take that line out of the file, or save it as CSV UTF-8.",
        )
    with_header = names_columns(first, list(islice(_cells(source), 200)))
    if not with_header:
        width = Counter(len(cells) for cells in islice(_cells(source), 200)).most_common(1)
        count = max(width[0][0] if width else 0, len(first))
        names = tuple(f"column_{place}" for place in range(1, count + 1))
        sample.source = msgspec.structs.replace(sample.source, header=False, names=names)
        source = sample.reader(bare_feed(sample.source))
        first = list(names)
    _require_writable(sample, first)
    _gather(sample, source, first)


def _read_table(sample: Sample) -> None:
    source = sample.reader(bare_feed(sample.source))
    names = list(source.header.names)
    is_sheet = sample.source.format == "xlsx"
    if is_sheet and not names_columns(names, list(islice(_cells(source), 200))):
        raise sample.wrong(
            "the sheet's first row does not name its columns",
            "Put a row with the names of the columns above the others.",
        )
    _require_writable(sample, names)
    _gather(sample, source, names)


def _cells(source: Source) -> Iterator[list[str]]:
    for row in source.rows():
        if not row.fault:
            yield row.cells or []


def _gather(sample: Sample, source: Source, names: list[str]) -> None:
    width = len(names)
    most = max(MIN_ROWS, min(MAX_ROWS, MAX_CELLS // max(width, 1)))
    rows: list[list[str]] = []
    short: set[int] = set()
    for row in _first_rows(sample, source, most):
        cells = row.cells or []
        if len(cells) != width:
            if len(cells) > width and any(cells[width:]):
                continue
            sample.short += 1
            short.add(len(rows))
            cells = [*cells[:width], *[""] * (width - len(cells))]
        stripped = [cell.strip() for cell in cells]
        sample.padded += sum(
            len(bare) < len(cell) for bare, cell in zip(stripped, cells, strict=True)
        )
        rows.append(stripped)
    if not sample.pads:
        rows = [row for place, row in enumerate(rows) if place not in short]
    _require_rows(sample, rows)
    sample.twice = tuple(name for name, count in Counter(names).items() if count > 1)
    sample.columns = [
        Column(name, place, cells)
        for place, (name, cells) in enumerate(zip(names, zip(*rows, strict=True), strict=True))
    ]


def _first_rows(sample: Sample, source: Source, most: int) -> Iterator[Row]:
    """Those of the sample's rows that can be read; all are counted."""
    for row in source.rows():
        if sample.rows >= most or row.start > MAX_BYTES:
            sample.whole = False
            return
        sample.rows += 1
        if not row.fault:
            yield row


def _require_rows(sample: Sample, rows: Sequence[object]) -> None:
    if not rows:
        raise sample.wrong(
            "no row could be read, so there is nothing to infer a feed from",
            "Give a sample with a header and at least a few rows.",
        )


def _require_writable(sample: Sample, names: Iterable[str]) -> None:
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise sample.wrong(
                "a column's name holds bytes or half characters that no feed can write",
                "Rename the column in the file.",
            ) from None


# Objects


def _read_objects(sample: Sample) -> None:
    source = sample.reader(bare_feed(sample.source))
    objects = [row.value or {} for row in _first_rows(sample, source, MAX_ROWS)]
    _require_rows(sample, objects)
    for value in objects:
        for name in REJECT_COLUMNS:
            value.pop(name, None)
    if sum(map(is_vendor_record, objects)) >= 0.9 * len(objects):
        sample.records = objects
        return
    sample.columns, sample.padded = columns_of_objects(objects, MAX_CELLS)
    _require_writable(sample, (column.name for column in sample.columns))


def names_columns(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether `first`, the first row of the file, is a header over `rows`.

    Taking a row of data for the header would put a person's data into the feed as column names, so
    whatever can only be data decides against a header.
    """
    cells = [cell.strip() for cell in first]
    if any(is_email(cell) or is_written_as_phone(cell) or is_dated(cell) for cell in cells):
        return False
    columns = [
        [row[place].strip() for row in rows if place < len(row)] for place in range(len(cells))
    ]
    data = sum(_like_data(cell, column) for cell, column in zip(cells, columns, strict=True))
    named = sum(_like_a_name(cell) for cell in cells)
    return named >= data if named or data else True


def _like_a_name(cell: str) -> bool:
    return any(word in NAMING_WORDS for word in words_of(cell)) and len(cell) <= 60


def _like_data(cell: str, column: Sequence[str]) -> bool:
    """Whether the cell is one of its column: a number, a code, or a text that comes again."""
    if not cell:
        return False
    if is_number(cell) or cell.lower() in KNOWN_CODES or cell in column:
        return True
    if is_worded(cell):
        return False
    outlines = Counter(outline(each) for each in column if each)
    return bool(outlines) and outlines.most_common(1)[0][0] == outline(cell) != ""
