"""`--except-newer`: the later drops of the feed, whose people an older drop leaves out.

Which drops are later may change between two attempts. So each part carries the digest of those
that its rows leave out, and a part that was staged for others is begun again.
"""

from __future__ import annotations

import hashlib
from functools import partial

from msgspec.structs import replace

from prefdrop.errors import PrefdropError
from prefdrop.feeds import Feed, LaterDrop, LaterDrops
from prefdrop.feeds.key_index import Keys
from prefdrop.importing.pinned import FeedMissing, pinned_feed, source_of
from prefdrop.ledger.drops import UNREADABLE_HINT, LaterDropUnreadable
from prefdrop.ledger.imports import Import, UnknownImport
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.ledger.order import Dropped
from prefdrop.ledger.parts import Part
from prefdrop.services import Services


def digest_of_later(services: Services, record: Import) -> str:
    """Return what tells the later drops that the import leaves out now; empty for none."""
    ids = [drop.import_id for drop in _later(services, record)]
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:32] if ids else ""


def is_outdated(services: Services, record: Import, part: Part) -> bool:
    """Return whether the part leaves out other rows than the import now should."""
    return part.later != digest_of_later(services, record)


def later_drops(services: Services, record: Import, feed: Feed) -> LaterDrops | None:
    """Return the drops whose match keys the import leaves out, each read when it is needed.

    Reading raises LaterDropUnreadable.
    """
    drops = _later(services, record)
    found = [
        LaterDrop(f"{one.key} (import {one.import_id})", partial(_keys, services, one, feed))
        for one in drops
    ]
    return LaterDrops(found) if found else None


def _later(services: Services, record: Import) -> list[Dropped]:
    return services.drops.later(record) if record.except_newer else []


def _keys(services: Services, drop: Dropped, feed: Feed) -> Keys:
    """Yield the match keys of a later drop and of its corrections, by the feed it was read with."""
    try:
        record = replace(services.imports.get(drop.import_id), configuration=None)
        later_feed = pinned_feed(services, record)
        if _match(later_feed) != _match(feed):
            raise _unreadable(drop, "its feed matched people by another id")
        for number in range(len(record.corrections) + 1):
            yield from source_of(services, record, later_feed, number).held_keys()
    except (UnknownImport, FeedMissing, ObjectMissing) as gone:
        raise _unreadable(drop, gone.message) from None
    except LaterDropUnreadable:
        raise
    except PrefdropError as error:
        raise _unreadable(drop, error.message) from None


def _match(feed: Feed) -> str:
    return (feed.import_.match_alternate_id or "").casefold()


def _unreadable(drop: Dropped, why: str) -> LaterDropUnreadable:
    return LaterDropUnreadable(
        f"The people of the later file {drop.key} (import {drop.import_id}) cannot be read: {why}",
        hint=UNREADABLE_HINT,
    )
