"""Reasons why a record fails, written where the vendor writes them: into the record itself.

A failing record has an `Exceptions` array, and so has every failing child.
"""

from __future__ import annotations

from typing import Any

from mypreferences_assumptions import NAMES

Item = dict[str, Any]

EXCEPTIONS = "Exceptions"
_CODE = NAMES["exception.code"].value
_MESSAGE = NAMES["exception.message"].value

INVALID_TYPE = "InvalidType"


class Faults:
    """Counts what is wrong with one record."""

    __slots__ = ("codes",)

    def __init__(self) -> None:
        self.codes: list[str] = []

    def add(self, item: Item, code: str, message: str) -> None:
        """Note a fault on the record or on the child it is about."""
        self.codes.append(code)
        item.setdefault(EXCEPTIONS, []).append({_CODE: code, _MESSAGE: message})

    def __bool__(self) -> bool:
        return bool(self.codes)
