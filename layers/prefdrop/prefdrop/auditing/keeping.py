"""Keep what came, each event once, whatever else came with it and however often.

Every write is conditional and stands for itself, so a delivery of which only a part was kept may be
repeated whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.auditing.fingerprints import compare, fingerprints
from prefdrop.aws import CALLS_AT_ONCE
from prefdrop.errors import Transient
from prefdrop.ledger.audit import AuditStore
from prefdrop.ledger.audited import LABEL_LENGTH, AuditedEvent, Source
from prefdrop.ledger.clock import days_from_now, iso_now, iso_of
from prefdrop.ledger.event_exceptions import Code, EventException, EventExceptionStore
from prefdrop.ledger.persons import Mentions
from prefdrop.mypreferences.events import Event, NotUnderstood, parse_events
from prefdrop.telemetry import frames, logger, metrics

DEEPEST = 64
"""Nesting of an event's JSON; the vendor's go a handful deep, and readers must not run out."""

MOST_ASIDE = 100
"""Things of one body that are no events and are kept one by one. Each costs a write that a sender
waits for, and more than fit into its patience would be sent again for ever."""

Item = Event | NotUnderstood


def read_body(body: bytes) -> list[Item]:
    """What a body holds. Never raises; what is not understood as a whole keeps its own bytes."""
    parsed = parse_events(_utf8(body))
    items = parsed.items
    if len(items) == 1 and isinstance(items[0], NotUnderstood) and items[0].position is None:
        return [msgspec.structs.replace(items[0], raw=body)]
    checked = [_checked(item) for item in items]
    if parsed.around is None:
        return checked
    return [*checked, msgspec.structs.replace(parsed.around, raw=body)]


def bundled(items: Sequence[Item]) -> list[Item]:
    """The same items; where too many are no events, those as one, an array of them as they came."""
    aside = [item.raw for item in items if isinstance(item, NotUnderstood)]
    if len(aside) <= MOST_ASIDE:
        return list(items)
    whole = NotUnderstood(
        position=None,
        reason=f"{len(aside)} items of one array are no events; they are kept together.",
        raw=b"[" + b",".join(aside) + b"]",
    )
    return [*(item for item in items if isinstance(item, Event)), whole]


def _utf8(body: bytes) -> bytes:
    """`body` in UTF-8 without a byte order mark, if it is in a Unicode encoding at all."""
    encoding = json.detect_encoding(body)
    if encoding == "utf-8":
        return body
    try:
        return body.decode(encoding).encode()
    except UnicodeError:
        return body


def _checked(item: Item) -> Item:
    if isinstance(item, NotUnderstood) or not _is_deep(item.raw):
        return item
    return NotUnderstood(
        position=None, reason=f"The JSON is nested more than {DEEPEST} deep.", raw=item.raw
    )


def _is_deep(raw: bytes) -> bool:
    if raw.count(b"{") + raw.count(b"[") <= DEEPEST:
        return False
    level: list[Any] = [msgspec.json.decode(raw)]
    for _ in range(DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    """The objects and arrays directly inside one."""
    inner = value.values() if isinstance(value, dict) else value
    return [one for one in inner if isinstance(one, dict | list)]


FEW = 8
"""Events that are simply written; of more, those that are kept already are looked up first."""

OLDEST = timedelta(days=31)
NEWEST = timedelta(days=1)
"""How far an event's own time may lie from now to be believed; the vendor keeps events 15 days."""

Outcome = Literal[
    "stored", "missed", "duplicate", "overdue", "conflict", "not_understood", "failed", "late"
]
"""What became of one item. `missed` was stored, `overdue` had been, and no webhook brought it in
time; `failed` and `late` (no time was left) are to be delivered again."""

AGAIN: tuple[Outcome, ...] = ("failed", "late")

STORE_FAILURES = (ClientError, BotoCoreError, Transient)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """How something came: by which way, when (ISO) and as which content type.

    Of what is read back, events up to `overdue` (ISO) should have come by webhook; empty where
    none should. All of it occurred up to `until` (ISO; empty if that is not known). Events of the
    subscriptions `elsewhere` are delivered to others, so nobody missed them here.
    """

    source: Source
    received_at: str
    content_type: str = ""
    overdue: str = ""
    until: str = ""
    elsewhere: frozenset[str] = frozenset()


