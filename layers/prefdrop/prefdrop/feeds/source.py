"""One file read with one feed: checked, read row by row, mapped and filled into chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO

import msgspec

from prefdrop.feeds.as_is import as_is_encoder
from prefdrop.feeds.chunker import Encode, RowReader, fill_chunks
from prefdrop.feeds.csv_rows import CsvRows, Unreadable
from prefdrop.feeds.dates import FUTURE_TOLERANCE, utc_text
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.dialect import (
    SAMPLE_BYTES,
    Encoding,
    csv_options,
    find_delimiter,
    find_encoding,
)
from prefdrop.feeds.encoder import EncodeRow, compile_encoder
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import NUL_FAULT, Fault, LocalReject, ragged
from prefdrop.feeds.header import REJECT_COLUMNS, Header, check_header, read_header
from prefdrop.feeds.identifiers import identifiers_of
from prefdrop.feeds.json_mapping import not_scalar_faults, value_getter
from prefdrop.feeds.json_rows import JsonArray, JsonLines, JsonRow
from prefdrop.feeds.limits import Chunk, ChunkLimits, Cursor, Row
from prefdrop.feeds.lines import LineReader
from prefdrop.feeds.loading import feed_layout
from prefdrop.feeds.spreadsheet import restored

OpenAt = Callable[[int], BinaryIO]

_FAR_FUTURE = "9999-12-31T23:59:59Z"


class Source:
    """A file and the feed it is read with.

    `open_at(offset)` answers a stream of the file's bytes from that offset on. `size` is the
    file's size in bytes, `file` the name that errors show. Nothing is read before it is needed, and
    never more than a block ahead.
    """

    def __init__(self, feed: Feed, open_at: OpenAt, *, size: int, file: str) -> None:
        self.feed = feed
        self.file = file
        self.size = size
        self._open_at = open_at

    # How the file is written

    @cached_property
    def is_csv(self) -> bool:
        return self.feed.source.format in ("csv", "tsv")

    @cached_property
    def _sample(self) -> bytes:
        if self.size == 0:
            raise self._wrong("the file is empty", "Drop a file with a header and rows.")
        with self._open_at(0) as stream:
            return _read_fully(stream, SAMPLE_BYTES)

    @cached_property
    def encoding(self) -> Encoding:
        """The file's encoding: its byte order mark's, the feed's, or the one its look suggests."""
        return find_encoding(self._sample, self.feed.source.encoding)

    @cached_property
    def newline(self) -> bytes:
        """What ends a line. A file that has carriage returns and no line feed uses those."""
        if self.encoding.newline in self._sample or "\r".encode(self.encoding.name) not in self._sample:
            return self.encoding.newline
        return "\r".encode(self.encoding.name)

    @cached_property
    def delimiter(self) -> str:
        """What stands between cells: the feed's, or that with which the header fits the feed best."""
        source = self.feed.source
        if source.delimiter is not None:
            return source.delimiter
        if source.format == "tsv":
            return "\t"
        text = self._sample[self.encoding.mark :].decode(self.encoding.name, "replace")
        line = next((each for each in text.splitlines() if each), "")
        return find_delimiter(line, source.quote, self.feed.columns.keys())

    @cached_property
    def header(self) -> Header:
        """A csv file's header, or the feed's names for a file without one."""
        mark = self.encoding.mark
        rows = self._csv_rows(mark)
        cells = next(iter(rows), None)
        if cells is None:
            raise self._wrong("the file has no row at all", "Drop a file with a header and rows.")
        names = self.feed.source.names
        if names and tuple(cells) != names + REJECT_COLUMNS:
            return Header(names, tuple(range(len(names))), len(names), mark, "", False)
        if isinstance(cells, Unreadable):
            raise self._wrong(
                f"the header can't be read: {cells.fault.reason}", "Correct the file's first line."
            )
        text = rows.raw.decode(self.encoding.name).rstrip("\r\n")
        return read_header(cells, text, rows.end)

    def check(self) -> None:
        """Raise `SourceError` if the file as a whole is not what the feed says."""
        if not self._sample[self.encoding.mark :].strip():
            raise self._wrong("the file is empty", "Drop a file with rows.")
        self._check_kind()
        if self.is_csv:
            check_header(self.header, self.feed, self.file)
        else:
            self._check_json()

    def _check_kind(self) -> None:
        sample = self._sample
        for start, kind in ((b"PK\3\4", "a zip or Excel"), (b"PAR1", "a Parquet"), (b"%PDF", "a PDF")):
            if sample.startswith(start):
                raise self._wrong(
                    f"this is {kind} file, not {self.feed.source.format}", "Save it in the feed's format."
                )
        text = sample[self.encoding.mark :].lstrip()
        if self.is_csv and text[:2] in (b'{"', b"[{"):
            raise self._wrong(
                f"this is JSON, not {self.feed.source.format}", "Check the feed's format, or the file."
            )

    def _check_json(self) -> None:
        """The first objects must be objects, and their members those that the feed knows."""
        readable = False
        reader = self._reader(Cursor())
        for row in reader:
            if reader.end > SAMPLE_BYTES:
                break
            if row.fault is None:
                readable = True
                break
        if not readable:
            raise self._wrong(
                f"no object could be read, so this is not {self.feed.source.format}",
                "Check the feed's format, or the file.",
            )
        unknown = self._unknown_members(row)
        if unknown:
            raise SourceError(
                "the feed does not know this member",
                file=self.file,
                row=1,
                column=unknown[0],
                remedy="Map it under [columns] or list it under ignore.",
            )

    def _wrong(self, problem: str, remedy: str) -> SourceError:
        return SourceError(problem, file=self.file, remedy=remedy)

    # Rows

    def rows(self, start: Cursor = Cursor()) -> Iterator[Row]:  # noqa: B008 (frozen)
        """All rows from `start` on, those that can't be read too."""
        reader = self._reader(start)
        number = start.row
        for payload in reader:
            number += 1
            yield self._row(number, payload, reader)

    def _row(self, number: int, payload: Any, reader: RowReader) -> Row:
        raw = self._without_line_end(reader.raw)
        if isinstance(payload, JsonRow):
            fault = payload.fault.reason if payload.fault else ""
            return Row(number, reader.start, reader.end, raw, None, payload.value, fault)
        fault = payload.fault.reason if isinstance(payload, Unreadable) else ""
        return Row(number, reader.start, reader.end, raw, self._cells(payload), None, fault)

    def _without_line_end(self, raw: bytes) -> bytes:
        for end in ("\r\n", "\n", "\r"):
            mark = end.encode(self.encoding.name)
            if raw.endswith(mark):
                return raw[: -len(mark)]
        return raw

    def _cells(self, cells: list[str]) -> list[str]:
        """The cells under the original columns, as they were before a rejects file was made."""
        header = self.header
        if not header.is_rejects:
            return list(cells)
        kept = [restored(cells[place]) for place in header.kept if place < len(cells)]
        return kept + [restored(cell) for cell in cells[header.width :]]

    def _reader(self, start: Cursor) -> Any:
        offset = start.offset
        if self.is_csv:
            return self._csv_rows(offset or self.header.body)
        offset = offset or self.encoding.mark
        if self.feed.source.format == "json":
            return JsonArray(self._open_at(offset), offset, self.encoding, self.file)
        return JsonLines(self._lines(offset), offset)

    def _csv_rows(self, offset: int) -> CsvRows:
        options = csv_options(self.delimiter, self.feed.source.quote)
        return CsvRows(self._lines(offset), offset, options)

    def _lines(self, offset: int) -> LineReader:
        return LineReader(self._open_at(offset), self.encoding, self.newline, self.file)

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
        limit = utc_text((now + FUTURE_TOLERANCE).replace(microsecond=0))
        return fill_chunks(
            self._reader(start), self._encode, start, limits, limit, refused or {}
        )

    def identifiers(self, row: Row) -> frozenset[str]:
        """What the record made from this row is recognised by; nothing if it makes no record."""
        payload: Any = row.cells
        if row.value is not None:
            payload = JsonRow(row.raw.decode(self.encoding.name, "replace"), row.value)
        if row.fault or payload is None:
            return frozenset()
        encode = self._encode_row if row.value is None else self._encode
        outcome = encode(payload, _FAR_FUTURE)
        return identifiers_of(msgspec.json.decode(outcome)) if isinstance(outcome, str) else frozenset()

    @cached_property
    def _encode(self) -> Encode:
        if self.feed.as_is:
            return _no_nul(as_is_encoder(self.feed))
        if not self.is_csv:
            return _no_nul(self._encode_json())
        return self._encode_csv()

    def _encode_csv(self) -> Encode:
        header, encode, unpack = self.header, self._encode_row, self._cells
        width, is_rejects = header.width, header.is_rejects

        def encode_cells(cells: list[str], now: str) -> str | list[Fault]:
            if cells.__class__ is Unreadable:
                return [cells.fault]  # type: ignore[attr-defined]
            if len(cells) == width and not is_rejects:
                return encode(cells, now)
            return encode(unpack(cells), now)

        return encode_cells

    @cached_property
    def _encode_row(self) -> EncodeRow:
        """From a row's original cells to its record; a ragged row is padded or refused here."""
        header = self.header
        width = len(header.names)
        encode = compile_encoder(self.feed, feed_layout(self.feed), header.positions)
        pad = self.feed.source.ragged == "pad"

        def encode_row(cells: Sequence[str], now: str) -> str | list[Fault]:
            if len(cells) != width:
                if not pad or any(cells[width:]):
                    return [ragged(len(cells), width)]
                cells = [*cells[:width], *[""] * (width - len(cells))]
            return encode(cells, now)

        return encode_row

    def _encode_json(self) -> Encode:
        names = tuple(self.feed.columns)
        positions = {name: place for place, name in enumerate(names)}
        encode = compile_encoder(self.feed, feed_layout(self.feed), positions)
        get = value_getter(names)

        def encode_value(row: JsonRow, now: str) -> str | list[Fault]:
            if row.fault is not None:
                return [row.fault]
            if not row.value.keys() <= self._known_members:
                unknown = self._unknown_members(row)
                return [Fault("UnknownMember", unknown[0], _UNKNOWN.format(unknown[0]))]
            cells = get(row.value)
            wrong = not_scalar_faults(names, cells)
            return wrong or encode(cells, now)

        return encode_value

    @cached_property
    def _known_members(self) -> frozenset[str]:
        """The top-level members of a JSON source that the feed maps (or parts of) or ignores."""
        names = (*self.feed.columns, *self.feed.ignore)
        return frozenset(names) | frozenset(name.split(".")[0] for name in names)

    def _unknown_members(self, row: JsonRow) -> list[str]:
        if self.feed.as_is:
            return []
        return [name[:60] for name in row.value if name not in self._known_members]


_UNKNOWN = "The feed does not know the member {}: it is neither mapped nor ignored."


def _no_nul(encode: Callable[[JsonRow, str], str | list[Fault]]) -> Encode:
    def encode_checked(row: JsonRow, now: str) -> str | list[Fault]:
        if "\\u0000" in row.text and row.fault is None:
            return [NUL_FAULT]
        return encode(row, now)

    return encode_checked


def _read_fully(stream: BinaryIO, wanted: int) -> bytes:
    """Up to `wanted` bytes; a network stream may give less at a time."""
    parts: list[bytes] = []
    while wanted > 0 and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
