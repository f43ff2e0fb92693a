"""RegisterImport: write the import into the ledger, pin its inputs, look at its header."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from msgspec.structs import replace

from prefdrop.feeds import Feed
from prefdrop.importing.drop import Drop, read_event
from prefdrop.importing.origin import origin_of
from prefdrop.importing.pinned import current_configuration, read_feed, source_of
from prefdrop.ledger.clock import iso_now
from prefdrop.ledger.imports import FINISHED, Configuration, Import, Order
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import logger

BLOCK = 1 << 20


def run(services: Services, event: dict[str, Any], _: Deadline) -> dict[str, Any]:
    """Register the drop of an S3 event, or go on with the import of a retry.

    Answers `next`: `import`, `duplicate` when another execution has the same object version, or
    `ignore` for a folder's placeholder. Raises FeedMissing, FeedError and SourceError, so that a
    file that cannot be imported waits for no turn.
    """
    start, execution = event["event"], event["execution"]
    if continued := start.get("continue"):
        return _follow(services, continued["import_id"], execution)
    if retried := start.get("retry"):
        record = services.imports.get(retried["import_id"])
    else:
        drop = read_event(start)
        if drop.key.endswith("/"):
            return _answer(drop.import_id, "ignore")
        record = services.imports.register(_new_import(drop, execution))
    logger.append_keys(import_id=record.import_id)
    if record.execution_arn != execution:
        reached("an object version with an import")
        logger.info("this object version has its import already")
        return _answer(record.import_id, "duplicate")
    if record.status in FINISHED:  # a call that is tried again, or comes late
        return _answer(record.import_id, "duplicate" if record.status == "Duplicate" else "import")
    feed = _pin(services, record)
    if feed.import_.on_same_content == "skip" and _repeats(services, record):
        services.imports.update(record, status="Duplicate", finished_at=iso_now())
        return _answer(record.import_id, "duplicate")
    return _answer(record.import_id, "import")


def _follow(services: Services, import_id: str, execution: str) -> dict[str, Any]:
    """Go on with an import, if this execution is the one that another handed it on to."""
    record = services.imports.get(import_id)
    return _answer(import_id, "import" if record.execution_arn == execution else "duplicate")


def _new_import(drop: Drop, execution: str) -> Import:
    now = iso_now()
    return Import(
        import_id=drop.import_id,
        feed=drop.feed,
        bucket=drop.bucket,
        key=drop.key,
        version_id=drop.version_id,
        bytes=drop.size,
        sequencer=drop.sequencer,
        dropped_at=drop.dropped_at,
        execution_arn=execution,
        code_version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
        configuration=Configuration(undecided=True),
        registered_at=now,
        updated_at=now,
    )


def _pin(services: Services, record: Import) -> Feed:
    """Pin the versions of feed and configuration once; see that the file is what the feed says.

    The configuration is pinned last: where it has not what the feed matches records by, a retry is
    to see the one that has been pulled meanwhile. An import of a release that pinned none is held
    to none: rows that were staged before are not to be refused by a retry.
    """
    feed, version_id = read_feed(services, record.feed, version_id=record.feed_version_id)
    services.imports.update_open(
        record, status="Queued", feed_version_id=version_id, order=_unusual(feed.import_.order)
    )
    if record.configuration is None or not record.configuration.undecided:
        source_of(services, record, feed).check()
        return feed
    configuration = current_configuration(services, record)
    source = source_of(services, replace(record, configuration=configuration), feed)
    source.check()
    corrects = origin_of(services, record, source)
    services.imports.update(record, configuration=configuration, corrects=corrects)
    return feed


def _unusual(order: Order) -> Order | None:
    """Return an order that is not the default, which the ledger leaves out."""
    return None if order == "feed" else order


def _repeats(services: Services, record: Import) -> bool:
    """Return whether the drop has the content that the feed executed last."""
    digest = hashlib.sha256()
    with services.objects.open_at(record.key, record.version_id, 0, record.bytes) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    sha256 = digest.hexdigest()
    services.imports.update(record, content_sha256=sha256)
    return services.drops.repeats(record, sha256)


def _answer(import_id: str, next_step: str) -> dict[str, Any]:
    return {"import_id": import_id, "next": next_step}
