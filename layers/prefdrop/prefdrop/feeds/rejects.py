"""The lines of a rejects file: each row as it stood, then why it was rejected.

A csv line keeps the row's own text, its quoting included; only a cell that a spreadsheet would run
as a formula gets an apostrophe, which reading takes off again. Files that are not UTF-8 give a
UTF-8 rejects file with a byte order mark, which wins over what the feed says of the encoding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property

import msgspec

from prefdrop.feeds.header import REJECT_COLUMNS
from prefdrop.feeds.json_rows import RAW_MEMBER, original_text
from prefdrop.feeds.limits import Row
from prefdrop.feeds.lines import escape_errors
from prefdrop.feeds.source import Source
from prefdrop.feeds.spreadsheet import harmless, restored

_MARK = "\N{BYTE ORDER MARK}"


class RejectsWriter:
    """Writes the header and the lines of one source's rejects file.

    Every line has its reasons under the header's columns: a short row is filled up before them, the
    surplus cells of a long one stand after them.

    `extension` is that of the file: `csv`, or `jsonl` for every JSON source.
    """

    def __init__(self, source: Source) -> None:
        self.extension = "csv" if source.is_csv else "jsonl"
        self._lines = _CsvLines(source) if source.is_csv else _JsonLines(source)

    def header(self) -> bytes:
        """What the file begins with."""
        return self._lines.header()

    def row(self, row: Row, stage: str, code: str, reason: str) -> bytes:
        """The line of one rejected row; `stage` is `local`, `validation` or `execution`."""
        return self._lines.row(row, _clean(stage), _clean(code), _clean(reason))


class _CsvLines:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._quote = source.feed.source.quote

    @cached_property
    def _codec(self) -> str:
        return self._source.opened.codec

    @cached_property
    def _delimiter(self) -> str:
        return self._source.delimiter

    @cached_property
    def _end(self) -> str:
        return self._source.opened.line_end

    def header(self) -> bytes:
        header = self._source.header
        text = header.text or self._delimiter.join(self._written(name) for name in header.names)
        if header.is_rejects:
            text = self._delimiter.join(self._spans_at(text, header.kept))
        mark = _MARK if self._codec != "utf-8" or self._source.opened.encoding.mark else ""
        return self._encoded(mark + self._delimiter.join([text, *REJECT_COLUMNS]) + self._end)

    def row(self, row: Row, stage: str, code: str, reason: str) -> bytes:
        why = [self._written(cell) for cell in (str(row.number), stage, code, reason)]
        text = row.raw.decode(self._codec, escape_errors(self._codec))
        width = len(self._source.header.names)
        cells = self._safe_cells(text)
        surplus = cells[width:]
        if row.fault and not row.cells:
            # One cell too many, so that reading it again refuses it again.
            cells, surplus = [self._written(text)], ["unreadable row"]
        padding = [""] * (width - len(cells))
        line = [*cells[:width], *padding, *why, *surplus]
        return self._encoded(self._delimiter.join(line) + self._end)

    def _safe_cells(self, text: str) -> list[str]:
        """The texts of the row's original cells, each with the apostrophe it may need."""
        header = self._source.header
        spans = list(_spans(text, self._delimiter, self._quote))
        if header.is_rejects:
            spans = self._spans_at(text, header.kept) + spans[header.width :]
        return [self._safe(span) for span in spans]

    def _spans_at(self, text: str, places: tuple[int, ...]) -> list[str]:
        spans = list(_spans(text, self._delimiter, self._quote))
        return [spans[place] for place in places if place < len(spans)]

    def _safe(self, span: str) -> str:
        quote = self._quote
        quoted = bool(quote) and span[:1] == quote
        inner = span[1:] if quoted else span
        cell = inner[:-1].replace(quote * 2, quote) if quoted else inner
        value = restored(cell) if self._source.header.is_rejects else cell
        if harmless(value) == cell:
            return span
        return f"{quote}'{inner}" if quoted else f"'{inner}"

    def _written(self, cell: str) -> str:
        """A cell of our own, quoted where it must be."""
        cell = harmless(cell)
        quote = self._quote
        if not any(sign in cell for sign in (self._delimiter, quote or "\n", "\r", "\n")):
            return cell
        if not quote:
            return cell.translate({ord(self._delimiter): " ", 10: " ", 13: " "})
        return f"{quote}{cell.replace(quote, quote * 2)}{quote}"

    def _encoded(self, text: str) -> bytes:
        if self._codec == "utf-8":
            return text.encode("utf-8", "surrogateescape")
        return text.encode("utf-8", "replace")


def _clean(text: str) -> str:
    """`text` without halves of surrogate pairs, which a vendor's message may hold."""
    return text.encode("utf-8", "replace").decode()


def _spans(text: str, delimiter: str, quote: str) -> Iterator[str]:
    """The texts of a row's cells as they stand, quotes included."""
    if not quote or quote not in text:
        yield from text.split(delimiter)
        return
    start = at = 0
    while True:
        if text[start : start + 1] == quote:
            at = start + 1
            while True:
                at = text.find(quote, at)
                if at < 0:
                    at = len(text)
                    break
                if text[at + 1 : at + 2] != quote:
                    at += 1
                    break
                at += 2
        stop = text.find(delimiter, at)
        if stop < 0:
            yield text[start:]
            return
        yield text[start:stop]
        start = at = stop + 1


class _JsonLines:
    def __init__(self, source: Source) -> None:
        self._source = source

    def header(self) -> bytes:
        encoding = self._source.opened.encoding
        return _MARK.encode() if encoding.name != "utf-8" or encoding.mark else b""

    def row(self, row: Row, stage: str, code: str, reason: str) -> bytes:
        why = {"_row": row.number, "_stage": stage, "_code": code, "_reason": reason}
        opening = self._object(row).removesuffix("}").rstrip()
        separator = "" if opening == "{" else ","
        return (opening + separator).encode() + msgspec.json.encode(why)[1:] + b"\n"

    def _object(self, row: Row) -> str:
        """The row's object on one line, less what an earlier reject added to it."""
        codec = self._source.opened.codec
        text = original_text(row.raw.decode(codec, escape_errors(codec)).strip(" \t\r\n"))
        if row.fault:
            return json.dumps({RAW_MEMBER: text})
        return text.replace("\r", " ").replace("\n", " ")
