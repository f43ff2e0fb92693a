"""Rows of a JSON source: one object per line (jsonl), or the elements of one array (json)."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, BinaryIO, NamedTuple, NoReturn

import msgspec

from prefdrop.feeds.dialect import Encoding
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import NOT_READABLE, SURROGATE_FAULT, Fault
from prefdrop.feeds.limits import Cursor, row_number
from prefdrop.feeds.lines import BLOCK_BYTES, MAX_LINE_BYTES, LineReader

REJECT_MEMBERS = ("_row", "_stage", "_code", "_reason")
RAW_MEMBER = "_raw"
"""The member of a rejects file that holds a line which was no JSON object."""

_SPACE = re.compile(r"[ \t\r\n]*")
_SPANS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class JsonRow(NamedTuple):
    """One object: its text as it stood, and what it holds; or the fault that keeps it from both.

    Of a reject's line, `text` is what the line was before, and `origin` the number in its `_row`.
    """

    text: str
    value: dict[str, Any]
    fault: Fault | None = None
    origin: int | None = None


_NOT_JSON = Fault(NOT_READABLE, None, "The line is not valid JSON.")
_NO_OBJECT = Fault(NOT_READABLE, None, "The line is JSON, but not an object.")


def read_object(text: str, fault: Fault | None = None) -> JsonRow:
    """Read one object; a reject's own members are taken off again."""
    if fault is not None:
        return JsonRow(text, {}, fault)
    try:
        value = msgspec.json.decode(text)
    except UnicodeEncodeError:
        return JsonRow(text, {}, SURROGATE_FAULT)
    except (msgspec.DecodeError, RecursionError):
        return _read_leniently(text)
    if value.__class__ is not dict:
        return JsonRow(text, {}, _NO_OBJECT)
    if "_row" in value and is_reject(value):
        return _without_reject_members(text, value)
    return JsonRow(text, value)


def _read_leniently(text: str) -> JsonRow:
    """A line that is no JSON, unless it wraps one whose bytes are no text."""
    if f'"{RAW_MEMBER}"' in text:
        value = _loaded(text)
        if is_reject(value):
            return _without_reject_members(text, value)
    return JsonRow(text, {}, _NOT_JSON)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_reject(value: object) -> bool:
    """Whether an object is a line of a rejects file."""
    return isinstance(value, dict) and all(name in value for name in REJECT_MEMBERS)


def _is_wrapped(value: dict[str, Any]) -> bool:
    return len(value) == len(REJECT_MEMBERS) + 1 and isinstance(value.get(RAW_MEMBER), str)


def _without_reject_members(text: str, value: dict[str, Any]) -> JsonRow:
    origin = row_number(value["_row"])
    if _is_wrapped(value):
        return _unwrapped(value[RAW_MEMBER])._replace(origin=origin)
    kept = {name: each for name, each in value.items() if name not in REJECT_MEMBERS}
    return JsonRow(_kept_text(text, kept), kept, None, origin)


def _unwrapped(raw: str) -> JsonRow:
    """The object in a line that was none; a line is wrapped once, so once is enough."""
    try:
        value = msgspec.json.decode(raw)
    except UnicodeEncodeError:
        return JsonRow(raw, {}, SURROGATE_FAULT)
    except (msgspec.DecodeError, RecursionError):
        return JsonRow(raw, {}, _NOT_JSON)
    return JsonRow(raw, value) if isinstance(value, dict) else JsonRow(raw, {}, _NO_OBJECT)


def _kept_text(text: str, kept: dict[str, Any]) -> str:
    """The object with only the `kept` members, each value as it stands in `text`."""
    try:
        spans = _SPANS.decode(text)
        members = [
            f"{msgspec.json.encode(name).decode()}:{bytes(spans[name]).decode()}" for name in kept
        ]
    except (msgspec.DecodeError, UnicodeError, KeyError):
        return json.dumps(kept)
    return f"{{{','.join(members)}}}"


def original_text(text: str) -> str:
    """What a row's text was before it became a line of a rejects file, if it is one."""
    if not all(f'"{name}"' in text for name in REJECT_MEMBERS):
        return text
    value = _loaded(text)
    if not is_reject(value):
        return text
    if _is_wrapped(value):
        return str(value[RAW_MEMBER])
    return _kept_text(text, {name: value[name] for name in value if name not in REJECT_MEMBERS})


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

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()


