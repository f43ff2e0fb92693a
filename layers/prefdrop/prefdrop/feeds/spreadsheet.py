"""Cells that a spreadsheet would run as a formula, made harmless and restored.

In a rejects file a cell that a spreadsheet takes for a formula gets an apostrophe before it, and
exactly that apostrophe is taken off when the file is dropped again. A cell that already has
apostrophes before such a text gets one more, so that the way back is always right.
"""

from __future__ import annotations

import re

_SUSPECT = frozenset("=@+-\t\r'")
_JUST_A_NUMBER = re.compile(r"[+-][\d ().]*")


def runs_as_formula(cell: str) -> bool:
    """Whether a spreadsheet would take the cell for a formula."""
    if cell[:1] in ("=", "@", "\t", "\r"):
        return cell != ""
    return cell[:1] in ("+", "-") and bool(cell) and _JUST_A_NUMBER.fullmatch(cell) is None


def harmless(cell: str) -> str:
    """The cell as a rejects file holds it."""
    if cell[:1] not in _SUSPECT:
        return cell
    return f"'{cell}" if runs_as_formula(cell.lstrip("'")) else cell


def restored(cell: str) -> str:
    """The cell that `harmless` was given."""
    if cell[:1] == "'" and runs_as_formula(cell.lstrip("'")):
        return cell[1:]
    return cell
