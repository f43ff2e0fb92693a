"""What services and workflows need, and every function alike: `declared.toml`, with reasons."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import msgspec

from tools.permissions.grants import ATTACHED, LIES_ON, OWN, WORKS_WITH, Grant

TABLE = Path(__file__).with_name("declared.toml")

EVERY_FUNCTION = "the role of every function"
"""In place of a logical id."""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry: `of` the policy of what, `to` whom, which actions on what, when, and why.

    Or of what, which policy is `attached` to it, what it `lies_on`, which role it `works_with`.

    Each value of a condition is an alternative; all conditions must hold. `source` is where it can
    be read that the service needs it.
    """

    of: tuple[str, ...]
    because: str
    may: tuple[str, ...] = ()
    attached: str = ""
    lies_on: str = ""
    works_with: str = ""
    on: tuple[str, ...] = (OWN,)
    to: tuple[str, ...] = ("",)
    when: dict[str, tuple[str, ...]] = {}
    effect: str = "Allow"
    source: str = ""

    def grants(self, holder: str) -> Iterator[Grant]:
        """Its single permissions, as part of the policy of `holder`."""
        ties = {ATTACHED: self.attached, LIES_ON: self.lies_on, WORKS_WITH: self.works_with}
        for tie, to_what in ties.items():
            if to_what:
                yield Grant(holder, tie, to_what)
        choices = [[f"{key} = {value}" for value in values] for key, values in self.when.items()]
        for action, on, to, when in product(self.may, self.on, self.to, product(*choices)):
            yield Grant(holder, action, on, to, frozenset(when), self.effect)


@cache
def read(path: Path = TABLE) -> tuple[Statement, ...]:
    """The table."""
    text = tomllib.loads(path.read_text("utf-8"))
    return tuple(msgspec.convert(text["statement"], list[Statement]))
