"""Files whose cells have types: what the text of a cell is, and the libraries that read them.

A cell becomes the text that a csv file would hold, so that everything after it (mapping, checks,
rejects) is the same for all files. The libraries are optional extras and imported only here: no
deployed function carries them unless it is built to.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any, BinaryIO, cast

from prefdrop.feeds.compression import OpenAt, Seekable
from prefdrop.feeds.csv_rows import Unreadable
from prefdrop.feeds.dialect import Encoding
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import NOT_DECODABLE, NUL_FAULT, Fault
from prefdrop.feeds.opened import OpenedFile

MAGIC = {"parquet": b"PAR1", "xlsx": b"PK\3\4"}
"""The first bytes of such a file, by its format."""

_NO_TEXT = re.compile("[\ud800-\udfff]")
_NO_TEXT_FAULT = Fault(NOT_DECODABLE, None, "The row holds bytes that are not UTF-8.")
_EXACT = 2**53
"""Up to this, a float holds every whole number exactly."""


class TableFile(OpenedFile):
    """A file that is no text. What is written of its rows is UTF-8 csv, a line feed after each."""

    encoding = Encoding("utf-8")
    newline = b"\n"
    line_end = "\n"

    def __init__(self, open_at: OpenAt, size: int, file: str, *, skips_slowly: bool) -> None:
        super().__init__(open_at, size, file, None)
        self._skips_slowly = skips_slowly

    @cached_property
    def is_compressed(self) -> bool:
        """Whether going on in the middle must read all that lies before it."""
        return self._skips_slowly

    def seekable(self) -> BinaryIO:
        """The file's bytes, read from where they are wanted."""
        return cast(BinaryIO, Seekable(self._raw_open_at, self._size))


def is_table(format: str, open_at: OpenAt, size: int) -> bool:
    """Whether the file is a table of this format; a rejects file of one is csv."""
    if size == 0:
        return False
    with open_at(0) as stream:
        return stream.read(4) == MAGIC[format]


def extra(module: str, name: str, file: str) -> Any:
    """The library that the extra `name` brings."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SourceError(
            f"reading {name} needs the library {module.partition('.')[0]}, which is not installed",
            file=file,
            remedy=f"Install it with: pip install 'prefdrop[{name}]' (on AWS, build the layer with "
            f"requirements-{name}.txt). Or drop the file as csv.",
        ) from None


def cell_text(value: object) -> str:
    """The text of one typed cell, as docs/feeds.md lists it; bytes that are no text stay in it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, default=cell_text, ensure_ascii=False)
    return str(value)


def _float_text(value: float) -> str:
    if value != value:
        return ""
    whole = value.is_integer() and abs(value) <= _EXACT
    return str(int(value)) if whole else repr(value)


def _moment_text(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def readable(cells: list[str]) -> list[str]:
    """The row, or what says that it can't be taken."""
    text = "".join(cells)
    if "\0" in text:
        return Unreadable(NUL_FAULT, cells)
    if not text.isascii() and _NO_TEXT.search(text):
        return Unreadable(_NO_TEXT_FAULT, cells)
    return cells


def csv_line(cells: Sequence[str]) -> str:
    """The row as csv, without a line end; never a blank line."""
    line = ",".join(
        '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in ',"\r\n') else cell
        for cell in cells
    )
    return line if line.strip() else '""' + line


class TableRows:
    """What the readers of tables share: the place of the row given last, and its text.

    Places count rows, since bytes say nothing about them; `raw` is made when it is asked for.
    """

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.cells: list[str] = []

    @property
    def raw(self) -> bytes:
        """The row given last as a line of csv."""
        cells = self.cells.shown if isinstance(self.cells, Unreadable) else self.cells
        return csv_line(cells).encode("utf-8", "surrogateescape")
