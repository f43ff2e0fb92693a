"""The mapping rules said a second time: slowly, with dicts, sharing no code with the compiler."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

Path = tuple[str, ...]


class Mapped(NamedTuple):
    """One column: its path, its `values` table, what an empty cell does and stands for."""

    path: str
    values: dict[str, Any] | None = None
    empty: str = "omit"
    default: str = ""
    trim: bool = False


REQUIRED = {
    "Emails": {"EmailAddress"},
    "EmailPreferences": {"FilterId", "PreferenceType"},
    "Consents": {"ConsentType", "ConsentVersion", "Locale", "ConsentStatus"},
    "AlternateIds": {"AlternateIdType", "AlternateId"},
    "ProfileTags": {"Name"},
    "CustomFields": {"Name"},
}


def expected_record(
    columns: dict[str, Mapped], constants: dict[str, Any], cells: dict[str, str]
) -> dict[str, Any] | None:
    """The record of one row, or `None` where the row must be rejected."""
    owners: dict[Path, dict[str, Any]] = {}
    alive: set[Path] = set()
    filled: set[Path] = set()
    for name, column in columns.items():
        *owner, member = column.path.split(".")
        place = tuple(owner)
        _mention(owners, place)
        filled.update(place[:depth] for depth in range(len(place) + 1))
        required = member in REQUIRED.get(_collection(place), set())
        cell = cells[name].strip() if column.trim else cells[name]
        cell = cell or column.default
        if column.values is not None and cell:
            if cell not in column.values:
                return None
            cell = column.values[cell]
        if cell != "":
            owners[place][member] = cell
            alive.update(place[:depth] for depth in range(len(place) + 1))
        elif column.empty == "reject":
            return None
        elif column.empty == "null" and not required:
            owners[place][member] = None
            if not _needs_a_column(place, columns):
                alive.update(place[:depth] for depth in range(len(place) + 1))
    for path, value in constants.items():
        *owner, member = path.split(".")
        _mention(owners, tuple(owner))
        owners[tuple(owner)][member] = value
    return _assemble((), owners, alive, filled)


def _mention(owners: dict[Path, dict[str, Any]], place: Path) -> None:
    for depth in range(len(place) + 1):
        owners.setdefault(place[:depth], {})


def _collection(place: Path) -> str:
    return re.sub(r"\[.*", "", place[-1]) if place else ""


def _needs_a_column(place: Path, columns: dict[str, Mapped]) -> bool:
    required = REQUIRED.get(_collection(place), set())
    return any(
        tuple(column.path.split(".")[:-1]) == place and column.path.split(".")[-1] in required
        for column in columns.values()
    )


def _assemble(
    place: Path, owners: dict[Path, dict[str, Any]], alive: set[Path], filled: set[Path]
) -> dict[str, Any] | None:
    found = re.search(r"\[(\w+)=(.*)\]$", place[-1]) if place else None
    item: dict[str, Any] = {found[1]: found[2]} if found else {}
    item.update(owners[place])
    children = [each for each in owners if len(each) == len(place) + 1 and each[:-1] == place]
    for wanted in (True, False):
        for child in children:
            if (child in filled) is not wanted or (wanted and child not in alive):
                continue
            inner = _assemble(child, owners, alive, filled)
            if inner is None:
                return None
            if "[" in child[-1]:
                item.setdefault(_collection(child), []).append(inner)
            else:
                item[child[-1]] = inner
    missing = REQUIRED.get(_collection(place), set()) - {
        k for k, v in item.items() if v is not None
    }
    return None if missing and place in filled else item
