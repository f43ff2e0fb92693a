"""The header of a csv file against the feed: where each column stands, and what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from prefdrop.feeds.definition import Feed
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.limits import row_number
from prefdrop.feeds.spreadsheet import restored

REJECT_COLUMNS = ("_row", "_stage", "_code", "_reason")
"""What a rejects file has after the original columns. Such a file's own columns are not read."""


class Header(NamedTuple):
    """The columns of a file without those of a rejects file, and where the first row starts.

    `kept` are the positions of the columns in the file's rows; `text` is the header line as it
    stood, without its line end; `numbered` is where a rejects file has its `_row`, `None` in any
    other file.
    """

    names: tuple[str, ...]
    kept: tuple[int, ...]
    width: int
    body: int
    text: str
    numbered: int | None = None

    @property
    def is_rejects(self) -> bool:
        """Whether the file has the columns of a rejects file."""
        return self.numbered is not None

    def unpacked(self, cells: Sequence[str]) -> list[str]:
        """A row's original cells: a rejects file's own are taken off, and its apostrophes."""
        if not self.is_rejects:
            return list(cells)
        kept = [restored(cells[place]) for place in self.kept if place < len(cells)]
        return kept + [restored(cell) for cell in cells[self.width :]]

    def origin(self, cells: Sequence[str]) -> int | None:
        """The number in a rejects file's `_row`, by which the row went before."""
        if self.numbered is None or self.numbered >= len(cells):
            return None
        return row_number(cells[self.numbered])

    @property
    def positions(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}


def named_header(names: tuple[str, ...], body: int) -> Header:
    """The header of a file that has none: the feed's names."""
    return Header(names, tuple(range(len(names))), len(names), body, "")


def read_header(cells: Sequence[str], text: str, body: int) -> Header:
    """The header that `cells` make; `body` is the byte offset of the first row."""
    is_rejects = all(cells.count(name) == 1 for name in REJECT_COLUMNS)
    kept = tuple(
        place for place, name in enumerate(cells) if not (is_rejects and name in REJECT_COLUMNS)
    )
    names = tuple(cells[place] for place in kept)
    numbered = cells.index("_row") if is_rejects else None
    return Header(names, kept, len(cells), body, text, numbered)


def check_header(header: Header, feed: Feed, file: str) -> None:
    """Raise `SourceError` for a column that is missing, unknown or there twice."""
    known = set(feed.columns) | set(feed.ignore)
    found = set(header.names)
    if not found & set(feed.columns):
        raise SourceError(
            "none of the feed's columns is in the file's first line",
            file=file,
            remedy=(
                "Check that this is the right feed and that the delimiter is the feed's. A file "
                "without a header needs header = false and names = [...] under [source]."
            ),
        )
    _check_twice(header, feed, file)
    _check_missing(found, feed, file)
    for place, name in enumerate(header.names):
        if name not in known:
            near = difflib.get_close_matches(name, sorted(set(feed.columns) - found), n=1)
            guess = f" Did the file mean {near[0]}?" if near else ""
            raise SourceError(
                f"the feed does not know this column, the file's {_ordinal(place)}",
                file=file,
                column=_shown(name),
                remedy=f"Map it under [columns] or list it under ignore.{guess}",
            )


def _check_twice(header: Header, feed: Feed, file: str) -> None:
    seen: dict[str, int] = {}
    for place, name in enumerate(header.names):
        if name in seen and name not in feed.ignore:
            raise SourceError(
                f"the header names this column twice, {_ordinal(seen[name])} and {_ordinal(place)}",
                file=file,
                column=_shown(name),
                remedy="Rename one of the two in the file.",
            )
        seen.setdefault(name, place)


def _check_missing(found: set[str], feed: Feed, file: str) -> None:
    for name, targets in feed.columns.items():
        if name not in found and not all(target.optional for target in targets):
            spare = sorted(found - set(feed.columns) - set(feed.ignore))
            near = difflib.get_close_matches(name, spare, n=1)
            guess = f" The file has {_shown(near[0])}." if near else ""
            raise SourceError(
                "the feed maps this column, and the file does not have it",
                file=file,
                column=name,
                remedy=f"Add it to the file, or say optional = true for it in the feed.{guess}",
            )


def _ordinal(place: int) -> str:
    return f"column no. {place + 1}"


def _shown(name: str) -> str:
    return (name if len(name) <= 60 else name[:57] + "...") or "(no name)"
