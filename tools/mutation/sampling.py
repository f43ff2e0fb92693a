"""Names of mutants, and a sample of them that a seed repeats."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True)
class Name:
    """What identifies a mutant, whatever else changes in its module."""

    module: str
    function: str
    """Class and function; empty for a statement outside of functions."""
    line: str
    """First line of the statement, or of the header that it is part of."""
    before: str
    after: str
    """Empty where the mutant leaves `before` out."""
    number: int = 1
    """Which of several mutants whose other members are the same."""


class Named(Protocol):
    """Anything that has a mutant's name."""

    @property
    def name(self) -> Name: ...


Mutant = TypeVar("Mutant", bound=Named)


def sample(mutants: Iterable[Mutant], size: int, seed: int) -> list[Mutant]:
    """Draw mutants, from each module in proportion to how many it has.

    A mutant's place depends on the seed and on its name alone. A change to the code therefore
    changes the sample only as far as the code.
    """
    by_module: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_module.setdefault(mutant.name.module, []).append(mutant)
    placed: list[tuple[float, str, Mutant]] = []
    for module, found in by_module.items():
        found.sort(key=lambda mutant: _rank(mutant.name, seed))
        placed += [((n + 0.5) / len(found), module, mutant) for n, mutant in enumerate(found)]
    placed.sort(key=lambda place: place[:2])
    return [mutant for _, _, mutant in placed[:size]]


def _rank(name: Name, seed: int) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
