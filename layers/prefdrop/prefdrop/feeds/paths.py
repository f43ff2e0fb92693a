"""Column paths: where in the vendor's record a column's value goes.

    path     = step *( "." step )
    step     = Member                      a plain member or an object
             | Member "[" Name=Value "]"   the item of a collection with that discriminator
             | Member "[" digits "]"       an item without discriminator; the number only tells
                                           several of them apart within the feed
             | Member "[]"                 the same, when there is only one, or one per split piece

A value in brackets may hold any character but `]`, and may be quoted with `"`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STEP = re.compile(
    r"(?P<member>[A-Za-z_]\w*)"
    r"(?P<item>\[(?:(?P<name>[A-Za-z_]\w*)=(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>[^\]\"]*))|(?P<number>\d*))\])?"
)


class Step(NamedTuple):
    """One step. `item` is `None` for a plain member or object, else the item's label;
    `discriminator` is its `(member, value)` where it has one."""

    member: str
    item: str | None = None
    discriminator: tuple[str, str] | None = None


class PathSyntaxError(ValueError):
    """The text is no path; the message says where it stops being one."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Read a path. Raises `PathSyntaxError` with a sentence a feed's author understands."""
    steps: list[Step] = []
    position = 0
    while True:
        match = _STEP.match(text, position)
        if match is None:
            raise PathSyntaxError(f"the path can't be read from its character {position + 1} on")
        steps.append(_step(match))
        position = match.end()
        if position == len(text):
            return tuple(steps)
        if text[position] != ".":
            raise PathSyntaxError(f"the path can't be read from its character {position + 1} on")
        position += 1


def _step(match: re.Match[str]) -> Step:
    if match["item"] is None:
        return Step(match["member"])
    if match["name"] is None:
        return Step(match["member"], match["number"])
    value = match["quoted"] if match["quoted"] is not None else match["plain"]
    if not value:
        raise PathSyntaxError(f"the discriminator {match['name']} has no value")
    return Step(match["member"], f"{match['name']}={value}", (match["name"], value))
