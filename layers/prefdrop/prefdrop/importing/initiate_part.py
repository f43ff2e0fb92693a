"""InitiatePart: go on where the ledger says we are; ask the vendor for an import once needed.

The vendor hears of an import only when there is a record to stage, so a file that is empty or
wrong costs no request.
"""

from __future__ import annotations

from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Terminal
from prefdrop.feeds import ChunkLimits, Cursor, Feed
from prefdrop.importing.gauges import tell_quota
from prefdrop.importing.handing_on import hand_on, was_handed_on
from prefdrop.importing.later_drops import digest_of_later, is_outdated
from prefdrop.importing.pinned import check_time, pinned_feed, source_of
from prefdrop.importing.staging_part import REJECTS_IN_MEMORY
from prefdrop.importing.step import (
    MOST_ROUNDS,
    Answer,
    StepInput,
    answer,
    import_of,
    stop_if_cancelled,
    wait_until,
)
from prefdrop.importing.totals import show_progress
from prefdrop.importing.waiting import patient, slot_after_refusal
from prefdrop.ledger.clock import iso_now, milliseconds, now_ms
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import LIVE, Part
from prefdrop.ledger.quota import WINDOW_MS
from prefdrop.ledger.table import ConditionFailed, another_worker
from prefdrop.ledger.turns import Turn
from prefdrop.mypreferences import ImportSpec, NotFound, TooManyRequests
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services
from prefdrop.settings import SLOTS

STAGING_SHARE = 0.5
"""Share of a token's life in which to stage; the rest is for execution and exceptions."""

MOST_EXHAUSTED = 14
"""Parts in a row that may end for want of quota: each has waited for most of a day."""

COUNTING_BYTES = 4_000_000
"""Size of the chunks that are built only to count their records."""

NAME_LENGTH = 100
"""The longest Name that the vendor takes (vendor help pages)."""

UNKNOWN_MATCH = (
    "match_alternate_id of the feed is no alternate id type of the account. `prefdrop feeds check "
    "FEED.toml` says which there are, with --stack NAME for your account or --sandbox for the "
    "sandbox's. Correct the feed and drop the file again."
)


class TooManyRecords(Terminal):
    """A destructive feed's file holds more records than the feed allows."""


class TornStage(Terminal):
    """Again and again the vendor's count of received records was not what had been sent."""


class QuotaTooSmall(Terminal):
    """The vendor's limit lets no part of the import be staged, however long it waits."""


