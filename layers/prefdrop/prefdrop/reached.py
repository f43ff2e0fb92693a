"""Marks of rare branches: a run of random schedules proves by them that it went everywhere.

A branch says `reached("its name")`. Nothing happens unless a test listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str], object]] = []


def reached(name: str) -> None:
    """Report a branch to the tests that listen. `name` is a literal, and no other branch's."""
    for listener in _listeners:
        listener(name)


@contextmanager
def listening(listener: Callable[[str], object]) -> Iterator[None]:
    """Call `listener` with the name of each branch that is reached inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
