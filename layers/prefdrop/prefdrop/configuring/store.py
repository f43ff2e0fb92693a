"""Where the snapshot lies: `configuration/snapshot.json`, whose versions the bucket keeps."""

from __future__ import annotations

from datetime import UTC
from typing import NamedTuple

import msgspec

from prefdrop.configuring.snapshot import Snapshot, decode
from prefdrop.errors import Terminal
from prefdrop.ledger.objects import ObjectMissing, ObjectStore

KEY = "configuration/snapshot.json"


class SnapshotUnreadable(Terminal):
    """The bucket's snapshot is not one that this release reads."""


class StoredSnapshot(NamedTuple):
    """A snapshot and the object version that holds it."""

    snapshot: Snapshot
    version_id: str


class SnapshotStore:
    """The snapshots of one bucket."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def find(self, version_id: str = "") -> StoredSnapshot | None:
        """The newest snapshot or that version of it; None if there is none.

        Raises SnapshotUnreadable for a file that is no snapshot.
        """
        try:
            stored = self._objects.read(KEY, version_id=version_id)
        except ObjectMissing:
            return None
        try:
            return StoredSnapshot(decode(stored.body), stored.version_id)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SnapshotUnreadable(
                f"s3://{self._objects.bucket}/{KEY} is no snapshot that this release reads.",
                hint="`prefdrop configuration pull` takes a new one.",
            ) from None

    def keep(self, snapshot: Snapshot) -> tuple[StoredSnapshot, bool]:
        """Write `snapshot` unless the newest says the same and is of the same day (UTC), or is
        younger: a pull that took long replaces none that began after it.

        Answers what the bucket then holds, and whether it was written. Imports pin versions, so a
        version that says nothing new would only cost them comparing.
        """
        try:
            newest = self.find()
        except SnapshotUnreadable:
            newest = None
        if newest and newest.snapshot.taken_at > snapshot.taken_at:
            return newest, False
        if newest and newest.snapshot.says_the_same(snapshot) and _same_day(newest, snapshot):
            return newest, False
        body = msgspec.json.format(msgspec.json.encode(snapshot), indent=1)
        return StoredSnapshot(snapshot, self._objects.write(KEY, body)), True


def _same_day(newest: StoredSnapshot, snapshot: Snapshot) -> bool:
    old, new = newest.snapshot.taken_at, snapshot.taken_at
    return old.astimezone(UTC).date() == new.astimezone(UTC).date()
