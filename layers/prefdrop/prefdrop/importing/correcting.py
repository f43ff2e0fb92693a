"""Corrected rows of a held import: checked against its rejects, then staged as a second source."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial

from prefdrop.errors import Terminal
from prefdrop.feeds import Cursor, Feed, Source
from prefdrop.importing.pinned import pinned_feed, source_of
from prefdrop.ledger.imports import Correction, Import
from prefdrop.services import Services


class NotACorrection(Terminal):
    """The file is not the import's rejects file with its rows corrected."""


def checked_correction(
    services: Services, record: Import, body: bytes, file: str, decision: str
) -> Correction:
    """Check `body`, named `file` in errors, and keep it; return where it is kept.

    It must be the rejects file of the held import `record`, corrected: a row that was not rejected
    is staged already and must not be staged again. It is staged once the approval `decision` that
    names it is in the ledger. Raises NotACorrection, and SourceError for a file that the feed
    cannot read.
    """
    feed = pinned_feed(services, record)
    rejected = set(_origins(services, record, feed))
    corrected = Source(feed, partial(_open, body), size=len(body), file=file)
    corrected.check()
    _check_alike(source_of(services, record, feed), corrected)
    seen: set[int] = set()
    for row in corrected.rows(Cursor(0, 0)):
        origin = row.origin
        if origin is None or origin not in rejected or origin in seen:
            raise NotACorrection(
                f"{file}, row {row.number}: its _row must name a row that was rejected, once.",
                hint="Correct the file that `prefdrop imports rejects` gives and leave its columns "
                "that begin with an underscore alone. Rows may be left out.",
            )
        seen.add(origin)
    key = f"spool/{record.import_id}/corrected-{decision}"
    version_id = services.objects.write(key, body, content_type="application/octet-stream")
    return Correction(key, version_id, len(body))


def superseded_rows(services: Services, record: Import) -> frozenset[int]:
    """Rows of the drop whose corrected form was staged: their first fate counts no more."""
    feed = pinned_feed(services, record)
    origins = {
        row.origin
        for number in range(1, len(record.corrections) + 1)
        for row in source_of(services, record, feed, number).rows(Cursor(0, 0))
    }
    return frozenset(origin for origin in origins if origin is not None)


def _origins(services: Services, record: Import, feed: Feed) -> Iterator[int]:
    """The rows that the held import's rejects file names."""
    body = services.objects.read(record.rejects_key).body
    rejects = Source(feed, partial(_open, body), size=len(body), file=record.rejects_key)
    return (row.origin for row in rejects.rows(Cursor(0, 0)) if row.origin is not None)


def _check_alike(drop: Source, corrected: Source) -> None:
    """One rejects file will hold rows of both, so they must be written in the same way."""
    if not drop.is_csv:
        return
    for what, one, other in (
        ("columns", drop.header.names, corrected.header.names),
        ("delimiter", drop.delimiter, corrected.delimiter),
    ):
        if one != other:
            raise NotACorrection(
                f"{corrected.file}: its {what} are not those of the dropped file.",
                hint="Save it with the columns, their order and the delimiter as they were.",
            )


def _open(body: bytes, offset: int) -> io.BytesIO:
    return io.BytesIO(body[offset:])
