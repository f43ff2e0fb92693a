"""What a command prints where it could not do what was asked."""

from __future__ import annotations

import msgspec

from prefdrop.errors import Problem


class ProblemTold(msgspec.Struct, frozen=True):
    """In place of the result, with exit code 2 or 5."""

    error: Problem
    """The mistake."""