def by(source: Source, content_type: str = "") -> Origin:
    """It came just now."""
    return Origin(source=source, received_at=iso_now(), content_type=content_type)


class Keeper:
    """Puts events into the Audit table and everything else into the Exceptions table."""

    def __init__(
        self,
        audit: AuditStore,
        exceptions: EventExceptionStore,
        mentions: Mentions,
        audit_days: int,
    ) -> None:
        self._audit = audit
        self._exceptions = exceptions
        self._mentions = mentions
        self._audit_days = audit_days

    def keep(
        self, items: Sequence[Item], origin: Origin, remaining: Callable[[], float]
    ) -> Counter[str]:
        """Keep all items, in parallel, as long as seconds are `remaining`; count the outcomes."""
        items = bundled(items)
        groups = _by_id(items)
        try:
            known = self._known(items) if len(groups) > FEW else {}
        except STORE_FAILURES as error:
            logger.warning("could not be kept", extra={"code": code_of(error)})
            return Counter(failed=len(items))

        def keep_group(group: list[Item]) -> list[Outcome]:
            done: dict[bytes, Outcome] = {}
            outcomes = []
            for item in group:
                before = done.get(item.raw)
                if before is None or before in AGAIN:
                    done[item.raw] = self._keep_one(item, origin, known, remaining)
                    outcomes.append(done[item.raw])
                else:  # it stands there twice, so what the store answers would be our own
                    outcomes.append("duplicate")
            return outcomes

        if len(groups) == 1:
            outcomes = [keep_group(group) for group in groups]
        else:
            with ThreadPoolExecutor(min(CALLS_AT_ONCE, len(groups) or 1)) as pool:
                outcomes = list(pool.map(keep_group, groups))
        return Counter(outcome for group in outcomes for outcome in group)

    def _known(self, items: Iterable[Item]) -> dict[str, AuditedEvent]:
        return self._audit.known(item.event_id for item in items if isinstance(item, Event))

    def _keep_one(
        self,
        item: Item,
        origin: Origin,
        known: dict[str, AuditedEvent],
        remaining: Callable[[], float],
    ) -> Outcome:
        if remaining() <= 0:
            return "late"
        try:
            if isinstance(item, NotUnderstood):
                return self._set_aside(item.raw, origin, "EventNotUnderstood", item.reason)
            return self._keep_event(item, origin, known.get(item.event_id))
        except STORE_FAILURES as error:
            logger.warning("could not be kept", extra={"code": code_of(error)})
            return "failed"
        except Exception as error:
            # Nobody foresaw it, so it would come back the same for ever: keep it for a person.
            logger.error("keeping crashed", extra={"code": type(error).__name__, "where": frames()})
            return self._set_aside_after_crash(item, origin)

    def _set_aside_after_crash(self, item: Item, origin: Origin) -> Outcome:
        try:
            return self._set_aside(item.raw, origin, "EventNotStorable", "Keeping it failed.")
        except Exception as error:
            # Nothing may leave here: the outcomes of all other items would be lost with it.
            logger.warning("could not be kept", extra={"code": code_of(error)})
            return "failed"

    def _keep_event(self, event: Event, origin: Origin, kept: AuditedEvent | None) -> Outcome:
        new = audited(event, origin, self._audit_days)
        try:
            kept = kept or self._audit.put_once(new)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            why = "DynamoDB does not take it as an item."
            return self._set_aside(event.raw, origin, "EventNotStorable", why, event.event_id)
        if kept is None:
            return "missed" if new.missed else "stored"
        brings = compare(kept, new)
        if brings and not self._keep_beside(kept, new, brings):
            return self._keep_event(event, origin, self._audit.find(event.event_id))
        if origin.source == "webhook" and not kept.delivered_at:
            rest = "" if brings is None else new.rest
            self._audit.mark_delivered(event.event_id, origin.received_at, rest)
        if brings is None:
            return self._keep_conflict(new, event.raw, origin)
        if kept.delivered_at or not _is_overdue(kept, new.subscription_id, origin):
            return "duplicate"
        counted = not kept.missed and self._audit.mark_missed(event.event_id, origin.received_at)
        return "overdue" if counted else "duplicate"

    def _keep_beside(self, kept: AuditedEvent, new: AuditedEvent, brings: dict[str, str]) -> bool:
        """Keep a delivery that says more; False if something else was kept since `kept` was read.

        The mention comes first: a repetition of the delivery would find nothing left to do.
        """
        if "other_id" in brings:
            self._mentions.put(new, "delivery")
        return self._audit.keep_beside(kept, new, brings)

    def _keep_conflict(self, new: AuditedEvent, raw: bytes, origin: Origin) -> Outcome:
        self._mentions.put(new, "conflict")
        self._audit.mark_conflict(new.event_id, origin.received_at[:10])
        why = "Another event of this id is kept."
        return self._set_aside(raw, origin, "EventConflict", why, new.event_id)

    def _set_aside(
        self, body: bytes, origin: Origin, code: Code, reason: str, event_id: str = ""
    ) -> Outcome:
        is_new = self._exceptions.put_once(
            EventException(
                code=code,
                reason=reason,
                received_at=origin.received_at,
                source=origin.source,
                content_type=origin.content_type,
                event_id=event_id,
                body=body,
            )
        )
        if is_new:
            logger.warning("set aside", extra={"code": code, "reason": reason})
        if code == "EventConflict":
            return "conflict" if is_new else "duplicate"
        return "not_understood" if is_new else "duplicate"


