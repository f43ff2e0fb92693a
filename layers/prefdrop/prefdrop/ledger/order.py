"""The order of drops: which of two files brings the newer decisions."""

from __future__ import annotations

import msgspec

SEQUENCER_LENGTH = 32
"""Longer than any S3 sequencer; those of one key compare as text once they have one length."""


class Dropped(msgspec.Struct, frozen=True):
    """One drop's place in the order of its feed; `dropped_at` is the time of S3's event.

    Two drops of one key are ordered by their sequencers, drops of two keys by their second. Drops
    of two keys in one second are neither newer nor older.
    """

    import_id: str
    key: str
    sequencer: str
    dropped_at: str

    @property
    def second(self) -> str:
        """The time of the drop, without a fraction of a second."""
        return self.dropped_at[:19]

    def is_newer_than(self, other: Dropped) -> bool:
        """Return whether this drop comes after `other`."""
        if self.key == other.key:
            return padded(self.sequencer) > padded(other.sequencer)
        return self.second > other.second


def padded(sequencer: str) -> str:
    """Return an S3 sequencer so that it compares as text, filled up on the right.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return sequencer.ljust(SEQUENCER_LENGTH, "0")
