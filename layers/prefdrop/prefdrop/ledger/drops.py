"""The executed drops of a key and of a feed: an older one never overwrites a newer one unasked.

The newest executed drop of each key and of each feed is a *mark*. Marks are written in the
transaction that writes the part's execution down, so a drop that was never executed leaves none.
They only rise. Only the holder of the turn executes, so no two writers meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.clock import LONGEST_IMPORT_DAYS, days_from_now
from prefdrop.ledger.imports import Import
from prefdrop.ledger.order import SEQUENCER_LENGTH, Dropped
from prefdrop.ledger.table import ConditionFailed, Item, Table, Write


class Superseded(Terminal):
    """A newer drop of the same feed was executed before this one."""


class LaterDropUnreadable(Terminal):
    """Prefdrop cannot find out which people a later drop of the feed holds."""


UNREADABLE_HINT = (
    "Nothing of this part was executed. Drop a file with only the people who are still to be "
    "changed, or overwrite the newer data: `prefdrop imports retry` with --force."
)


class Executed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One executed drop of a feed; `corrects` is the drop whose rejects it brings back."""

    drop: Dropped
    corrects: Dropped | None = None

    @property
    def place(self) -> Dropped:
        """Its place among the drops of the feed: corrected rows are as old as their file."""
        return self.corrects or self.drop


