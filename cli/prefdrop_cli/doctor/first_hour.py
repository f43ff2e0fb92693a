"""The first hour on a real account: six things that nothing but AWS itself can show."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, HTTPClientError

from prefdrop.importing.drop import INBOX, Drop
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop_cli.deployments import LOOPBACK
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good, skipped
from prefdrop_cli.doctor.patient import ALARM, Check, Patient, examined
from prefdrop_cli.doctor.webhook_probe import NAME, delivered, remove_objects

WRITES = (
    "Two files with one invalid row are dropped, so nothing of them is sent to the vendor. Two "
    "invented events are posted. For a minute, the drop rule gets a second target and the event "
    "bus a second rule. One alarm rings. An object of 128 MB is uploaded. All of it is removed "
    f"again, except the imports of the feed {NAME}, which expire. It takes about eight minutes."
)
NOT_ALLOWED = "Nothing was written, because no one agreed to it."
RESTORE = "`sam deploy` restores the policies of {} and of DataKey, if someone changed them."
FEED = f"""[import]
name = "{NAME}"
match = "ProfileId"
order = "none"
[source]
format = "csv"
[columns]
profile = "ProfileId"
[gates]
max_rejected_percent = 100
min_records = 0
"""
ROWS = b"profile\nnot a number\n"

PATIENCE = 180.0
"""Seconds to wait for each thing that must be seen."""
SETTLES = 60.0
"""Seconds until a new rule or target of EventBridge is in force everywhere."""
ODD = 'odd "quoted" \\ \\u0041 é 漢 <$.x> {}'
"""What a template of text, such as the pipe's, may stumble over."""
LARGE = 128 << 20
"""Bytes of the object whose download pauses: far more than buffers on the way hold."""


def the_turn(patient: Patient) -> Iterator[Finding]:
    """Whether a dropped file gets the turn and is reported."""
    if busy := _busy(patient, "turn comes"):
        yield busy
        return
    began = time.monotonic()
    with _dropped(patient, "turn.csv") as drop:
        yield _judged(patient, drop, _ended(patient, drop), time.monotonic() - began)


def _busy(patient: Patient, check: str) -> Finding | None:
    """Why nothing is dropped while an import has the turn: the probe would wait behind it."""
    holder = patient.deployment.turns.holder().import_id
    remedy = "Try again when it has ended."
    return skipped(check, f"Import {holder} has the turn.", remedy) if holder else None


def _judged(patient: Patient, drop: Drop, record: Import | None, seconds: float) -> Finding:
    if record is None:
        said = f"Dropping {drop.key} started no import within {PATIENCE:.0f} s."
        return bad("turn comes", said, "See the checks of bucket, rule and dead letters above.")
    show = f"`prefdrop imports show {record.import_id}` shows where it is and why."
    if record.status not in FINISHED:
        logs = patient.physical("TakeTurnFunction"), patient.physical("SweepTurnsFunction")
        said = f"Import {record.import_id} is {record.status} after {PATIENCE:.0f} s."
        return bad("turn comes", said, f"{show} Then read the logs of {' and '.join(logs)}.")
    if record.status != "CompletedWithRejects":
        why = f": {record.error.code}" if record.error else ""
        return bad("turn comes", f"Import {record.import_id} is {record.status}{why}.", show)
    return good("turn comes", f"Import {record.import_id} got it and ended after {seconds:.0f} s.")


def large_body(patient: Patient) -> Iterator[Finding]:
    """Whether a webhook body that is too large for a table item is kept whole."""
    with delivered(patient, "large", note="x" * 300_000) as delivery:
        if refused := delivery.refused("large webhook body"):
            yield refused
        elif not _until(patient, lambda: delivery.kept() == delivery.body):
            said = "The webhook answered 200, and the audit table does not hold what was sent."
            yield bad("large webhook body", said, delivery.read_log)
        else:
            said = f"{len(delivery.body):,} bytes were taken in and read back unchanged."
            yield good("large webhook body", said)


def dead_letter(patient: Patient) -> Iterator[Finding]:
    """Whether EventBridge can put a message into the encrypted queue."""
    if busy := _busy(patient, "dead letter"):
        yield busy
        return
    sqs, queue = patient.client("sqs"), patient.physical("DropDeadLetterQueue")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    with _broken_target(patient, arn), _dropped(patient, "dead-letter.csv") as drop:
        receipt = _until(patient, lambda: _letter_of(sqs, queue, drop))
        if receipt:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=receipt)
            yield good("dead letter", "EventBridge put one into DropDeadLetterQueue; it was read.")
        else:
            said = f"None came into DropDeadLetterQueue within {PATIENCE:.0f} s."
            yield bad("dead letter", said, RESTORE.format("DropDeadLetterQueue"))


