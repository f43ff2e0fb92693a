"""What to do when the vendor surely refused a stage request: cut it again, or wait."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from prefdrop.errors import Terminal
from prefdrop.feeds import Chunk, Cursor
from prefdrop.importing.gauges import tell_quota
from prefdrop.importing.staging_part import Interrupted, StagingPart, only_row
from prefdrop.importing.step import wait_until
from prefdrop.importing.waiting import slot_after_refusal
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.parts import StagedChunk
from prefdrop.mypreferences import BadRequest, TooManyRequests
from prefdrop.reached import reached

SMALLEST_LIMIT = 10_000
"""Bytes below which a 413 is no longer about size: shrinking further would never end."""

KEPT_FOR_EXECUTE = 1
"""Slots of a quota that counts requests that staging leaves alone."""


class StageRefused(Terminal):
    """The vendor refuses our requests, and not because of single records."""


def narrow_down(
    staging: StagingPart,
    chunk: Chunk,
    entry: StagedChunk,
    status: str,
    probe: Callable[[Cursor], None],
) -> None:
    """Halve a refused chunk, down to the record that the vendor takes in no request.

    Before the first row of a part is rejected for it, `probe` tries a record from the other half
    of the part's first chunk: if that is refused as well, the request is wrong and not the record.
    Raises StageRefused then, and for more single records than the setting allows.
    """
    staging.see_that_nothing_landed()
    halfway = staging.part.halfway
    if not halfway and staging.part.suspects:  # this chunk is the first half of one refused before
        halfway = msgspec.to_builtins(chunk.end)
    if chunk.records > 1:
        reached("a refused chunk halved")
        staging.free(entry, suspects=chunk.records, halfway=halfway)
        return
    refused = {**staging.part.refused, str(only_row(chunk)): status}
    if len(refused) > staging.settings.max_poison_records:
        raise _wrong_request(f"more than {staging.settings.max_poison_records} single", status)
    staging.free(entry, suspects=0, halfway=halfway)
    if halfway and staging.part.staged == 0:
        try:
            probe(msgspec.convert(halfway, Cursor))
        except BadRequest:
            raise _wrong_request("unrelated single", status) from None
    staging.change(refused=refused)
    reached("a record kept out")


def _wrong_request(what: str, status: str) -> StageRefused:
    return StageRefused(
        f"The vendor refuses {what} records of this part with HTTP {status}, so the request "
        "itself must be wrong.",
        hint="No row was rejected for it and nothing was executed. Compare the stage route and "
        "the root property with the vendor's (O-3 and O-5 in docs/vendor-assumptions.md).",
    )


def shrink(staging: StagingPart, entry: StagedChunk) -> None:
    """Halve this import's byte limit after a 413; raises StageRefused when that is no help."""
    staging.see_that_nothing_landed()
    limit = entry.bytes // 2
    reached("a byte limit halved")
    if limit < SMALLEST_LIMIT:
        raise StageRefused(
            f"The vendor finds even {entry.bytes} bytes too large for one request.",
            hint="Nothing was executed. Ask the vendor for the body limit (O-8).",
        )
    services = staging.services
    staging.record = services.imports.update(staging.record, chunk_bytes=limit)
    staging.free(entry)


def make_sure_of_quota(staging: StagingPart) -> None:
    """Where the vendor counts requests: mark this one, or wait for a slot (O-7).

    When the token would not live to see one, the part ends here and the next goes on later.
    """
    if staging.settings.quota_unit != "request":
        return
    use = staging.services.quota.use()
    tell_quota(use.used)
    if use.left > KEPT_FOR_EXECUTE:
        staging.services.quota.mark()
        return
    slot = use.next_slot or now_ms()
    reached("a limit used up in mid-file")
    if slot < staging.part.stage_until or not staging.part.staged:
        raise _until_slot(staging, slot)
    raise Interrupted(staging.finish())


def wait_for_quota(
    staging: StagingPart, entry: StagedChunk, refused: TooManyRequests
) -> Interrupted:
    """After a 429: nothing landed; wait for a slot if the token lives long enough."""
    staging.see_that_nothing_landed()
    staging.free(entry)
    record = staging.services.imports.get(staging.record.import_id)
    return _until_slot(staging, slot_after_refusal(staging.services, record, refused))


def _until_slot(staging: StagingPart, slot: int) -> Interrupted:
    if slot < staging.part.stage_until:
        return Interrupted(wait_until(slot))
    staging.services.imports.update(staging.record, initiate_after=slot)
    return staging.bury("the vendor's limit frees no slot within the token's life", exhausted=True)
