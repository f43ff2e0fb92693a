"""The rows of a drop whose match key a later drop of the feed holds, as the rejects they become."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from prefdrop.feeds.faults import NEWER_DECISION, LocalReject
from prefdrop.feeds.key_index import KeyIndex, Keys, build_held_index


class LaterDrop(NamedTuple):
    """A later drop: its name in sentences, and the match keys that its file holds, read anew."""

    name: str
    keys: Callable[[], Keys]


class HeldRows:
    """The rejects of rows whose match key a later drop holds."""

    def __init__(self, index: KeyIndex, names: Sequence[str]) -> None:
        self._index = index
        self._names = names

    def of(self, row: int) -> LocalReject | None:
        """The reject of this row, or `None` where no later drop holds its key."""
        number = self._index.winner(row)
        if not number:
            return None
        reason = f"A later file, {self._names[number - 1]}, holds a row with the same match key."
        return LocalReject(row, NEWER_DECISION, reason)


class LaterDrops:
    """The later drops of a feed, oldest first, each of which is read once for each file."""

    def __init__(self, drops: Sequence[LaterDrop]) -> None:
        self._drops = drops
        self._folder = tempfile.TemporaryDirectory(prefix="prefdrop-")
        self._found: dict[str, HeldRows] = {}

    def held(self, file: str, keys: Keys) -> HeldRows:
        """Return the rows of `file` that a later drop holds; `keys` are read once at most."""
        if file not in self._found:
            path = Path(self._folder.name, f"held-{len(self._found)}.rows")
            later = (drop.keys() for drop in self._drops)
            index = build_held_index(keys, later, path, file=file)
            self._found[file] = HeldRows(index, [drop.name for drop in self._drops])
        return self._found[file]
