"""The configuration in the database, with what is in force of it in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.configuration.in_force import put_in_force
from prefdrop_local.sandbox.configuration.items import TYPES, Item, encoded, key_of
from prefdrop_local.sandbox.configuration.seeds import seeds
from prefdrop_local.sandbox.store import Store

_SEED = "seed"
"""Kind of the one row that tells from which account file the others come."""
_Items = dict[str, tuple[Item, ...]]
_Some = TypeVar("_Some", bound=Item)


class Catalog:
    """Every item of the configuration. Safe to be used from many threads."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = account
        # The account file as it was read: what calls change must not become the next beginning.
        self._first = msgspec.convert(msgspec.to_builtins(account), Account)
        self._items: _Items = {}
        # Or who read first could show last, and hide what another call has written since.
        self._showing = threading.Lock()
        self.load()

    def load(self) -> None:
        """Take over what the database has, or begin as the account file says.

        A database that was begun with another account file begins again with this one.
        """
        digest = hashlib.sha256(msgspec.json.encode(self._first)).digest()
        known = self._store.rows("SELECT item FROM configuration WHERE kind = ?", (_SEED,))
        if [bytes(row[0]) for row in known] != [digest]:
            self._seed(digest)
        self._show()

    def of(self, kind: str, _type: type[_Some]) -> list[_Some]:
        """All items of a kind in order of their ids; they are not the caller's to change."""
        return list(self._items[kind])  # type: ignore[arg-type]

    def change(self, kind: str, work: Callable[[list[Any]], Sequence[Item]]) -> None:
        """Write the items that `work` makes of all items of a kind; all or none.

        New items, with id 0, get their ids here.
        """
        with self._store.transaction() as database:
            rows = database.execute(
                "SELECT item FROM configuration WHERE kind = ? ORDER BY id", (kind,)
            ).fetchall()
            stored = [msgspec.json.decode(row[0], type=TYPES[kind]) for row in rows]
            number = max((item.id for item in stored), default=0)
            for item in work(stored):
                if not item.id:
                    number = item.id = number + 1
                database.execute(
                    "INSERT OR REPLACE INTO configuration VALUES (?, ?, ?)",
                    (kind, item.id, encoded(item)),
                )
        self._show()

    def remove(self, kind: str, number: int) -> None:
        """Take an item out."""
        with self._store.transaction() as database:
            sql = "DELETE FROM configuration WHERE kind = ? AND id = ?"
            database.execute(sql, (kind, number))
        self._show()

    def _seed(self, digest: bytes) -> None:
        with self._store.transaction() as database:
            database.execute("DELETE FROM configuration")
            database.execute("INSERT INTO configuration VALUES (?, 1, ?)", (_SEED, digest))
            for kind, items in seeds(self._first).items():
                database.executemany(
                    "INSERT INTO configuration VALUES (?, ?, ?)",
                    [(kind, item.id, encoded(item)) for item in items],
                )

    def _show(self) -> None:
        """Let everybody see what the database has now."""
        with self._showing:
            self._read()

    def _read(self) -> None:
        found: dict[str, list[Item]] = {kind: [] for kind in TYPES}
        rows = self._store.rows("SELECT kind, item FROM configuration ORDER BY kind, id")
        for kind, raw in rows:
            if kind != _SEED:
                found[kind].append(msgspec.json.decode(raw, type=TYPES[kind]))
        self._items = {kind: tuple(items) for kind, items in found.items()}
        put_in_force(self._account, self._items)


def by_key(items: Iterable[_Some]) -> dict[str, _Some]:
    """Items by the folded names they are known by."""
    return {key_of(item): item for item in items}
