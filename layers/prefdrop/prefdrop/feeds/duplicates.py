"""Rows whose match key another row of the file, or a later drop, has too, as their rejects."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from prefdrop.feeds.definition import Feed
from prefdrop.feeds.faults import DUPLICATE_KEY, NEWER_DECISION, LocalReject
from prefdrop.feeds.key_index import KeyIndex, Keys, Winner, build_held_index, build_index
from prefdrop.feeds.layout import Leaf
from prefdrop.feeds.loading import feed_layout
from prefdrop.feeds.vendor_record import ALTERNATE_ID_TYPE, ALTERNATE_ID_VALUE


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


_REASONS: dict[Winner, str] = {
    "last": "Row {winner} has the same match key and wins, as the last one in the file.",
    "first": "Row {winner} has the same match key and wins, as the first one in the file.",
    "reject": "Row {winner} has the same match key, and the feed rejects all rows that share one.",
}

KeyReader = Callable[[str], "str | None"]


class Refusals:
    """The rows that are not staged whatever they hold: refused ones, those whose key a later drop
    holds, and those that lose to another row."""

    def __init__(
        self, refused: Mapping[int, LocalReject], *others: HeldRows | LosingRows | None
    ) -> None:
        self._refused = refused
        self._others = [rows for rows in others if rows is not None]

    def __bool__(self) -> bool:
        return bool(self._refused or self._others)

    def of(self, row: int) -> LocalReject | None:
        """The reject of this row, by its number, or `None`."""
        if found := self._refused.get(row):
            return found
        return next((found for rows in self._others if (found := rows.of(row))), None)


class LosingRows:
    """The rejects of rows that lose to another with their match key."""

    def __init__(self, index: KeyIndex, policy: Winner, column: str | None) -> None:
        self._index = index
        self._reason = _REASONS[policy]
        self._column = column

    def of(self, row: int) -> LocalReject | None:
        """The reject of this row, or `None` where it loses to none."""
        winner = self._index.winner(row)
        if not winner:
            return None
        return LocalReject(row, DUPLICATE_KEY, self._reason.format(winner=winner), self._column)


class DuplicateFinder:
    """Finds the losing rows of one file, in `scratch` or in a folder that goes with this object.

    `scratch` belongs to one file version. An index that stands there is taken as it is.
    """

    def __init__(self, feed: Feed, file: str, scratch: Path | None) -> None:
        self._feed = feed
        self._file = file
        self._scratch = scratch
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._found: dict[str, LosingRows] = {}

    def losing(self, keys: Iterable[tuple[int, str | None]], now: str) -> LosingRows | None:
        """Those that lose; `None` where the feed keeps duplicates. `keys` are read once at most.

        `now` is what they were made with: whether a row makes a record may hang on it.
        """
        policy = self._feed.source.duplicates
        if policy == "keep":
            return None
        if now not in self._found:
            mark = hashlib.sha256(f"{policy} {now}".encode()).hexdigest()[:16]
            path = self._place() / f"losing-{mark}.rows"
            index = (
                KeyIndex(path)
                if path.exists()
                else build_index(keys, path, policy, file=self._file)
            )
            self._found[now] = LosingRows(index, policy, match_column(self._feed))
        return self._found[now]

    def _place(self) -> Path:
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)
            return self._scratch
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="prefdrop-")
        return Path(self._folder.name)


def match_key_reader(feed: Feed) -> KeyReader:
    """A function from a record's JSON text to its match key, or `None` where it has none.

    Alternate ids are the same in any case of their letters, as the vendor matches them.
    """
    wanted = feed.import_.match_alternate_id
    return _profile_id if wanted is None else _alternate_id(wanted.casefold())


def match_column(feed: Feed) -> str | None:
    """The column that fills the match key; `None` where records are taken as they are."""
    leaf = _match_leaf(feed)
    return leaf.column if leaf else None


def key_only(feed: Feed) -> Feed:
    """Return the feed with nothing mapped but the match key, to read it from any row."""
    leaf = _match_leaf(feed)
    if leaf is None or leaf.options is None:
        return feed
    others = tuple(name for name in feed.columns if name != leaf.column)
    return msgspec.structs.replace(
        feed,
        columns={leaf.column: (leaf.options,)},
        constants={},
        ignore=(*feed.ignore, *others),
    )


def _match_leaf(feed: Feed) -> Leaf | None:
    leaves = (leaf for item in feed_layout(feed).walk() for leaf in item.column_leaves)
    return next((leaf for leaf in leaves if leaf.match_key), None)


class _WithProfileId(msgspec.Struct):
    profile: int | None = msgspec.field(default=None, name="ProfileId")


class _AlternateId(msgspec.Struct):
    kind: str | None = msgspec.field(default=None, name=ALTERNATE_ID_TYPE)
    value: str | None = msgspec.field(default=None, name=ALTERNATE_ID_VALUE)


class _WithAlternateIds(msgspec.Struct):
    items: list[_AlternateId] | None = msgspec.field(default=None, name="AlternateIds")


_PROFILE = msgspec.json.Decoder(_WithProfileId)
_ALTERNATE_IDS = msgspec.json.Decoder(_WithAlternateIds)
Decoded = TypeVar("Decoded")


def _decoded(decoder: msgspec.json.Decoder[Decoded], record: str) -> Decoded:
    try:
        return decoder.decode(record)
    except msgspec.DecodeError:
        # A record taken as it is may hold what only the lenient reader of arrays reads.
        return msgspec.convert(json.loads(record), decoder.type)


def _profile_id(record: str) -> str | None:
    profile = _decoded(_PROFILE, record).profile
    return None if profile is None else str(profile)


def _alternate_id(wanted: str) -> KeyReader:
    def read(record: str) -> str | None:
        for item in _decoded(_ALTERNATE_IDS, record).items or ():
            if item.value and item.kind is not None and item.kind.casefold() == wanted:
                return item.value.casefold()
        return None

    return read
