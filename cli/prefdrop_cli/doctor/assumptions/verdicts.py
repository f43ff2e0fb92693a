"""What became of an assumption when the vendor was asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Outcome = Literal["held", "did not hold", "could not be told"]


class Confirmation(msgspec.Struct, frozen=True):
    """One fact behind an assumption: a route, a name, a behaviour, and what came of it."""

    number: str
    """Of the open point, such as `O-3`."""
    fact: str
    outcome: Outcome
    said: str = ""
    """What was found instead, or why nothing could be told."""
    change: str = ""
    """Where to change it."""


class Confirmed(msgspec.Struct, frozen=True):
    """An open point with all that was found about it."""

    number: str
    """Of the open point in [vendor-assumptions.md](vendor-assumptions.md)."""
    assumption: str
    """What is assumed."""
    outcome: Outcome
    """Whether the vendor does so."""
    said: list[str]
    """What was found instead, or why nothing could be told."""
    remedy: str
    """Where to change it; may be empty."""


def held(number: str, fact: str, said: str = "") -> Confirmation:
    """The vendor does what is assumed."""
    return Confirmation(number, fact, "held", said)


def not_held(number: str, fact: str, said: str, change: str) -> Confirmation:
    """The vendor does something else."""
    return Confirmation(number, fact, "did not hold", said, change)


def untold(number: str, fact: str, said: str) -> Confirmation:
    """The vendor's answer does not tell."""
    return Confirmation(number, fact, "could not be told", said)


def outcome_of(found: Iterable[Confirmation]) -> Outcome:
    """One fact that does not hold decides; else one that holds."""
    outcomes = {one.outcome for one in found}
    if "did not hold" in outcomes:
        return "did not hold"
    return "held" if "held" in outcomes else "could not be told"