@contextmanager
def _broken_target(patient: Patient, queue: str) -> Iterator[None]:
    """A second target of the drop rule that does not exist, for as long as the block lasts.

    EventBridge sends an event for a target that is gone straight to the dead-letter queue.
    """
    events, rule = patient.client("events"), patient.physical("DropRule").rpartition("/")[2]
    target = {
        "Id": NAME,
        "Arn": f"{queue.rpartition(':')[0]}:{NAME}-nowhere",
        "DeadLetterConfig": {"Arn": queue},
        "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
    }
    try:
        events.put_targets(Rule=rule, Targets=[target])
        _settle(patient)
        yield
    finally:
        events.remove_targets(Rule=rule, Ids=[NAME])


def _letter_of(sqs: Any, queue: str, drop: Drop) -> str:
    """The receipt of the message about a drop; other messages stay in the queue."""
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=15)
    for message in answer.get("Messages", []):
        if drop.key in message["Body"]:
            return str(message["ReceiptHandle"])
    return ""


def alarm_mail(patient: Patient) -> Iterator[Finding]:
    """Whether CloudWatch can tell the alarm topic, and whether anyone reads it."""
    quiet = (one for _, one in patient.alarms() if one["StateValue"] != "ALARM")
    alarm = next(quiet, None) if patient.of_type(ALARM) else None
    if alarm is None:
        yield skipped("alarm mail", "This stack has no alarm that could ring.")
        return
    topic = patient.deployment.outputs["AlarmTopicArn"]
    found = patient.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    readers = sum(one["SubscriptionArn"].startswith("arn:") for one in found)
    done = _rung(patient, alarm["AlarmName"])
    if not done.startswith("Successfully"):
        said = done or f"{alarm['AlarmName']} told no one within {PATIENCE:.0f} s."
        yield bad("alarm mail", said, RESTORE.format("AlarmTopic"))
    elif not readers:
        yield doubtful("alarm mail", "The alarm reached the topic, and no address is confirmed.",
                       "Set the parameter AlarmEmail, then confirm the mail from SNS.")  # fmt: skip
    else:
        said = f"{alarm['AlarmName']} was sent to {readers} confirmed subscriptions."
        yield good("alarm mail", f"{said} Check that the mail has arrived.")


def _rung(patient: Patient, name: str) -> str:
    """What CloudWatch says of an alarm's action, after setting it off; empty for nothing."""
    client, began = patient.client("cloudwatch"), datetime.now(UTC)

    def action() -> str:
        found = client.describe_alarm_history(
            AlarmName=name, HistoryItemType="Action", StartDate=began
        )["AlarmHistoryItems"]
        return str(found[0]["HistorySummary"]) if found else ""

    reason = "prefdrop doctor --first-hour"
    try:
        client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
        return str(_until(patient, action) or "")
    finally:
        client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason=reason)


def odd_id(patient: Patient) -> Iterator[Finding]:
    """Whether the pipe passes an event's id on unchanged, whatever is in it."""
    with _heard(patient) as next_id, delivered(patient, ODD) as delivery:
        if refused := delivery.refused("odd event id"):
            yield refused
            return
        came = _until(patient, next_id)
        if came == delivery.event_id:
            yield good("odd event id", "The pipe passed it on to the event bus unchanged.")
        elif came:
            said = f"The pipe made {came!r} of {delivery.event_id!r}."
            yield bad("odd event id", said, "Read events from the audit table, and report this.")
        else:
            said = f"The event did not reach the event bus within {PATIENCE:.0f} s."
            yield bad("odd event id", said, f"Read the log {patient.physical('PipeLogs')}.")


