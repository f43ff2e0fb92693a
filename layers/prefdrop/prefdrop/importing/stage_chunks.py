"""StageChunks: stage chunk after chunk, each exactly once.

The vendor has no idempotency key, but its counters are cumulative per token and only one import
runs at a time. So each chunk is written to the ledger before its request, sent once, and settled
after a clear answer. Without one, nobody acts until the request can no longer be under way; then
the vendor's count says whether the chunk landed. What the count cannot say tears the part: nothing
of it was executed, and it is begun again under a new token.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from prefdrop.importing.later_drops import later_drops
from prefdrop.importing.pinned import (
    check_time,
    pinned_feed,
    snapshot_is_lost,
    source_of,
    unpin_configuration,
)
from prefdrop.importing.stager import Stager
from prefdrop.importing.staging_part import Interrupted, StagingPart
from prefdrop.importing.step import (
    Answer,
    StepInput,
    answer,
    import_of,
    stop_if_cancelled,
    wait_until,
)
from prefdrop.importing.waiting import patient
from prefdrop.ledger.parts import LeaseHeld
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services


@patient()
def run(services: Services, event: dict[str, Any], deadline: Deadline) -> Answer:
    """Stage until the file is read, the part is full, or the time is up."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    stop_if_cancelled(record)
    turn = services.turns.require(request.execution)
    part = services.parts.current(record.import_id, "staging", "staged", "local")
    if part is None:
        return answer("initiate")
    lease_ms = int(services.settings.lease_seconds * 1000)
    try:
        part = services.parts.take_over(record.import_id, part, turn, lease_ms)
    except LeaseHeld as held:
        reached("a lease of another worker")
        return wait_until(held.until)
    feed = pinned_feed(services, record)
    staging = StagingPart(services, record, part, turn)
    later = later_drops(services, record, feed)
    sources = partial(source_of, services, record, feed, later=later)
    try:
        _let_go_of_lost_snapshot(staging)
        return Stager(staging, sources, check_time(record), deadline).run()
    except Interrupted as interrupted:
        return interrupted.answer
    finally:
        staging.release()


def _let_go_of_lost_snapshot(staging: StagingPart) -> None:
    """Begin the part again, held to nothing, if its snapshot can be read no more.

    That must not end an import. But a chunk that is built again would come out different, and of
    duplicates on both sides of that place another row would win than did before, or none: so all
    of a part is held to the same. Raises Interrupted where chunks were built already.
    """
    services, record, part = staging.services, staging.record, staging.part
    if part.source_read or not snapshot_is_lost(services, record):
        return
    torn = None
    if services.parts.last_chunk(record.import_id, part.number) is not None:
        torn = staging.tear("the configuration snapshot that its rows were held to is lost")
    unpin_configuration(services, record)  # last, so that whoever dies before it tears the part too
    if torn is not None:
        raise torn