class _Expected(Enum):
    """What may come next in the text."""

    ARRAY = auto()
    VALUE_OR_END = auto()
    VALUE = auto()
    COMMA_OR_END = auto()
    ANYTHING = auto()
    NOTHING = auto()


_MAY_BEGIN_VALUE = (_Expected.VALUE_OR_END, _Expected.VALUE, _Expected.ANYTHING)
_MAY_CLOSE = (_Expected.VALUE_OR_END, _Expected.COMMA_OR_END, _Expected.ANYTHING)
_MAY_SEPARATE = (_Expected.COMMA_OR_END, _Expected.ANYTHING)
_MAY_END = (_Expected.ANYTHING, _Expected.NOTHING)


class JsonArray:
    """An iterator over the elements of one array, read as a stream.

    Where the file is no array (`array` is false) it takes objects that simply follow each other, so
    that the rejects of an array, which are written as lines, can be dropped again. A file with a
    syntax error, or cut short, can't be read on: it ends in a `SourceError` that names the row.
    """

    def __init__(
        self, stream: BinaryIO, start: Cursor, encoding: Encoding, file: str, *, array: bool
    ) -> None:
        self.start = self.end = start.offset
        self._row_number = start.row
        self.raw = b""
        self._array = array
        begins = start.offset <= encoding.mark
        self._expected = _Expected.ARRAY if array and begins else _Expected.ANYTHING
        self._stream = stream
        self._codec = encoding.name
        self._decoder = codecs.getincrementaldecoder(encoding.name)("strict")
        self._scan = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._text = ""
        self._at = 0
        self._file = file
        self._ended = False
        self._width = encoding.width

    def __iter__(self) -> Iterator[JsonRow]:
        while self._skip_to_value():
            self.start = self.end
            self._row_number += 1
            value, stop = self._next_value()
            text = self._text[self._at : stop]
            self._at = stop
            self.raw = text.encode(self._codec, "surrogatepass")
            self.end += len(self.raw)
            self._expected = _Expected.COMMA_OR_END if self._array else _Expected.ANYTHING
            yield self._row(text, value)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def _row(self, text: str, value: object) -> JsonRow:
        if not isinstance(value, dict):
            return JsonRow(text, {}, _NO_OBJECT)
        if "_row" in value and is_reject(value):
            return _without_reject_members(text, value)
        return JsonRow(text, value)

    def _skip_to_value(self) -> bool:
        """Move to the next element; `False` at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._consume(space.end() if space else self._at)
            if self._at == len(self._text):
                if self._more():
                    continue
                if self._expected not in _MAY_END:
                    self._fail("the file ends in the middle of its array")
                return False
            if not self._array or not self._take_sign(self._text[self._at]):
                return True

    def _take_sign(self, sign: str) -> bool:
        """Take a sign between the elements; `False` where an element begins."""
        expected = self._expected
        if sign == "[" and expected is _Expected.ARRAY:
            self._expected = _Expected.VALUE_OR_END
        elif sign == "," and expected in _MAY_SEPARATE:
            self._expected = _Expected.VALUE
        elif sign == "]" and expected in _MAY_CLOSE:
            self._expected = _Expected.NOTHING
        elif expected in _MAY_BEGIN_VALUE:
            return False
        else:
            self._fail("the JSON can't be read on from here")
        self._consume(self._at + 1)
        return True

    def _consume(self, stop: int) -> None:
        """Count the text up to `stop`, which is all ASCII."""
        self.end += (stop - self._at) * self._width
        self._at = stop

    def _next_value(self) -> tuple[object, int]:
        while True:
            try:
                value, stop = self._scan(self._text, self._at)
            except (json.JSONDecodeError, RecursionError):
                if not self._more():
                    self._fail("the JSON can't be read on from here")
                continue
            except ValueError:
                self._fail("a number has too many digits")
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

    def _fail(self, problem: str) -> NoReturn:
        raise SourceError(
            f"{problem} (byte {self.end:,})",
            file=self._file,
            row=self._row_number or None,
            remedy="Correct the file there; one object per line (jsonl) loses only the bad line.",
        )


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)