@contextmanager
def _heard(patient: Patient) -> Iterator[Callable[[], str]]:
    """Yield a function that returns the id of the next probe event on the bus, or nothing."""
    events, sqs = patient.client("events"), patient.client("sqs")
    bus = patient.deployment.outputs["EventBusName"]
    with ExitStack() as undo:
        queue = sqs.create_queue(QueueName=f"{patient.deployment.stack}-{NAME}")["QueueUrl"]
        undo.callback(sqs.delete_queue, QueueUrl=queue)
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        pattern = {"source": ["prefdrop.events"], "detail": {"event_id": [{"prefix": NAME}]}}
        rule = events.put_rule(Name=NAME, EventBusName=bus, EventPattern=json.dumps(pattern))[
            "RuleArn"
        ]
        undo.callback(events.delete_rule, Name=NAME, EventBusName=bus)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": _open_to(rule, arn)})
        events.put_targets(Rule=NAME, EventBusName=bus, Targets=[{"Id": NAME, "Arn": arn}])
        undo.callback(events.remove_targets, Rule=NAME, EventBusName=bus, Ids=[NAME])
        _settle(patient)
        yield lambda: _next_id(sqs, queue)


def _open_to(rule: str, queue: str) -> str:
    """A policy by which a rule may put messages into a queue."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _next_id(sqs: Any, queue: str) -> str:
    messages = sqs.receive_message(QueueUrl=queue).get("Messages")
    return str(json.loads(messages[0]["Body"])["detail"]["event_id"]) if messages else ""


def slow_request(patient: Patient) -> Iterator[Finding]:
    """Whether S3 keeps a download open while a stage request takes its longest."""
    seconds, check = float(patient.deployment.parameters["RequestSeconds"]), "slow stage request"
    if _is_here(patient):
        yield skipped(check, "The bucket is on this machine: no network cuts a download.")
        return
    s3, place = patient.deployment.s3, {"Bucket": patient.deployment.bucket, "Key": f"{NAME}/large"}
    with ExitStack() as undo:
        undo.callback(remove_objects, patient, place["Key"])
        s3.put_object(**place, Body=bytes(LARGE))
        body = undo.enter_context(closing(s3.get_object(**place)["Body"]))
        body.read(LARGE // 16)
        time.sleep(seconds)
        try:
            body.read()
        except (HTTPClientError, BotoCoreError, OSError) as error:
            said = f"S3 cut a download that paused for {seconds:.0f} s: {type(error).__name__}."
            yield doubtful(check, said, "Imports open the file again. Lower RequestSeconds.")
        else:
            yield good(check, f"A download went on after a pause of {seconds:.0f} s.")


@contextmanager
def _dropped(patient: Patient, name: str) -> Iterator[Drop]:
    """A dropped file of one invalid row; once its import has ended, its objects are removed."""
    deployment = patient.deployment
    key = f"{INBOX}{NAME}/{name}"
    deployment.objects.write(f"feeds/{NAME}.toml", FEED.encode())
    version = deployment.objects.write(key, ROWS, content_type="text/csv")
    drop = Drop(deployment.bucket, key, version, len(ROWS), sequencer="", dropped_at="")
    try:
        yield drop
    finally:
        record = _ended(patient, drop)
        if record is None or record.status in FINISHED:  # else it still needs them
            for prefix in (f"feeds/{NAME}.toml", f"{INBOX}{NAME}/", f"results/{NAME}/"):
                remove_objects(patient, prefix)


def _ended(patient: Patient, drop: Drop) -> Import | None:
    """A drop's import once it has ended, or as it is when patience is."""
    find = partial(patient.deployment.imports.find, drop.import_id)
    _until(patient, lambda: (found := find()) and found.status in FINISHED)
    return find()


def _until(patient: Patient, look: Callable[[], Any]) -> Any:
    """The first true value of `look`, or its last one when patience is at its end."""
    until = time.monotonic() + PATIENCE
    while not (found := look()) and time.monotonic() < until:
        time.sleep(patient.deployment.poll_seconds)
    return found


def _settle(patient: Patient) -> None:
    if not _is_here(patient):
        time.sleep(SETTLES)


def _is_here(patient: Patient) -> bool:
    """Whether the stack is on this machine."""
    return urlsplit(patient.deployment.s3.meta.endpoint_url).hostname in LOOPBACK


CHECKS: dict[str, Check] = {
    "turn comes": the_turn,
    "large webhook body": large_body,
    "dead letter": dead_letter,
    "alarm mail": alarm_mail,
    "odd event id": odd_id,
    "slow stage request": slow_request,
}


def first_hour(patient: Patient, *, writes: bool) -> Iterator[Finding]:
    """Try the six things in their order; skip them all unless writing is allowed."""
    for name, check in CHECKS.items():
        if writes:
            yield from examined(name, check, patient)
        else:
            yield skipped(name, NOT_ALLOWED, "Add --writes, or agree at a terminal.")
