"""What an examination finds."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["good", "doubtful", "bad", "skipped"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. `said` and `remedy` hold no secret and no person's data.

    `doubtful` is worth a look and needs none at once; `skipped` could not be looked at.
    """

    check: str
    """What was looked at."""
    verdict: Verdict
    """`doubtful` is worth a look; `skipped` could not be looked at."""
    said: str
    """What was found."""
    remedy: str = ""
    """What to do; may be empty."""


def good(check: str, said: str) -> Finding:
    """As it should be."""
    return Finding(check, "good", said)


def doubtful(check: str, said: str, remedy: str) -> Finding:
    """Perhaps not as it should be."""
    return Finding(check, "doubtful", said, remedy)


def bad(check: str, said: str, remedy: str) -> Finding:
    """Not as it should be."""
    return Finding(check, "bad", said, remedy)


def skipped(check: str, said: str, remedy: str = "") -> Finding:
    """Not looked at, and why."""
    return Finding(check, "skipped", said, remedy)