def without_time(items: Iterable[Item]) -> int:
    """How many events do not say when they occurred, or in a member that we do not know (O-15)."""
    return sum(isinstance(item, Event) and item.occurred_at is None for item in items)


def count(outcomes: Counter[str], items: Iterable[Item]) -> None:
    """Write the metrics of what became of a delivery or of a reading, and any added before."""
    for name, number in (
        ("EventConflicts", outcomes["conflict"]),
        ("EventsNotUnderstood", outcomes["not_understood"]),
        ("EventsWithoutTime", without_time(items)),
    ):
        if number:
            metrics.add_metric(name, "Count", number)
    if metrics.metric_set:
        metrics.flush_metrics()


def audited(event: Event, origin: Origin, audit_days: int) -> AuditedEvent:
    """The item that an event becomes."""
    marks = fingerprints(event)
    occurred = event.occurred_at
    occurred_at = iso_of(occurred) if occurred else ""
    at = occurred_at if _is_likely(occurred, origin) else origin.received_at
    made = AuditedEvent(
        event_id=event.event_id,
        event_type=event.event_type[:LABEL_LENGTH],
        entity=event.entity[:LABEL_LENGTH],
        profile_id=_label(event.profile_id),
        names_alternate_id=isinstance(event.profile_id, str),
        subscription_id=_label(event.subscription_id),
        at=at,
        occurred_at=occurred_at,
        received_at=origin.received_at,
        source=origin.source,
        delivered_at=origin.received_at if origin.source == "webhook" else "",
        facts=marks.facts,
        content=marks.content,
        previous=marks.previous,
        rest=marks.rest,
        raw=event.raw.decode(),
        bytes=len(event.raw),
        expires_at=days_from_now(audit_days) if audit_days else 0,
    )
    if not _is_overdue(made, made.subscription_id, origin):
        return made
    return msgspec.structs.replace(made, missed=True, missed_at=origin.received_at)


def _is_overdue(event: AuditedEvent, subscription_id: str, origin: Origin) -> bool:
    """Whether a webhook should have brought by now what was read back under that subscription.

    An event without a believable time of its own lies at the time it came; that it was asked for
    as one of a time says more.
    """
    says_when = event.at != event.received_at
    occurred_by = event.at if says_when or not origin.until else origin.until
    return occurred_by <= origin.overdue and subscription_id not in origin.elsewhere


def _is_likely(occurred: datetime | None, origin: Origin) -> bool:
    now = datetime.fromisoformat(origin.received_at)
    return occurred is not None and now - OLDEST <= occurred <= now + NEWEST


def _label(value: int | str | None) -> str:
    return "" if value is None else str(value)[:LABEL_LENGTH]


def _by_id(items: Iterable[Item]) -> list[list[Item]]:
    """Items in groups that may be written at once: what is one item there goes in its order."""
    groups: dict[str | bytes, list[Item]] = {}
    for item in items:
        key = item.event_id if isinstance(item, Event) else item.raw
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def code_of(error: Exception) -> str:
    """What a failure is called. An AWS message may quote what was to be written, so it is not."""
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__
