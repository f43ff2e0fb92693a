"""The account's regular expression for e-mail addresses, used only where it surely says what we
read in it and surely comes to an end.

It is written for another engine and may be meant to ignore case, stand between slashes or be
escaped twice. One that we misread would refuse good addresses, one that backtracks would hang an
import. So a pattern must consist of plain constructs that engines agree on, must not be able to
take long on any address, and must take addresses that nobody's pattern refuses. Every other is not
understood, and then the vendor alone holds addresses to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import factorial

LONGEST = 320
"""Characters of the longest address that a pattern is tried on: 64, an @ and 255. The vendor takes
256, so longer ones are rejected for their length."""
PROBES = ("ana.ruiz@example.com", "info@example.org", "j2@mail.example-shop.co.uk")
"""Addresses that a pattern must take for us to believe that we understand it."""
MOST_STEPS = 50_000_000
"""So many steps one address may cost at worst: about a second."""
_MANY = 16
"""A repetition with more possible lengths counts as one of any length."""

_QUANTIFIER = re.compile(r"[*+?]|\{(\d+)(,?)(\d*)\}")
_OPENING = re.compile(r"\((?:\?(?::|=|!|<=|<!|P<\w+>))?(?!\?)")
_CLASS = re.compile(r"\[\^?(?:[^\]\[\\]|\\.)+\]", re.DOTALL)
_SET_OPERATION = re.compile(r"--|&&|\|\||~~")
_BACK_REFERENCE = re.compile(r"\\[1-9kg]")


class EmailPattern:
    """A pattern that is understood."""

    def __init__(self, pattern: str) -> None:
        self._as_written = re.compile(pattern).search
        self._in_any_case = re.compile(pattern, re.IGNORECASE).search

    def takes(self, address: str) -> bool:
        """Whether the address fits, in any case, as far as it is tried (see `LONGEST`)."""
        return (
            len(address) > LONGEST
            or self._as_written(address) is not None
            or self._in_any_case(address) is not None
        )


@lru_cache(maxsize=16)
def email_pattern(pattern: str) -> EmailPattern | None:
    """The pattern, or None where it is not understood."""
    try:
        if _Scan(pattern).steps() > MOST_STEPS:
            return None
        understood = EmailPattern(pattern)
    except (_NotPlain, re.error, OverflowError, RecursionError):
        return None
    return understood if all(map(understood.takes, PROBES)) else None


class _NotPlain(Exception):
    """The pattern has a construct whose meaning or whose cost is in doubt."""


class _Group:
    """A group that is being read."""

    def __init__(self) -> None:
        self.ways = 1
        self.varies = False
        """Whether it can match the same text in several ways: it holds a choice or a repetition
        that is not of a fixed length."""


class _Scan:
    """Reads a pattern once, from left to right.

    A repeated group must not vary, or a text could be cut into its repetitions in exponentially
    many ways. Without that the number of ways is a product, which `steps` takes.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._open = [_Group()]
        self._ways = 1
        self._long = 0
        """Repetitions of any length."""

    def steps(self) -> int:
        """How many ways there are at most to match an address; raises _NotPlain."""
        pattern = self._pattern
        self._place = start = len("(?i)") if pattern.startswith("(?i)") else 0
        while self._place < len(pattern):
            atom = self._atom()
            if atom is not None:
                self._repetition(atom)
        if len(self._open) > 1:
            raise _NotPlain
        whole = self._close()
        long = self._long
        anchored = pattern.startswith("^", start) and whole.ways == 1
        if not anchored:
            long += 1
        ways: int = self._ways * LONGEST**long // factorial(long)
        return ways

    def _atom(self) -> _Group | None:
        """Read on by one atom and answer it; None where it was an opening or a choice."""
        letter = self._pattern[self._place]
        if letter == "(":
            self._place = self._end_of(_OPENING)
            self._open.append(_Group())
            return None
        if letter == "|":
            self._place += 1
            self._open[-1].ways += 1
            return None
        if letter == ")":
            self._place += 1
            return self._close()
        if letter == "[":
            begin, self._place = self._place, self._end_of(_CLASS)
            if _SET_OPERATION.search(self._pattern, begin, self._place):
                raise _NotPlain
        elif letter == "\\":
            if _BACK_REFERENCE.match(self._pattern, self._place):
                raise _NotPlain
            self._place += 2
        elif _QUANTIFIER.match(self._pattern, self._place):
            raise _NotPlain
        else:
            self._place += 1
        return _Group()

    def _close(self) -> _Group:
        closed = self._open.pop()
        self._ways *= closed.ways
        closed.varies = closed.varies or closed.ways > 1
        if self._open:
            self._open[-1].varies = self._open[-1].varies or closed.varies
        elif self._place < len(self._pattern):
            raise _NotPlain
        return closed

    def _repetition(self, atom: _Group) -> None:
        """Read the quantifier that follows the atom, if one does."""
        found = _QUANTIFIER.match(self._pattern, self._place)
        if found is None:
            return
        self._place = found.end()
        self._place += self._pattern.startswith("?", self._place)
        least, most = _bounds(found)
        if atom.varies and (most is None or most > 1):
            raise _NotPlain
        if most == least:
            return
        self._open[-1].varies = True
        if most is None or most - least >= _MANY:
            self._long += 1
        else:
            self._ways *= most - least + 1

    def _end_of(self, construct: re.Pattern[str]) -> int:
        found = construct.match(self._pattern, self._place)
        if found is None:
            raise _NotPlain
        return found.end()


def _bounds(quantifier: re.Match[str]) -> tuple[int, int | None]:
    """How often at least and at most; None for any number."""
    simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
    if quantifier[0] in simple:
        return simple[quantifier[0]]
    least = int(quantifier[1])
    if not quantifier[2]:
        return least, least
    return least, int(quantifier[3]) if quantifier[3] else None