@patient()
def run(services: Services, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer what to do next, after beginning a part where one must be begun."""
    request = msgspec.convert(event, StepInput)
    if was_handed_on(services, request):
        return answer("continued")
    record = import_of(services, request)
    stop_if_cancelled(record)
    turn = services.turns.holder()
    if turn.execution != request.execution and "rounds" in request.step:
        reached("a turn that passed during the hold")
        return answer("turn")  # it passed while the import was held
    turn = services.turns.require(request.execution)
    if turn.not_before > now_ms():
        reached("a turn that begins later")
        return wait_until(turn.not_before)
    if not turn.acknowledged:  # our answer may have been lost, but the turn was surely heard of
        services.turns.acknowledge(turn)
    if request.step.get("rounds", 0) >= MOST_ROUNDS:
        reached("an import handed on")
        hand_on(services, record, turn)
        return answer("continued")
    record = _take_decision(services, record)
    return _go_on(services, record, turn)


def _take_decision(services: Services, record: Import) -> Import:
    """Go on by the approval of a hold, which is final from now on, with its corrections."""
    hold = record.last_hold
    if hold is None or hold.state != "approved" or hold.taken:
        return record
    corrections = [*record.corrections, *filter(None, [hold.correction])]
    same = Attr("hold.decision").eq(hold.decision) if record.hold else Attr("hold").not_exists()
    try:
        return services.imports.update(
            record,
            when=same & Attr("cancelled").not_exists(),
            hold=msgspec.structs.replace(hold, taken=True),
            corrections=corrections,
            approval_token=None,
            approval_tokens=None,
        )
    except ConditionFailed:
        reached("a decision changed while it was taken")
        raise another_worker() from None


def _go_on(services: Services, record: Import, turn: Turn) -> Answer:
    parts = _give_up_last(services, record, services.parts.all(record.import_id))
    live = [part for part in parts if part.state in LIVE]
    last = live[-1] if live else None
    if last is None or (last.state in ("finished", "local") and not last.source_read):
        _give_up_after_too_many(services, record, parts)
        return _begin(services, record, turn, len(parts) + 1, last)
    if last.state == "staging" and not last.token:
        return _initiate(services, record, last)
    if last.state == "staged" and last.source_read and last.source < len(record.corrections):
        return _reopen(services, record, turn, last)
    return answer(_where(last))


def _reopen(services: Services, record: Import, turn: Turn, part: Part) -> Answer:
    """Let a part that was held take the corrections, too."""
    _bound_destruction(services, record, pinned_feed(services, record))
    part = services.parts.take_over(record.import_id, part, turn, lease_ms=0)
    services.parts.change(
        record.import_id,
        part,
        state="staging",
        source=part.source + 1,
        end=msgspec.to_builtins(Cursor(0, 0)),
        source_read=False,
        refused={},
        probed_row=0,
        refusals_collected=False,
    )
    return answer("stage")


def _give_up_last(services: Services, record: Import, parts: list[Part]) -> list[Part]:
    """The parts, the last one given up if it was surely not executed and must not be as it is."""
    if not parts:
        return parts
    last = parts[-1]
    if last.token and _is_unexecuted(last) and last.expires <= now_ms():
        reached("a dead token buried")
        why = "its token died before it was executed, as when it was held too long"
        by_choice = last.state == "staged" and record.is_approved
    elif (_is_unexecuted(last) or last.state == "local") and is_outdated(services, record, last):
        reached("a part that leaves out other rows")
        why, by_choice = "it leaves out other rows than the import now should", True
    else:
        return parts
    dead = services.parts.change(
        record.import_id, last, state="dead", set_aside=by_choice, given_up=why
    )
    return [*parts[:-1], dead]


def _is_unexecuted(part: Part) -> bool:
    """Whether the vendor has surely not been told to execute the part."""
    return part.state == "staging" or (part.state == "staged" and not part.execute_until)


def _where(part: Part) -> str:
    if part.state == "staging":
        return "stage"
    if part.state == "executing":
        return "check"
    if part.state == "finished":
        return "finish"
    return "refused" if part.rejected_validation and not part.refusals_collected else "gates"


def _begin(
    services: Services, record: Import, turn: Turn, number: int, before: Part | None
) -> Answer:
    """Begin the part that reads on where `before` ends."""
    began = iso_now()
    start = before.end if before else msgspec.to_builtins(Cursor(0, 0))
    part = Part(
        number=number,
        state="staging",
        attempt=record.attempt,
        source=before.source if before else 0,
        start=start,
        end=start,
        refused=before.refused if before else {},
        probed_row=before.probed_row if before else 0,
        later=digest_of_later(services, record),
        started_at=began,
    )
    services.parts.begin(record.import_id, part, turn)
    if not record.started_at:
        services.imports.update(record, started_at=began)
    return _initiate(services, record, part)


def _give_up_after_too_many(services: Services, record: Import, parts: list[Part]) -> None:
    """Raise TornStage or QuotaTooSmall when part after part of this attempt had to be given up."""
    lost = exhausted = 0
    for part in parts:
        if part.state == "finished":
            lost = exhausted = 0
        elif part.attempt == record.attempt and part.state in ("torn", "dead"):
            exhausted += part.exhausted
            lost += not (part.exhausted or part.set_aside)
    if lost > services.settings.max_torn_parts:
        reached("too many parts given up")
        raise TornStage(
            f"{lost} parts in a row could not be staged for certain.",
            hint="Nothing of them was executed. Look at the vendor's state, then "
            "`prefdrop imports retry`.",
        )
    if exhausted > MOST_EXHAUSTED:
        reached("too little of the limit")
        raise QuotaTooSmall(
            f"{exhausted} parts in a row found the vendor's limit used up before they were staged.",
            hint="Nothing of them was executed. Ask the vendor for a higher limit (O-7), make room "
            "in it, then `prefdrop imports retry`.",
        )


def _initiate(services: Services, record: Import, part: Part) -> Answer:
    """Ask the vendor for an import, if the part's first chunk holds a record."""
    feed = pinned_feed(services, record)
    source = source_of(services, record, feed, part.source)
    _bound_destruction(services, record, feed)
    limits = ChunkLimits(
        bytes=record.chunk_bytes or services.settings.chunk_bytes,
        records=1,  # it is enough to know that there is one
        rejects=REJECTS_IN_MEMORY,
    )
    start = msgspec.convert(part.end, Cursor)
    if next(source.chunks(start, limits, now=check_time(record))).records == 0:
        return answer("stage")
    if record.initiate_after > now_ms():
        reached("an Initiate that waits for a slot")
        return _look_again(services, record.initiate_after)
    use = services.quota.use()
    tell_quota(use.used)
    if use.left < SLOTS[services.settings.quota_unit]:
        reached("a limit that is used up")
        return _look_again(services, use.next_slot or now_ms() + WINDOW_MS)
    if record.waiting is not None:  # no slot is spent on a vendor who is still away
        reached("a vendor looked at before Initiate")
        services.vendor.require()
    services.quota.mark()
    try:
        status = services.vendor.initiate(_spec(record, feed))
    except NotFound as refused:
        if "MatchValue" in refused.vendor_message:
            refused.hint = UNKNOWN_MATCH
        raise
    except TooManyRequests as refused:
        reached("an Initiate over the limit")
        slot = slot_after_refusal(services, record, refused)
        services.imports.update(record, initiate_after=slot)
        return _look_again(services, slot)
    planned = now_ms() + int(services.settings.part_seconds * 1000)
    expires = milliseconds(status.expires) if status.expires else planned
    life = min(expires, planned) - now_ms()
    part = services.parts.change(
        record.import_id,
        part,
        token=status.access_token,
        expires=expires,
        stage_until=now_ms() + int(life * STAGING_SHARE),
    )
    show_progress(services, record, "Staging", part)
    return answer("stage")


def _look_again(services: Services, slot: int) -> Answer:
    """Wait for a slot, and look in between whether an operator cancelled the import."""
    return wait_until(min(slot, now_ms() + int(services.settings.longest_wait_seconds * 1000)))


def _bound_destruction(services: Services, record: Import, feed: Feed) -> None:
    """Count a destructive feed's records before the vendor hears of them; raises TooManyRecords."""
    if not feed.import_.destructive:
        return
    most, count = feed.import_.max_records or 0, 0
    most = min(most, services.settings.part_records)  # such a file must fit one part
    limits = ChunkLimits(bytes=COUNTING_BYTES, records=most + 1, rejects=REJECTS_IN_MEMORY)
    for number in range(len(record.corrections) + 1):
        source = source_of(services, record, feed, number)
        for chunk in source.chunks(Cursor(0, 0), limits, now=check_time(record)):
            count += chunk.records
            if count > most:
                raise TooManyRecords(
                    f"{record.key} holds more than the {most} records that a destructive import "
                    "may have.",
                    hint="Nothing of it was executed. The bound is max_records in the feed, and "
                    "never more than one part takes.",
                )


def _spec(record: Import, feed: Feed) -> ImportSpec:
    chosen = feed.import_
    name = f"{chosen.name} {record.key.rpartition('/')[2]}"[:NAME_LENGTH]
    return ImportSpec(
        name=name,
        data_stage_duration=chosen.data_stage_duration,
        import_action=chosen.action,
        match_criteria="AlternateIdType" if chosen.match_alternate_id else None,
        match_value=chosen.match_alternate_id,
        refresh_alternate_ids=chosen.refresh_alternate_ids,
        refresh_contacts=chosen.refresh_contacts,
        refresh_custom_fields=chosen.refresh_custom_fields,
        refresh_groups=chosen.refresh_groups,
        refresh_tags=chosen.refresh_tags,
        allow_prior_consents=chosen.allow_prior_consents,
        reason_code=chosen.reason_code or None,
    )
