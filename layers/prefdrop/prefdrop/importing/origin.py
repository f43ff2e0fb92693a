"""Which import the rows of a rejects file came from: each row's `_reason` ends with its id.

So a rejects file that is corrected and dropped again is as old as the file it corrects, whatever
its name is then. Its columns stay as they are.
"""

from __future__ import annotations

import re

from prefdrop.feeds import Source
from prefdrop.ledger.imports import Import
from prefdrop.ledger.order import Dropped
from prefdrop.services import Services

_SIGNATURE = re.compile(r"\(import (imp-[0-9a-f]{16})\)")


def signed(reason: str, import_id: str) -> str:
    """Return the reason as the rejects file of this import gives it."""
    return f"{reason} (import {import_id})".lstrip()


def origin_of(services: Services, record: Import, source: Source) -> Dropped | None:
    """Return the drop that the import's own drop corrects; None if it names none that is known.

    Of several it is the oldest. Corrections of a correction count as corrections of the first.
    """
    if not source.is_rejects:
        return None
    found = (services.imports.find(import_id) for import_id in sorted(_named(source)))
    places = [
        one.corrects or Dropped(one.import_id, one.key, one.sequencer, one.dropped_at)
        for one in found
        if one is not None and one.feed == record.feed and one.import_id != record.import_id
    ]
    return min(places, key=lambda place: place.second, default=None)


def _named(source: Source) -> set[str]:
    """The ids in the rows' reasons: a row's last one, since `_reason` is its last column."""
    named = set()
    for row in source.rows():
        if row.origin is not None:
            ids = _SIGNATURE.findall(row.raw.decode(source.opened.codec, "replace"))
            named |= set(ids[-1:])
    return named
