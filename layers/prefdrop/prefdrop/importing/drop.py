"""A drop: one object version put under `inbox/<feed>/` of the bucket."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from prefdrop.errors import Terminal

INBOX = "inbox/"

FEED_NAME_LENGTH = 200
NEVER_IN_FEED_NAMES = frozenset("/\\'\"`$*?<>|;")
"""Characters that would end a folder's name, or that mean something else in a shell."""
FEED_NAMES = (
    f"Use up to {FEED_NAME_LENGTH} characters: letters, digits, spaces, dots, dashes, underscores. "
    "The first is neither a dot nor a dash."
)
"""The rule of `is_feed_name` for people, short of the signs that it also allows."""


class NotADrop(Terminal):
    """The event that started the workflow does not name an object version under `inbox/`."""


def is_feed_name(name: str) -> bool:
    """Return whether a feed may have this name: it becomes part of keys, commands and pages.

    The rule is wide, so that it covers what files are called in any language.
    """
    return (
        0 < len(name) <= FEED_NAME_LENGTH
        and name.isprintable()
        and name == name.strip()
        and name[0] not in ".-"
        and not NEVER_IN_FEED_NAMES & set(name)
    )


class Drop(msgspec.Struct, frozen=True):
    """One object version; `dropped_at` is S3's time, `sequencer` orders versions of one key."""

    bucket: str
    key: str
    version_id: str
    size: int
    sequencer: str
    dropped_at: str

    @property
    def feed(self) -> str:
        """The name of its feed: the folder that it lies in."""
        return self.key.removeprefix(INBOX).partition("/")[0]

    @property
    def name(self) -> str:
        """Its name below the feed's folder."""
        return self.key.removeprefix(INBOX).partition("/")[2]

    @property
    def import_id(self) -> str:
        """The id of its import: the same for every event of the same object version."""
        identity = "\n".join((self.bucket, self.key, self.version_id))
        return "imp-" + hashlib.sha256(identity.encode()).hexdigest()[:16]


class _Bucket(msgspec.Struct):
    name: str


class _Object(msgspec.Struct, rename={"version_id": "version-id"}):
    key: str
    version_id: str
    size: int = 0
    sequencer: str = ""


class _Detail(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Event(msgspec.Struct):
    time: str
    detail: _Detail


def read_event(event: dict[str, Any]) -> Drop:
    """Read an EventBridge `Object Created` event of S3; raises NotADrop.

    A folder's placeholder, whose key ends with a slash, is answered like a drop.
    """
    try:
        detail = msgspec.convert(event, _Event).detail
    except msgspec.ValidationError as error:
        raise NotADrop(
            f"The event is not S3's Object Created event of a versioned bucket: {error}.",
            hint="Start imports by dropping a file; the bucket must have versioning on.",
        ) from None
    found = detail.object
    drop = Drop(
        bucket=detail.bucket.name,
        key=found.key,
        version_id=found.version_id,
        size=found.size,
        sequencer=found.sequencer,
        dropped_at=event["time"],
    )
    if drop.key.startswith(INBOX) and drop.key.endswith("/"):
        return drop
    if not drop.key.startswith(INBOX) or not drop.name:
        raise NotADrop(
            f"{drop.key!r} does not lie in a feed's folder.",
            hint="Drop files at inbox/<feed>/<name>.",
        )
    if not is_feed_name(drop.feed):
        raise NotADrop(
            f"Invalid feed name {drop.feed!r} in the key {drop.key!r}.",
            hint=f"Drop the file into the folder of a feed that the bucket holds. {FEED_NAMES}",
        )
    return drop
