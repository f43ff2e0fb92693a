"""Whether the first row of a csv sample names the columns or is a row like the others.

Taking a row of data for the header would put a person's data into the feed as column names, so
whatever can only be data decides against a header.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prefdrop.feeds.inference.codes import KNOWN_CODES
from prefdrop.feeds.inference.shapes import (
    is_dated,
    is_email,
    is_number,
    is_worded,
    is_written_as_phone,
    outline,
)
from prefdrop.feeds.inference.vocabulary import NAMING_WORDS
from prefdrop.feeds.inference.words import words_of


def names_columns(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether `first`, the first row of the file, is a header over `rows`."""
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
