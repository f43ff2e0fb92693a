"""What can be wrong with one row, and the local reject that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Fault(NamedTuple):
    """One thing wrong with a row: a stable code, the column if it is one's, and a sentence.

    The sentence never quotes the cell: reasons are stored in more places than the rejects file,
    where the row itself stands beside them.
    """

    code: str
    column: str | None
    reason: str


class LocalReject(msgspec.Struct, frozen=True):
    """A row that was not staged."""

    row: int
    """Its number from 1, the header not counted."""
    code: str
    """The reason's name."""
    reason: str
    """All that is wrong with it, in sentences."""
    column: str | None = None
    """The column that is to blame first; null for the row as a whole."""


def reject(row: int, faults: Sequence[Fault]) -> LocalReject:
    """One reject for all faults of a row; its code and column are the first one's."""
    first = faults[0]
    sentences = dict.fromkeys(fault.reason for fault in faults)
    return LocalReject(row, first.code, " ".join(sentences), first.column)


NOT_READABLE = "RowNotReadable"
NOT_DECODABLE = "RowNotDecodable"
NUL_CHARACTER = "NulCharacter"
RAGGED = "RaggedRow"
TOO_LARGE = "RecordTooLarge"
DUPLICATE_KEY = "DuplicateKey"
NEWER_DECISION = "NewerDecisionExists"

NUL_FAULT = Fault(NUL_CHARACTER, None, "The row holds a NUL character, which no text may hold.")
SURROGATE_FAULT = Fault(
    NOT_DECODABLE, None, "The row holds half of a surrogate pair, which is no character."
)


def too_large(limit: int) -> Fault:
    """The fault of a record that fits no request by itself; `limit` is in bytes."""
    return Fault(
        TOO_LARGE, None, f"The record alone is larger than a request may be ({limit:,} bytes)."
    )


def ragged(found: int, expected: int) -> Fault:
    """The fault of a row with another number of cells than the header."""
    cells = "1 cell" if found == 1 else f"{found} cells"
    return Fault(RAGGED, None, f"The row has {cells}; the header has {expected}.")