class DropStore:
    """Knows which drops were executed. Its items expire after `retention_days`, marks never do."""

    def __init__(self, table: Table, retention_days: int = 0) -> None:
        self._table = table
        self._retention_days = retention_days

    # Order

    def check(self, record: Import) -> None:
        """Raise Superseded if a newer drop was executed; `forced` imports may be older.

        An import that leaves out the rows of newer drops is no older than they are.
        """
        if record.forced or record.except_newer:
            return
        if newer := next(self._newer_marks(record), None):
            name = newer.key if newer.key != record.key else f"a later version of {newer.key}"
            raise Superseded(
                f"Feed {record.feed} has executed newer data than {record.key}: {name} "
                f"(import {newer.import_id}). This older file would overwrite it.",
                hint="Nothing of this part was executed. Bring in only the rows whose match key "
                "no later file holds: `prefdrop imports retry` with --except-newer. To overwrite "
                "the newer data, use --force instead.",
            )

    def newer_was_executed(self, record: Import) -> bool:
        """Return whether a later version of the same file has been executed."""
        own = _standing(record).drop
        mark = self._key_mark(own)
        return mark is not None and mark.drop.is_newer_than(own)

    def later(self, record: Import) -> list[Dropped]:
        """Return the executed drops that are newer than the import's, oldest first.

        Raises LaterDropUnreadable where the ledger knows of one that it does not list: the
        version before this one listed none.
        """
        listed = self._table.query(keys.feed_mark(record.feed).pk, begins=keys.EXECUTED_DROPS)
        mine = _standing(record)
        executed = (msgspec.convert(item, Executed) for item in listed)
        found = [one.drop for one in executed if _is_newer(one, mine, record.order)]
        known = {drop.import_id for drop in found}
        for mark in self._newer_marks(record):
            if mark.import_id not in known:
                raise LaterDropUnreadable(
                    f"{mark.key} (import {mark.import_id}) was executed before Prefdrop listed "
                    "the executed drops of a feed, so its people are not known.",
                    hint=UNREADABLE_HINT,
                )
        return found

    def executed(self, record: Import) -> list[Write]:
        """Return what is to be written with the fact that a part of the import is executed."""
        mine = _standing(record)
        item = msgspec.to_builtins(mine)
        if self._retention_days:
            item["expires_at"] = days_from_now(self._retention_days + LONGEST_IMPORT_DAYS)
        listed = keys.executed_drop(record.feed, mine.place.dropped_at, record.import_id)
        writes = [self._table.put_write(listed, item), self._feed_write(record, mine)]
        mark = self._key_mark(mine.drop)
        if mark is None or not mark.drop.is_newer_than(mine.drop):
            key = keys.executed_version(record.key)
            writes.append(self._table.put_write(key, _key_item(mine)))
        return writes

    def _feed_write(self, record: Import, mine: Executed) -> Write:
        mark = self._feed_mark(record.feed)
        changes: dict[str, Any] = {
            "content": record.content_sha256 or None,
            "content_of": record.import_id,
        }
        if mark is None or _raises(mine.place, mark.place):
            changes |= {"corrects": None} | msgspec.to_builtins(mine)
        return self._table.update_write(keys.feed_mark(record.feed), put=changes)

    def _newer_marks(self, record: Import) -> Iterator[Dropped]:
        if record.order == "none":
            return
        mine = _standing(record)
        mark = self._key_mark(mine.drop)
        if mark is not None and mark.drop.is_newer_than(mine.drop):
            yield mark.drop
        places = [self._key_mark(mine.corrects)] if mine.corrects else []
        if record.order == "feed":
            places.append(self._feed_mark(record.feed))
        for mark in places:
            if mark is not None and mark.place.is_newer_than(mine.place):
                yield mark.drop

    def _feed_mark(self, feed: str) -> Executed | None:
        item = self._table.get(keys.feed_mark(feed)) or {}
        return msgspec.convert(item, Executed) if "drop" in item else None

    def _key_mark(self, like: Dropped) -> Executed | None:
        """Return the newest executed drop with the key of `like`, to be compared with it."""
        item = self._table.get(keys.executed_version(like.key))
        if item is None:
            return None
        if "drop" in item:
            return msgspec.convert(item, Executed)
        return Executed(self._mark_of_before(like, item))

    def _mark_of_before(self, like: Dropped, item: Item) -> Dropped:
        """Return a mark that the version before wrote, whose sequencer it filled up on the left.

        How long that sequencer was, its import says. Once the import is forgotten, it is taken to
        begin with as many zeros as the sequencer at hand: S3 changes the leading digits of a
        key's sequencers once in years, and a mistake then refuses the file by name.
        """
        import_id = str(item["import_id"])
        known = self._table.get(keys.meta(import_id)) or {}
        sequencer = known.get("sequencer")
        if not sequencer:
            zeros = len(like.sequencer) - len(like.sequencer.lstrip("0"))
            sequencer = "0" * zeros + str(item["sequencer"]).lstrip("0")
        return Dropped(import_id, like.key, sequencer, known.get("dropped_at", ""))

    # Content

    def repeats(self, record: Import, sha256: str) -> bool:
        """Return whether the drop repeats the feed's last executed content, with no other since.

        Another drop that is still to be executed may change what this content said, so the
        content of the drop registered before this one counts, too.
        """
        key = keys.feed_mark(record.feed)
        item = self._table.get(key) or {}
        last = item.get("registered_by")
        unchanged = Attr("registered_by")
        try:
            self._table.update(
                key,
                put={"registered": sha256, "registered_by": record.import_id},
                when=unchanged.eq(last) if last else unchanged.not_exists(),
            )
        except ConditionFailed:  # a drop came in between: importing once more changes nothing
            return False
        is_anothers = record.import_id not in (last, item.get("content_of"))
        return is_anothers and sha256 == item.get("registered") == item.get("content")

    def release_content(self, record: Import) -> None:
        """Let the same content be imported again: this import did not complete."""
        mine = Attr("content_of").eq(record.import_id)
        try:
            self._table.update(keys.feed_mark(record.feed), put={"content": None}, when=mine)
        except ConditionFailed:
            return


def _standing(record: Import) -> Executed:
    own = Dropped(record.import_id, record.key, record.sequencer, record.dropped_at)
    return Executed(own, record.corrects)


def _is_newer(executed: Executed, mine: Executed, order: str) -> bool:
    if order == "none" or executed.drop.import_id == mine.drop.import_id:
        return False
    if executed.drop.key == mine.drop.key and executed.drop.is_newer_than(mine.drop):
        return True
    compared = order == "feed" or executed.place.key == mine.place.key
    return compared and executed.place.is_newer_than(mine.place)


def _raises(place: Dropped, mark: Dropped) -> bool:
    """Return whether a feed's mark rises to `place`; its time never goes back."""
    if place.second == mark.second:
        return place.is_newer_than(mark)
    return place.second > mark.second


def _key_item(mine: Executed) -> dict[str, Any]:
    """Return a key's mark; the version before reads `sequencer`, which keeps a roll-back safe."""
    before = mine.drop.sequencer.rjust(SEQUENCER_LENGTH, "0")
    item: dict[str, Any] = msgspec.to_builtins(mine)
    return item | {"sequencer": before, "import_id": mine.drop.import_id}
