"""What a command prints where it could not do what was asked."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, and what to do about it."""

    code: str
    """The error's name; stable. [operations.md](operations.md#failed) lists them."""
    message: str
    """What happened, and to what."""
    hint: str
    """What to do next; empty where there is nothing to add."""


class ProblemTold(msgspec.Struct, frozen=True):
    """In place of the result, with exit code 2 or 5."""

    error: Problem
    """The mistake."""
