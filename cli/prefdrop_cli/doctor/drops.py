"""Whether a dropped file starts an import: bucket, rule, queue, feeds."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import Any

import msgspec

from prefdrop.feeds import FeedError, load_feed
from prefdrop.importing.drop import FEED_NAMES, is_feed_name
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good
from prefdrop_cli.doctor.patient import Patient

DEPLOY = "Deploy the stack again: `sam deploy`. Somebody changed it by hand."
PEEKED = 10
"""Messages of a queue that are looked into."""


def bucket(patient: Patient) -> Iterator[Finding]:
    """Whether the bucket tells of new objects, and keeps their versions."""
    s3, name = patient.client("s3"), patient.deployment.bucket
    told = s3.get_bucket_notification_configuration(Bucket=name)
    if "EventBridgeConfiguration" in told:
        yield good("bucket events", "The bucket tells EventBridge of new objects.")
    else:
        yield bad("bucket events", "The bucket tells nobody of new objects: drops do nothing.",
                  f"{DEPLOY} Then drop the files again that came meanwhile.")  # fmt: skip
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        yield bad("bucket versions", "The bucket keeps no versions, and imports read them.", DEPLOY)


def rule(patient: Patient) -> Iterator[Finding]:
    """Whether the rule that starts imports is on and leads to the workflow."""
    events, name = patient.client("events"), patient.physical("DropRule").rpartition("/")[2]
    state = events.describe_rule(Name=name)["State"]
    if state != "ENABLED":
        again = "drop the files again that came meanwhile"
        remedy = f"`aws events enable-rule --name {quote(name)}`; {again}."
        yield bad("drop rule", "The rule that starts imports is switched off.", remedy)
    targets = {one["Arn"] for one in events.list_targets_by_rule(Rule=name)["Targets"]}
    if patient.deployment.outputs["ImportStateMachineArn"] not in targets:
        yield bad(
            "drop rule", "The rule that starts imports does not lead to the workflow.", DEPLOY
        )
    elif state == "ENABLED":
        yield good("drop rule", "New objects under inbox/ start the workflow.")


def queues(patient: Patient) -> Iterator[Finding]:
    """What lies in the dead-letter queues."""
    sqs = patient.client("sqs")
    for name, url in patient.of_type("AWS::SQS::Queue").items():
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        figures = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        count = sum(int(figures.get(one, 0)) for one in asked)
        if count:
            yield _lying(name, count, _messages(sqs, url))
        else:
            yield good("dead letters", f"{name} is empty.")


def _messages(sqs: Any, url: str) -> list[dict[str, Any]]:
    """A few messages, which stay where they are."""
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=PEEKED, VisibilityTimeout=0)
    found = []
    for message in answer.get("Messages", []):
        try:
            found.append(msgspec.json.decode(message["Body"], type=dict[str, Any]))
        except msgspec.DecodeError:
            continue
    return found


def _lying(name: str, count: int, messages: list[dict[str, Any]]) -> Finding:
    many = f"{count} message{'s' if count > 1 else ''}"
    if unread := max(0, count - len(messages)):
        many += f" ({unread} of them not read)"
    dropped = sorted({key for one in messages if (key := _dropped_key(one))})
    if dropped:
        return bad(
            "dead letters",
            f"{name} holds {many}: these drops started no import: {', '.join(dropped)}.",
            "docs/deploy.md, Dead letters, shows how to start them by hand. Or drop the files "
            "again (`prefdrop drop FILE --feed NAME`, or copy the object onto itself), then delete "
            "the messages (`aws sqs purge-queue`).",
        )
    kinds = sorted({str(one.get("detail-type", "records of the pipe")) for one in messages})
    return bad(
        "dead letters",
        f"{name} holds {many}: {', '.join(kinds) or 'not readable just now'}.",
        "What the pipe lost is in the audit table (`prefdrop events list`): readers of the bus "
        "fetch it there. Any other message is an event itself: docs/deploy.md, Dead letters, shows "
        "how to deliver it. Then delete them (`aws sqs purge-queue`).",
    )


def _dropped_key(message: dict[str, Any]) -> str:
    detail = message.get("detail")
    found = detail.get("object") if isinstance(detail, dict) else None
    return str(found.get("key", "")) if isinstance(found, dict) else ""


def feeds(patient: Patient) -> Iterator[Finding]:
    """Whether every feed of the bucket can be used."""
    objects = patient.deployment.objects
    keys = [key for key in objects.list("feeds/") if key.endswith(".toml")]
    if not keys:
        remedy = "`prefdrop feeds push FEED.toml`, before the first file is dropped."
        yield doubtful("feeds", "The bucket holds no feed: every drop would fail.", remedy)
        return
    wrong = 0
    for key in keys:
        name = key.removeprefix("feeds/").removesuffix(".toml")
        if not is_feed_name(name):
            wrong += 1
            yield bad("feeds", f"Invalid feed name {name!r}: drops start no import.", FEED_NAMES)
            continue
        try:
            load_feed(objects.read(key).body, file=key)
        except FeedError as error:
            wrong += 1
            again = f"Correct it and `prefdrop feeds push` it again. {error.hint}".strip()
            yield bad("feeds", f"{key} cannot be used: {error.message}", again)
    if not wrong:
        yield good("feeds", f"{len(keys)} feed{'s' if len(keys) > 1 else ''}, all usable.")
