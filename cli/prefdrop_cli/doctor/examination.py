"""All checks of a stack, in the order in which one depends on another."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from shlex import quote

import msgspec

from prefdrop.auditing.webhook_secret import WebhookSecret, WrongWebhookSecret, parse
from prefdrop.configuring.store import SnapshotStore
from prefdrop.exporting import operate
from prefdrop.importing.turn import status_of
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.turns import Turn
from prefdrop.mypreferences.errors import Forbidden, MyPreferencesError
from prefdrop.mypreferences.subscriptions_models import ACTIVE, Subscription
from prefdrop_cli.doctor import aws, drops, imports, vendor
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good, skipped
from prefdrop_cli.doctor.patient import ALARM, Check, Patient, examined
from prefdrop_cli.snapshots import max_age

WEBHOOK = "webhook subscription"
PLAN = (
    "`prefdrop subscriptions plan FILE` shows what is there, `prefdrop subscriptions apply FILE` "
    "puts it right."
)
MISSED = "What was missed meanwhile: `prefdrop events backfill`, within 15 days."
LATELY = timedelta(days=2)
LOOKED_AT = 5_000
"""Newest events that are looked at for missed ones."""
SECRET = "Put a right value into the secret WebhookSecretArn; docs/events.md shows its members."


def webhook_subscription(patient: Patient) -> Iterator[Finding]:
    """Whether an active subscription at the vendor leads to this stack's webhook."""
    try:
        known = parse(patient.deployment.secret_text("WebhookSecretArn"))
    except WrongWebhookSecret as error:
        yield bad("webhook secret", f"{error.message} Deliveries are refused.", SECRET)
        return
    try:
        with patient.vendor.client() as client:
            there = client.subscriptions.list()
    except Forbidden:
        yield skipped(WEBHOOK, "The API user may not see subscriptions.",
                      "Its group needs Event Data -> View.")  # fmt: skip
    except (MyPreferencesError, msgspec.DecodeError) as error:
        said = error.message if isinstance(error, MyPreferencesError) else "the vendor secret"
        yield skipped(WEBHOOK, f"Subscriptions could not be read: {said}", "See the vendor above.")
    else:
        yield from _judged(patient.deployment.outputs["WebhookUrl"], known, there)


def _judged(
    webhook: str, known: WebhookSecret, there: tuple[Subscription, ...]
) -> Iterator[Finding]:
    """Addresses are compared and never shown: whoever knows one can call it."""
    ours = [one for one in there if (one.url or "").startswith(webhook.rstrip("/") + "/")]
    if not ours:
        told = f"{len(there)} subscriptions lead elsewhere" if there else "there is none at all"
        yield doubtful(WEBHOOK, f"No subscription leads to this stack: {told}.",
                       f"If events are wanted here: {PLAN}")  # fmt: skip
    for one in ours:
        yield _one(one, known, (one.url or "").rstrip("/").rpartition("/")[2])


def _one(one: Subscription, known: WebhookSecret, key: str) -> Finding:
    name = f"Subscription {one.id} ({one.name})"
    if not any(hmac.compare_digest(key.encode(), valid.encode()) for valid in known.keys):
        return bad(WEBHOOK, f"{name} has a key that this stack does not take: it is answered 401.",
                   f"The key was replaced. {PLAN} {MISSED}")  # fmt: skip
    if (one.state or "").lower() != ACTIVE.lower():
        return bad(WEBHOOK, f"{name} is {one.state}: nothing is delivered.",
                   f"{PLAN} {MISSED}")  # fmt: skip
    if not hmac.compare_digest(key.encode(), known.key.encode()):
        return doubtful(WEBHOOK, f"{name} still uses the key before the present one.",
                        f"{PLAN} Then take previous_key out of the secret.")  # fmt: skip
    return good(WEBHOOK, f"{name} is active and leads here, with a key that is valid.")


def events_missed(patient: Patient) -> Iterator[Finding]:
    """Events of late that no webhook brought in time."""
    first, last = (iso(int(at.timestamp() * 1000)) for at in
                   (patient.now - LATELY, patient.now + timedelta(days=1)))  # fmt: skip
    newest = islice(patient.deployment.audit.between(first, last), LOOKED_AT)
    events = [(one.missed, one.source) for one in newest]
    count = sum(was for was, _ in events)
    if count:
        yield doubtful(
            "events missed",
            f"{count} of the last {len(events)} events were brought by no webhook in time. They "
            "were read back and are kept.",
            "Is the subscription active, and did WebhookFailingAlarm fire? `prefdrop events list` "
            "marks them.",
        )
    else:
        of = "newest " if len(events) == LOOKED_AT else ""
        yield good("events missed", f"None of the {of}{len(events)} events of two days.")


def events_misunderstood(patient: Patient) -> Iterator[Finding]:
    """What came to the webhook lately and was no event, or another one under a known id."""
    counts: dict[str, int] = {}
    for day in (patient.now, patient.now - timedelta(days=1)):
        of_day = patient.deployment.event_exceptions.counts_of_day(day.date().isoformat())
        counts = {code: counts.get(code, 0) + of_day.get(code, 0) for code in {*counts, *of_day}}
    for code, count in sorted(counts.items()):
        yield doubtful(
            "events not kept as events",
            f"{count} of two days: {code}.",
            "They lie whole in the exceptions table under EVENT#<day>; docs/operations.md, Alarms, "
            "says what to do about each.",
        )
    if not counts:
        yield good("events not kept as events", "None of two days.")


