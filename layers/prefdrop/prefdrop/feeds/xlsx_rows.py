"""Rows of one sheet of an Excel workbook, read as a stream, with the extra `xlsx`.

A sheet has at most 1,048,576 rows. Its texts stand in one table that must be in memory whole, so
that table is bounded.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from prefdrop.feeds.compression import FREE_BYTES, MAX_RATIO
from prefdrop.feeds.csv_rows import Unreadable
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import Fault
from prefdrop.feeds.tables import TableFile, TableRows, cell_text, extra, readable

MAX_TEXT_BYTES = 64 * 1024 * 1024
"""Of all that is not a sheet, unpacked: above all the table of texts."""

_ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"))
_ERROR_CELL = Fault("NotAValue", None, "A cell of the row holds an error of Excel, not a value.")
_DAMAGED = (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, EOFError, TypeError)


class XlsxRows(TableRows):
    """An iterator over rows of cells from the sheet's row `start` (0-based) on.

    A place is a number of rows of the sheet, empty ones included; empty rows are not given. Rows
    are filled up to `width`, and empty cells beyond it are left out.
    """

    def __init__(self, opened: TableFile, start: int, sheet: str | None, width: int) -> None:
        super().__init__(start)
        openpyxl = extra("openpyxl", "xlsx", opened.file)
        self._file = opened.file
        self._width = width
        self._stream = opened.seekable()
        self._check_size()
        try:
            self._book = openpyxl.load_workbook(
                self._stream, read_only=True, data_only=True, keep_links=False
            )
        except _DAMAGED:
            raise self._damaged() from None
        self._sheet = self._find(sheet)

    def __iter__(self) -> Iterator[list[str]]:
        try:
            for values in self._sheet.iter_rows(min_row=self.end + 1, values_only=True):
                self.start, self.end = self.end, self.end + 1
                cells = self._trimmed([_text(value) for value in values])
                if any(cells):
                    self.cells = _checked(cells)
                    yield self.cells
        except _DAMAGED:
            raise self._damaged() from None

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()
        self._stream.close()

    def _trimmed(self, cells: list[str]) -> list[str]:
        length = len(cells)
        while length > self._width and not cells[length - 1]:
            length -= 1
        return cells[:length] + [""] * (self._width - length)

    def _find(self, name: str | None) -> Any:
        if name is None:
            sheet = self._book.worksheets[0] if self._book.worksheets else None
        else:
            sheet = next((each for each in self._book.worksheets if each.title == name), None)
        if sheet is None:
            raise SourceError(
                f"the workbook has no sheet {name}" if name else "the workbook has no sheet",
                file=self._file,
                remedy=f"Correct sheet in the feed. It has: {', '.join(self._book.sheetnames)}.",
            )
        # What a sheet says of its own size is often wrong.
        sheet.reset_dimensions()
        return sheet

    def _check_size(self) -> None:
        try:
            with zipfile.ZipFile(self._stream) as archive:
                members = archive.infolist()
        except zipfile.BadZipFile:
            raise self._damaged() from None
        packed = sum(member.compress_size for member in members)
        texts = sum(each.file_size for each in members if "/worksheets/" not in each.filename)
        if sum(member.file_size for member in members) > max(FREE_BYTES, packed * MAX_RATIO):
            problem = f"the workbook unpacks to more than {MAX_RATIO} times its size"
        elif texts > MAX_TEXT_BYTES:
            problem = f"the workbook holds more than {MAX_TEXT_BYTES:,} bytes of texts"
        else:
            return
        raise SourceError(
            problem, file=self._file, remedy="Save the sheet as CSV UTF-8 and drop that."
        )

    def _damaged(self) -> SourceError:
        return SourceError(
            "this is no Excel workbook, or it is damaged",
            file=self._file,
            row=None,
            remedy="Save it again as .xlsx, or as CSV UTF-8.",
        )


def _text(value: object) -> str:
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return cell_text(value)


def _checked(cells: list[str]) -> list[str]:
    if not _ERRORS.isdisjoint(cells):
        return Unreadable(_ERROR_CELL, cells)
    return readable(cells)
