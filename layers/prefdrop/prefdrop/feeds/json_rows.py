"""Rows of a JSON source: one object per line (jsonl), or the elements of one array (json)."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import msgspec

from prefdrop.feeds.dialect import Encoding
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import NOT_READABLE, Fault
from prefdrop.feeds.limits import Cursor
from prefdrop.feeds.lines import BLOCK_BYTES, MAX_LINE_BYTES, LineReader

REJECT_MEMBERS = ("_row", "_stage", "_code", "_reason")
RAW_MEMBER = "_raw"
"""The member of a rejects file that holds a line which was no JSON object."""

_SPACE = re.compile(r"[ \t\r\n]*")


class JsonRow(NamedTuple):
    """One object: its text as it stood, and what it holds; or the fault that keeps it from both."""

    text: str
    value: dict[str, Any]
    fault: Fault | None = None


_NOT_JSON = Fault(NOT_READABLE, None, "The line is not valid JSON.")
_NO_OBJECT = Fault(NOT_READABLE, None, "The line is JSON, but not an object.")


def read_object(text: str, fault: Fault | None = None) -> JsonRow:
    """Read one object; a reject's own members are taken off again."""
    if fault is not None:
        return JsonRow(text, {}, fault)
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return JsonRow(text, {}, _NOT_JSON)
    if value.__class__ is not dict:
        return JsonRow(text, {}, _NO_OBJECT)
    if "_row" in value and all(name in value for name in REJECT_MEMBERS):
        return _without_reject_members(value)
    return JsonRow(text, value)


def _without_reject_members(value: dict[str, Any]) -> JsonRow:
    kept = {name: each for name, each in value.items() if name not in REJECT_MEMBERS}
    if kept.keys() == {RAW_MEMBER} and isinstance(kept[RAW_MEMBER], str):
        return read_object(kept[RAW_MEMBER])
    return JsonRow(msgspec.json.encode(kept).decode(), kept)


class JsonLines:
    """An iterator over the objects of a jsonl file; offsets and blank lines as in `CsvRows`."""

    def __init__(self, lines: LineReader, offset: int) -> None:
        self.start = self.end = offset
        self.raw = b""
        self._lines = lines

    def __iter__(self) -> Iterator[JsonRow]:
        lines = self._lines
        for line in lines:
            self.raw = raw = lines.take()
            self.start = self.end
            self.end += len(raw)
            text = line.strip(" \t\r\n")
            fault, lines.fault = lines.fault, None
            if text or fault:
                yield read_object(text, fault)


class JsonArray:
    """An iterator over the elements of one array, read as a stream.

    Also takes objects that simply follow each other, so that the rejects of an array, which are
    written as lines, can be dropped again. An array with a syntax error can't be read on: it ends
    in a `SourceError` that names the row.
    """

    def __init__(self, stream: BinaryIO, start: Cursor, encoding: Encoding, file: str) -> None:
        self.start = self.end = start.offset
        self._row_number = start.row
        self.raw = b""
        self._stream = stream
        self._codec = encoding.name
        self._decoder = codecs.getincrementaldecoder(encoding.name)("strict")
        self._scan = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._text = ""
        self._at = 0
        self._file = file
        self._ended = False

    def __iter__(self) -> Iterator[JsonRow]:
        while self._skip_to_value():
            self.start = self.end
            self._row_number += 1
            value, stop = self._next_value()
            text = self._text[self._at : stop]
            self._at = stop
            self.raw = text.encode(self._codec)
            self.end += len(self.raw)
            yield self._row(text, value)

    def _row(self, text: str, value: object) -> JsonRow:
        if not isinstance(value, dict):
            return JsonRow(text, {}, _NO_OBJECT)
        if "_row" in value and all(name in value for name in REJECT_MEMBERS):
            return _without_reject_members(value)
        return JsonRow(text, value)

    def _skip_to_value(self) -> bool:
        """Move to the next element; `False` at the end of the file."""
        while True:
            stop = self._at
            while True:
                space = _SPACE.match(self._text, stop)
                stop = space.end() if space else stop
                if stop < len(self._text) and self._text[stop] in "[,]":
                    stop += 1
                    continue
                break
            self.end += len(self._text[self._at : stop].encode(self._codec))
            self._at = stop
            if stop < len(self._text):
                return True
            if not self._more():
                return False

    def _next_value(self) -> tuple[object, int]:
        while True:
            try:
                value, stop = self._scan(self._text, self._at)
            except (json.JSONDecodeError, RecursionError):
                if not self._more():
                    self._fail("the JSON can't be read on from here")
                continue
            return value, stop

    def _more(self) -> bool:
        """Read on; what was consumed is dropped from the buffer."""
        if self._ended:
            return False
        self._text = self._text[self._at :]
        self._at = 0
        if len(self._text) > MAX_LINE_BYTES:
            self._fail(f"an element is longer than {MAX_LINE_BYTES:,} characters")
        block = self._stream.read(max(BLOCK_BYTES, len(self._text)))
        self._ended = not block
        try:
            self._text += self._decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            self._fail(f"the file holds bytes that are not {self._codec}")
        return bool(block)

    def _fail(self, problem: str) -> None:
        raise SourceError(
            f"{problem} (byte {self.end:,})",
            file=self._file,
            row=self._row_number,
            remedy="Correct the file there; one object per line (jsonl) loses only the bad line.",
        )


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)