SWEEP_SECONDS = 180
"""The sweeper runs every minute, so what stands longer is not swept."""


def vendor_turn(patient: Patient) -> Iterator[Finding]:
    """The holder, and the tickets behind it."""
    turns = patient.deployment.turns
    holder, queue = turns.holder(), turns.queue()
    stuck = holder.execution and _stuck(
        patient, holder, status_of(patient.deployment, holder.execution)
    )
    yield stuck or _moving(holder, len(queue))
    dead = [
        ticket.import_id
        for ticket in queue
        if ticket.execution != holder.execution
        and status_of(patient.deployment, ticket.execution) != "RUNNING"
    ]
    if dead:
        yield doubtful(
            "queue for the turn",
            f"Imports wait whose executions have ended: {', '.join(dead)}.",
            f"The sweeper takes them out within a minute. {_sweep(patient)} "
            "`prefdrop imports retry ID` for those that are to go on.",
        )


def _stuck(patient: Patient, holder: Turn, status: str) -> Finding | None:
    stands = (now_ms() - holder.since) / 1000
    name = f"import {holder.import_id}, since {iso(holder.since)}"
    if status != "RUNNING":
        told = f"The turn is held by {name}, whose execution is {status or 'gone'}."
        remedy = f"The sweeper takes it back within a minute. {_sweep(patient)}"
        if stands > SWEEP_SECONDS:
            return bad("turn", f"{told} Nothing is imported meanwhile.", remedy)
        return doubtful("turn", told, remedy)
    if not holder.acknowledged and stands > SWEEP_SECONDS:
        told = f"The turn was given to {name}, and it was never surely told."
        return bad("turn", told, f"The sweeper tells it again every minute. {_sweep(patient)}")
    return None


def _moving(holder: Turn, waiting: int) -> Finding:
    if holder.execution:
        behind = f", {waiting - 1} behind it" if waiting > 1 else ""
        return good("turn", f"Import {holder.import_id} has it since {iso(holder.since)}{behind}.")
    return good("turn", "Nobody has it and nobody waits." if not waiting else "It is being given.")


def _sweep(patient: Patient) -> str:
    name = patient.physical("SweepTurnsFunction") or "the function sweep-turns"
    return (
        f"If it does not: look into the log of {name}, and call it by hand (`aws lambda invoke`)."
    )


def export_runs(patient: Patient) -> Iterator[Finding]:
    """How the newest run of each export ended."""
    count, wrong = 0, 0
    for one in operate.list_exports(patient.deployment):
        count += 1
        if one.error:
            wrong += 1
            yield bad("exports", f"exports/{one.name}.toml cannot be used: {one.error}",
                      "Correct it and put it into the bucket again.")  # fmt: skip
        elif one.last and one.last.status == "Failed":
            wrong += 1
            why = one.last.error.code if one.last.error else "for no reason that was kept"
            yield bad(
                "exports",
                f"The newest run of {one.name} failed: {why}.",
                f"`prefdrop exports show {quote(one.name)}` says why; `prefdrop exports run "
                f"{quote(one.name)}` runs it again. Files and watermark of before are as they "
                "were.",
            )
    if not wrong:
        yield good("exports", f"{count} defined, the newest run of none failed.")


PULL_HINT = "`prefdrop configuration pull` takes one; it says what it could not read."


def configuration_snapshot(patient: Patient) -> Iterator[Finding]:
    """The newest snapshot and its age; raises SnapshotUnreadable."""
    found = SnapshotStore(patient.deployment.objects).find()
    if found is None:
        yield doubtful(
            "configuration",
            "There is no snapshot, so only the vendor checks names in rows.",
            PULL_HINT,
        )
        return
    longest = max_age(patient.deployment)
    taken = f"{found.snapshot.taken_at:%Y-%m-%d %H:%M} UTC"
    if found.snapshot.account().is_stale(patient.now, longest):
        said = f"The snapshot is of {taken} and stale: rows are checked against it no more."
        yield doubtful("configuration", said, PULL_HINT)
    else:
        yield good("configuration", f"The snapshot is of {taken}.")


def alarms_ringing(patient: Patient) -> Iterator[Finding]:
    """Each alarm in the state ALARM, by its name in the runbook."""
    known, count = len(patient.of_type(ALARM)), 0
    if not known:
        yield skipped("alarms", "This stack carries no alarms (a local one never does).")
        return
    for name, alarm in patient.alarms():
        if alarm["StateValue"] == "ALARM":
            count += 1
            yield bad("alarms", f"{name}: {alarm.get('AlarmDescription', '')}",
                      f"docs/operations.md, Alarms, {name}.")  # fmt: skip
    if not count:
        yield good("alarms", f"None of {known} rings.")


CHECKS: dict[str, Check] = {
    "AWS credentials": aws.credentials,
    "AWS limits": aws.limits,
    "vendor secret": vendor.secret,
    "vendor": vendor.account,
    "bucket events": drops.bucket,
    "drop rule": drops.rule,
    "feeds": drops.feeds,
    "dead letters": drops.queues,
    "turn": vendor_turn,
    "imports under way": imports.under_way,
    "imports lately": imports.lately,
    "quota": imports.quota,
    "configuration": configuration_snapshot,
    "webhook subscription": webhook_subscription,
    "events missed": events_missed,
    "events not kept as events": events_misunderstood,
    "exports": export_runs,
    "alarms": alarms_ringing,
}


def examine(patient: Patient) -> Iterator[Finding]:
    """Every finding, as it is found."""
    for name, check in CHECKS.items():
        yield from examined(name, check, patient)
