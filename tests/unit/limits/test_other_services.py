"""Rules of S3, EventBridge, SQS and SNS that moto lacks, with AWS's answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.unit.limits.conftest import refusal, unchecked

LONG_KEY, METADATA = "é" * 513, {"a": "x" * 2048}
PLACE = {"Bucket": "bucket", "Key": "k"}
SMALL = {"Source": "s", "DetailType": "d"}
HALF = "x" * 150_000


def event(size: int, **members: Any) -> dict[str, Any]:
    return {**SMALL, "Detail": json.dumps({"a": "x" * size}), **members}


S3 = {
    "long key put": ("put_object", {**PLACE, "Key": LONG_KEY}, "KeyTooLongError"),
    "long key read": ("get_object", {**PLACE, "Key": LONG_KEY}, "KeyTooLongError"),
    "long key in parts": ("create_multipart_upload", {**PLACE, "Key": LONG_KEY}, "KeyTooLongError"),
    "metadata": ("put_object", {**PLACE, "Metadata": METADATA}, "MetadataTooLarge"),
    "metadata of parts": (
        "create_multipart_upload",
        {**PLACE, "Metadata": METADATA},
        "MetadataTooLarge",
    ),
    "1001 deletions": (
        "delete_objects",
        {"Bucket": "bucket", "Delete": {"Objects": [{"Key": str(n)} for n in range(1001)]}},
        "MalformedXML",
    ),
}
EVENTS = {
    "one large event": ("put_events", {"Entries": [event(262_150)]}, "ValidationException"),
    "11 events": ("put_events", {"Entries": [event(1)] * 11}, "ValidationException"),
    "large together": ("put_events", {"Entries": [event(150_000)] * 2}, "ValidationException"),
    "long detail type": (
        "put_events",
        {"Entries": [event(1, DetailType="d" * 129)]},
        "ValidationException",
    ),
}
SQS = {
    "large": ("send_message", {"MessageBody": "x" * 262_145}, "InvalidParameterValue"),
    "large with attributes": (
        "send_message",
        {
            "MessageBody": "x" * 262_140,
            "MessageAttributes": {"name": {"DataType": "String", "StringValue": "value"}},
        },
        "InvalidParameterValue",
    ),
    "empty": ("send_message", {"MessageBody": ""}, "MissingParameter"),
    "no character of XML": ("send_message", {"MessageBody": "\x00"}, "InvalidMessageContents"),
    "large together": (
        "send_message_batch",
        {"Entries": [{"Id": i, "MessageBody": HALF} for i in "ab"]},
        "AWS.SimpleQueueService.BatchRequestTooLong",
    ),
}
SNS = {
    "bytes, not characters": ("publish", {"Message": "é" * 140_000}, "InvalidParameter"),
    "empty": ("publish", {"Message": ""}, "InvalidParameter"),
    "subject of two lines": ("publish", {"Message": "x", "Subject": "a\nb"}, "InvalidParameter"),
    "large together": (
        "publish_batch",
        {"PublishBatchRequestEntries": [{"Id": i, "Message": HALF} for i in "ab"]},
        "BatchRequestTooLong",
    ),
}


def test_parts_of_an_upload_are_neither_small_nor_too_many(aws: None) -> None:
    """moto checks these: a newer moto must not lose them."""
    client = unchecked("s3")
    upload = {**PLACE, "UploadId": client.create_multipart_upload(**PLACE)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": client.upload_part(**upload, PartNumber=n, Body=b"x")["ETag"]}
        for n in (1, 2)
    ]

    whole = upload | {"MultipartUpload": {"Parts": parts}}
    assert refusal(client, "complete_multipart_upload", whole)[0] == "EntityTooSmall"
    last = upload | {"PartNumber": 10_001, "Body": b"x"}
    assert refusal(client, "upload_part", last)[0] == "InvalidArgument"


def queue(client: Any) -> dict[str, Any]:
    return {"QueueUrl": client.create_queue(QueueName="q")["QueueUrl"]}


def topic(client: Any) -> dict[str, Any]:
    return {"TopicArn": client.create_topic(Name="t")["TopicArn"]}


def nothing(_: Any) -> dict[str, Any]:
    return {}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("service", "rules", "target"),
    [("s3", S3, nothing), ("events", EVENTS, nothing), ("sqs", SQS, queue), ("sns", SNS, topic)],
)
def test_each_rule_of_a_service_refuses(
    service: str,
    rules: dict[str, tuple[str, dict[str, Any], str]],
    target: Callable[[Any], dict[str, Any]],
    subtests: pytest.Subtests,
) -> None:
    client = unchecked(service)
    of = target(client)
    for rule, (operation, request, wanted) in rules.items():
        with subtests.test(rule):
            assert refusal(client, operation, of | request)[0] == wanted


@pytest.mark.usefixtures("aws")
def test_objects_and_messages_at_the_limits_are_taken() -> None:
    boto3.client("s3").put_object(Bucket="bucket", Key="é" * 512, Metadata={"a": "x" * 2047})
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    sqs.send_message(**queue(sqs), MessageBody="x" * 262_144)
    sns.publish(**topic(sns), Message="x" * 262_144)
