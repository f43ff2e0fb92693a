"""One file read with one feed: checked, read row by row, mapped and filled into chunks."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from prefdrop.feeds.account import AccountRules, AccountSnapshot
from prefdrop.feeds.account_checks import account_warnings
from prefdrop.feeds.as_is import as_is_encoder
from prefdrop.feeds.chunker import Encode, RowReader, fill_chunks
from prefdrop.feeds.compression import OpenAt
from prefdrop.feeds.csv_rows import CsvRows, Unreadable
from prefdrop.feeds.dates import FUTURE_TOLERANCE, utc_text
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.dialect import SAMPLE_BYTES, csv_options, find_delimiter
from prefdrop.feeds.duplicates import (
    DuplicateFinder,
    LaterDrops,
    Refusals,
    key_only,
    match_key_reader,
)
from prefdrop.feeds.encoder import EncodeRow
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import LocalReject
from prefdrop.feeds.header import REJECT_COLUMNS, Header, check_header, named_header, read_header
from prefdrop.feeds.identifiers import identifiers_of
from prefdrop.feeds.json_rows import JsonArray, JsonLines, JsonRow
from prefdrop.feeds.limits import Chunk, ChunkLimits, Cursor, Row
from prefdrop.feeds.opened import OpenedFile
from prefdrop.feeds.parquet_rows import ParquetRows
from prefdrop.feeds.row_encoders import (
    cells_encoder,
    csv_encoder,
    json_encoder,
    known_members,
    without_nul,
)
from prefdrop.feeds.tables import MAGIC, TableFile, csv_line, is_table
from prefdrop.feeds.xlsx_rows import XlsxRows

START = Cursor(0, 0)

_FOREIGN = ((b"PAR1", "a Parquet file"), (b"%PDF", "a PDF"), (b"\xd0\xcf\x11\xe0", "an Excel file"))
_FAR_FUTURE = "9999-12-30T00:00:00Z"
"""There is a day after it, which a column with `time_of_day` looks at."""


class Source:
    """A file and the feed it is read with.

    `open_at(offset)` answers a stream of the file's bytes from that offset on. `size` is the
    file's size in bytes, `file` the name that errors show. Nothing is read before it is needed,
    and never more than a block ahead.

    Where the feed looks for duplicates, the first chunk costs a pass over the whole file and space
    on local disk (`key_index` says how much). `scratch` is a folder for that, kept for this very
    file version, so that the next worker on the same machine is spared the pass; by default it is
    a temporary one. `snapshot` is what the account has, where that is known and not stale: rows
    with anything else are rejected. `later` are the drops whose match keys are left out. The same
    import needs the same snapshot throughout, and the same part the same `later`.
    """

    def __init__(
        self,
        feed: Feed,
        open_at: OpenAt,
        *,
        size: int,
        file: str,
        snapshot: AccountSnapshot | None = None,
        scratch: Path | None = None,
        later: LaterDrops | None = None,
    ) -> None:
        self.feed = feed
        self.snapshot = snapshot
        self.file = file
        self.is_csv = feed.source.format not in ("json", "jsonl")
        """Whether rows are cells under a header, and rejects are written as csv."""
        self._open_at = open_at
        self._size = size
        self._later = later
        self._duplicates = DuplicateFinder(feed, file, scratch)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """The feed's own warnings, and what it names that the account has not."""
        if self.snapshot is None:
            return self.feed.warnings
        return (*self.feed.warnings, *account_warnings(self.feed, self.snapshot))

    @cached_property
    def _account(self) -> AccountRules | None:
        return AccountRules(self.snapshot) if self.snapshot is not None else None

    # How the file is written

    @cached_property
    def opened(self) -> OpenedFile:
        """The file as its bytes show it. The rejects of a table are a file of text."""
        source = self.feed.source
        if source.format in MAGIC and is_table(source.format, self._open_at, self._size):
            slow = source.format == "xlsx"
            return TableFile(self._open_at, self._size, self.file, skips_slowly=slow)
        return OpenedFile(self._open_at, self._size, self.file, source.encoding)

    @cached_property
    def delimiter(self) -> str:
        """What stands between cells: the feed's, or what makes the header fit the feed best."""
        source = self.feed.source
        if isinstance(self.opened, TableFile):
            return ","
        if source.delimiter is not None:
            return source.delimiter
        if source.format == "tsv":
            return "\t"
        return find_delimiter(self.opened.first_line, source.quote, self.feed.columns.keys())

    @cached_property
    def header(self) -> Header:
        """A csv file's header, or the feed's names for a file without one."""
        if isinstance(self.opened, TableFile):
            return self._table_header(self.opened)
        mark, names = self.opened.encoding.mark, self.feed.source.names
        with closing(self._csv_rows(mark)) as rows:
            cells = next(iter(rows), None)
        if cells is None:
            raise self.opened.wrong("the file has no row at all", "Drop a file with rows.")
        if names and tuple(cells) != names + REJECT_COLUMNS:
            return named_header(names, mark)
        if isinstance(cells, Unreadable):
            raise self.opened.wrong(
                f"the header can't be read: {cells.fault.reason}", "Correct the file's first line."
            )
        text = self.opened.without_line_end(rows.raw).decode(self.opened.codec)
        return read_header(cells, text, rows.end)

    def _table_header(self, opened: TableFile) -> Header:
        with closing(self._table_rows(opened, 0, 0)) as rows:
            first = rows.names if isinstance(rows, ParquetRows) else next(iter(rows), None)
            body = rows.end
        if first is None:
            raise opened.wrong("the sheet is empty", "Drop a file with rows.")
        cells = list(first.shown if isinstance(first, Unreadable) else first)
        while cells and not cells[-1]:
            del cells[-1]
        return read_header(cells, csv_line(cells), body)

    def _table_rows(self, opened: TableFile, start: int, width: int) -> ParquetRows | XlsxRows:
        if self.feed.source.format == "parquet":
            return ParquetRows(opened, start)
        return XlsxRows(opened, start, self.feed.source.sheet, width)

    def check(self) -> None:
        """Raise `SourceError` if the file as a whole is not what the feed says.

        Raises `FeedError` if the account has not what the feed matches records by.
        """
        _ = self.warnings
        if isinstance(self.opened, TableFile):
            check_header(self.header, self.feed, self.file)
            return
        text = self.opened.sample[self.opened.encoding.mark :].lstrip()
        if not text:
            raise self.opened.wrong("the file is empty", "Drop a file with rows.")
        wanted = self.feed.source.format
        for start, kind in _FOREIGN:
            if text.startswith(start):
                raise self.opened.wrong(
                    f"this is {kind}, not {wanted}", "Save it in the feed's format."
                )
        if not self.is_csv:
            self._check_json()
            return
        if text[:2] in (b'{"', b"[{"):
            raise self.opened.wrong(
                f"this is JSON, not {wanted}", "Check the feed's format, or the file."
            )
        check_header(self.header, self.feed, self.file)

    def _check_json(self) -> None:
        """Among the first objects one must be readable, with only members that the feed knows."""
        row = self._first_object()
        if row is None:
            raise self.opened.wrong(
                f"no object could be read, so this is not {self.feed.source.format}",
                "Check the feed's format, or the file.",
            )
        known = known_members(self.feed)
        unknown = [name[:60] for name in row.value if name not in known]
        if unknown and not self.feed.as_is:
            raise SourceError(
                "the feed does not know this member",
                file=self.file,
                column=unknown[0],
                remedy="Map it under [columns] or list it under ignore.",
            )

    @property
    def is_rejects(self) -> bool:
        """Whether the file is a rejects file that came back."""
        if self.is_csv:
            return self.header.is_rejects
        first = self._first_object()
        return first is not None and first.origin is not None

    def _first_object(self) -> JsonRow | None:
        with closing(self._reader(START)) as reader:
            for row in reader:
                if row.fault is None:
                    return row  # type: ignore[no-any-return]
                if reader.end > SAMPLE_BYTES:
                    break
        return None

    # Rows

    def rows(self, start: Cursor = START) -> Iterator[Row]:
        """All rows from `start` on, those that can't be read too."""
        with closing(self._reader(start)) as reader:
            for number, payload in enumerate(reader, start.row + 1):
                yield self._row(number, payload, reader)

    def picked(self, start: Cursor, wanted: Container[int]) -> Iterator[Row | None]:
        """As `rows`, with None for each row that is not wanted, which is read all the same.

        `wanted` are numbers of rows, and is asked as the reading comes to them.
        """
        with closing(self._reader(start)) as reader:
            for number, payload in enumerate(reader, start.row + 1):
                yield self._row(number, payload, reader) if number in wanted else None

    def _row(self, number: int, payload: Any, reader: RowReader) -> Row:
        raw = self.opened.without_line_end(reader.raw)
        place = (number, reader.start, reader.end, raw)
        if isinstance(payload, JsonRow):
            fault = payload.fault.reason if payload.fault else ""
            return Row(*place, None, payload.value, fault, payload.origin)
        header, fault = self.header, ""
        if isinstance(payload, Unreadable):
            payload, fault = payload.shown, payload.fault.reason
        return Row(*place, header.unpacked(payload), None, fault, header.origin(payload))

    def _reader(self, start: Cursor) -> Any:
        if isinstance(self.opened, TableFile):
            header = self.header
            return self._table_rows(self.opened, start.offset or header.body, header.width)
        if self.is_csv:
            return self._csv_rows(start.offset or self.header.body)
        offset = start.offset or self.opened.encoding.mark
        if self.feed.source.format == "json":
            stream = self.opened.open_at(offset)
            place, encoding = Cursor(offset, start.row), self.opened.encoding
            array = self.opened.first_line.lstrip().startswith("[")
            return JsonArray(stream, place, encoding, self.file, array=array)
        return JsonLines(self.opened.lines(offset), offset)

    def _csv_rows(self, offset: int) -> CsvRows:
        options = csv_options(self.delimiter, self.feed.source.quote)
        return CsvRows(self.opened.lines(offset), offset, options)

    # Records

    def chunks(
        self,
        start: Cursor,
        limits: ChunkLimits,
        *,
        now: datetime,
        refused: Mapping[int, LocalReject] | None = None,
    ) -> Iterator[Chunk]:
        """Chunks from `start` to the end of the file, the same for the same input and `now`.

        `now` (aware) decides which dates lie in the future. `refused` are rows to reject with that
        reason, by number.
        """
        latest = utc_text((now + FUTURE_TOLERANCE).replace(microsecond=0))
        losing = self._duplicates.losing(self._match_keys(latest), latest)
        held = self._later.held(self.file, self._match_keys(latest)) if self._later else None
        refusals = Refusals(refused or {}, held, losing)
        with closing(self._reader(start)) as reader:
            yield from fill_chunks(reader, self._encode, start, limits, latest, refusals)

    def _match_keys(self, latest: str) -> Iterator[tuple[int, str | None]]:
        """Each row's number and match key; none of a row that makes no record."""
        read, encode = match_key_reader(self.feed), self._encode
        with closing(self._reader(START)) as reader:
            for number, payload in enumerate(reader, 1):
                outcome = encode(payload, latest)
                try:
                    yield number, read(outcome) if isinstance(outcome, str) else None
                except UnicodeEncodeError:
                    yield number, None

    def held_keys(self) -> Iterator[tuple[int, str | None]]:
        """Each row's number and the match key in it, also where the rest makes no record."""
        read, encode = match_key_reader(self.feed), self._encode_key
        with closing(self._reader(START)) as reader:
            for number, payload in enumerate(reader, 1):
                outcome = encode(payload, _FAR_FUTURE)
                try:
                    yield number, read(outcome) if isinstance(outcome, str) else None
                except ValueError:  # the row holds no text, or something else in the key's place
                    yield number, None

    @property
    def _encode_key(self) -> Encode:
        if self.feed.as_is:
            return lambda row, _now: [row.fault] if row.fault else row.text
        feed = key_only(self.feed)
        if self.is_csv:
            return csv_encoder(cells_encoder(feed, self.header), self.header)
        return json_encoder(feed)

    def identifiers(self, row: Row) -> frozenset[str]:
        """What the record made from this row is recognised by; nothing if it makes no record."""
        if row.fault:
            return frozenset()
        if row.value is not None:
            text = row.raw.decode(self.opened.codec, "replace")
            outcome = self._encode(JsonRow(text, row.value), _FAR_FUTURE)
        else:
            outcome = self._encode_cells(row.cells or [], _FAR_FUTURE)
        if not isinstance(outcome, str):
            return frozenset()
        return identifiers_of(msgspec.json.decode(outcome.encode("utf-8", "replace")))

    @cached_property
    def _encode_cells(self) -> EncodeRow:
        return cells_encoder(self.feed, self.header, self._account)

    @cached_property
    def _encode(self) -> Encode:
        if self.is_csv:
            return csv_encoder(self._encode_cells, self.header)
        encoder = as_is_encoder if self.feed.as_is else json_encoder
        return without_nul(encoder(self.feed, self._account))
