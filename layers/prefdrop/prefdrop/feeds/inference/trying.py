"""Running a proposed feed over the sample it was made from."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from prefdrop.feeds.definition import Feed
from prefdrop.feeds.inference.reading import Sample
from prefdrop.feeds.limits import ChunkLimits, Cursor

_LIMITS = ChunkLimits(bytes=25_000_000, records=1, rejects=1)
"""One row at a time, to end exactly with the sample."""


class Trial(msgspec.Struct, frozen=True):
    """What the feed made of the sample's rows."""

    rows: int
    """Rows of the sample."""
    records: int
    """Records made of them."""
    rejected: int
    """Rows that would be rejected."""
    faults: dict[str, int]
    """Rejected rows by the first fault's code and column, `NotAnEmail email`."""
    passes: bool
    """The feed's gates would let such a file through."""

    @property
    def share(self) -> float:
        """The share of rows that were rejected."""
        return self.rejected / self.rows if self.rows else 0.0


def try_feed(feed: Feed, sample: Sample, now: datetime) -> tuple[Trial, Counter[tuple[str, str]]]:
    """Map and check the sample's rows; also answers the faults by column and code."""
    source = sample.reader(feed)
    source.check()
    rows = records = 0
    faults: Counter[tuple[str, str]] = Counter()
    for chunk in source.chunks(Cursor(0, 0), _LIMITS, now=now):
        rows += chunk.rows
        records += chunk.records
        faults.update((reject.column or "", reject.code) for reject in chunk.rejects)
        if rows >= sample.rows:
            break
    rejected = faults.total()
    most = feed.gates.max_rejected_percent
    passes = records >= feed.gates.min_records and 100 * rejected <= most * rows
    named = {f"{code} {column}".strip(): count for (column, code), count in faults.most_common()}
    return Trial(rows, records, rejected, named, passes), faults
