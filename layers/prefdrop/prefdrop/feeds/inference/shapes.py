"""What the cells of one column have in common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from prefdrop.feeds.inference.words import words_of
from prefdrop.feeds.values import EMAIL, PHONE

FEW_VALUES = 24
"""A column with at most this many values may be one of codes."""

_PHONE_SIGNS = re.compile(r"\+[1-9]|\(\d{2,5}\)|\d{2,4}[-. ]\d{3,4}[-. ]?\d{2,4}")
_LOCALE = re.compile(r"[a-z]{2,3}[-_][A-Z]{2}")
_VERSION = re.compile(r"[vV]?\d{1,3}(\.\d{1,3}){0,3}")
_DATELIKE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d\d)\b")


@dataclass(frozen=True)
class Column:
    """One column of the sample: its name and its cells, their outer spaces taken off."""

    name: str
    place: int
    cells: tuple[str, ...]
    listed: bool = False
    """Some cells were lists or objects, which a column can't be mapped from."""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return words_of(self.name)

    def says(self, *words: str) -> bool:
        """Whether its name has one of these words."""
        return any(word in self.words for word in words)

    @cached_property
    def values(self) -> Counter[str]:
        """How often each value stands in it; empty cells are no values."""
        return Counter(cell for cell in self.cells if cell)

    @cached_property
    def filled(self) -> int:
        """Cells that are not empty."""
        return self.values.total()

    @property
    def filled_share(self) -> float:
        return self.filled / len(self.cells) if self.cells else 0.0

    @property
    def unique_share(self) -> float:
        """Different values among the filled cells, from 0 to 1."""
        return len(self.values) / self.filled if self.filled else 0.0

    def share(self, fits: Callable[[str], object]) -> float:
        """The share of filled cells that `fits` is true of; 0 where all are empty."""
        fitting = sum(count for value, count in self.values.items() if fits(value))
        return fitting / self.filled if self.filled else 0.0

    @cached_property
    def codes(self) -> frozenset[str]:
        """Its values in lower case, or nothing if they are too many to be codes."""
        if not 0 < len(self.values) <= FEW_VALUES:
            return frozenset()
        return frozenset(value.lower() for value in self.values)


def is_email(text: str) -> bool:
    """Whether the text has the shape of an e-mail address, as the checks before staging see it."""
    return EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Whether the checks before staging would take the text as a phone number."""
    return PHONE.fullmatch(text) is not None


def is_written_as_phone(text: str) -> bool:
    """Whether the text is a phone number with the signs that tell it from a plain number."""
    return is_phone(text) and bool(_PHONE_SIGNS.search(text)) and not _DATELIKE.search(text)


def is_locale(text: str) -> bool:
    """Whether the text is a language and a country, such as `en_US`."""
    return _LOCALE.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether the text is the number of a version, such as `2.0`."""
    return _VERSION.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether the text is digits, with the usual signs of a number."""
    return re.fullmatch(r"[-+]?\d[\d.,]*", text) is not None


def is_dated(text: str) -> bool:
    """Whether the text looks like a date."""
    return _DATELIKE.match(text) is not None


def is_worded(text: str) -> bool:
    """Whether the text is letters and the signs that names have."""
    return any(sign.isalpha() for sign in text) and not any(sign.isdigit() for sign in text)


def outline(text: str) -> str:
    """The text with a letter for every letter and a nine for every digit: `C-000981` → `A-999999`.

    Texts of more than 40 characters have none.
    """
    if len(text) > 40:
        return ""
    return "".join("9" if s.isdigit() else "A" if s.isalpha() else s for s in text)


def percent(share: float) -> str:
    """A share in words that does not round 99.96 % up to all."""
    if share >= 1:
        return "every"
    return f"{min(share * 100, 99.9):.3g} % of the"
