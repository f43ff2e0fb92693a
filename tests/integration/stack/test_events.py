"""Events reach their targets as on AWS."""

from __future__ import annotations

import json
from typing import Any

from prefdrop_local.stack import LocalStack

from .conftest import Machine, until


def test_a_dropped_file_starts_an_execution_with_its_event(
    stack: LocalStack, machine: Machine
) -> None:
    put = stack.client("s3").put_object(
        Bucket=stack.outputs["BucketName"], Key="inbox/crm/one.csv", Body=b"a,b\n"
    )

    event = _execution_of(machine, put["VersionId"])

    assert event["source"] == "aws.s3"
    assert event["detail-type"] == "Object Created"
    assert event["time"].endswith("Z")
    assert event["detail"]["reason"] == "PutObject"
    assert event["detail"]["bucket"] == {"name": stack.outputs["BucketName"]}
    thing = event["detail"]["object"]
    assert (thing["key"], thing["size"], thing["etag"]) == (
        "inbox/crm/one.csv",
        4,
        put["ETag"].strip('"'),
    )


def test_sequencers_grow(stack: LocalStack) -> None:
    seen: list[dict[str, Any]] = []
    stop = stack.on_event(seen.append)
    for number in range(20):
        stack.client("s3").put_object(
            Bucket=stack.outputs["BucketName"], Key="elsewhere/same", Body=bytes(number)
        )
    stop()

    uploads = [event["detail"] for event in seen if event["source"] == "aws.s3"]
    sequencers = [detail["object"]["sequencer"] for detail in uploads]
    assert len(sequencers) == 20
    assert sequencers == sorted(set(sequencers))
    assert len({len(one) for one in sequencers}) == 1


def test_a_copy_is_one_event(stack: LocalStack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["BucketName"]
    s3.put_object(Bucket=bucket, Key="elsewhere/source", Body=b"1")
    seen: list[dict[str, Any]] = []
    stop = stack.on_event(seen.append)

    s3.copy_object(Bucket=bucket, Key="elsewhere/copy", CopySource=f"{bucket}/elsewhere/source")
    stop()

    assert [event["detail"]["reason"] for event in seen] == ["CopyObject"]


def test_a_multipart_upload_is_one_event(stack: LocalStack) -> None:
    seen: list[dict[str, Any]] = []
    s3 = stack.client("s3")
    place = {"Bucket": stack.outputs["BucketName"], "Key": "inbox/crm/large.csv"}
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    stop = stack.on_event(seen.append)
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]

    done = s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]}
    )

    stop()

    uploads = [event["detail"] for event in seen if event["source"] == "aws.s3"]
    assert [detail["reason"] for detail in uploads] == ["CompleteMultipartUpload"]
    assert uploads[0]["object"]["version-id"] == done["VersionId"]


def test_files_elsewhere_start_nothing(stack: LocalStack, machine: Machine) -> None:
    s3 = stack.client("s3")
    other = s3.put_object(Bucket=stack.outputs["BucketName"], Key="spool/x", Body=b"")
    inside = s3.put_object(Bucket=stack.outputs["BucketName"], Key="inbox/x/y", Body=b"")

    _execution_of(machine, inside["VersionId"])

    assert other["VersionId"] not in " ".join(_inputs(machine))


def test_an_event_can_be_delivered_again(stack: LocalStack, machine: Machine) -> None:
    put = stack.client("s3").put_object(
        Bucket=stack.outputs["BucketName"], Key="inbox/crm/twice.csv", Body=b""
    )
    event = _execution_of(machine, put["VersionId"])

    stack.publish(event)

    until(lambda: sum(put["VersionId"] in text for text in _inputs(machine)) == 2)


def test_what_cannot_be_delivered_goes_to_the_dead_letters(stack: LocalStack) -> None:
    stack.client("events").put_events(
        Entries=[{"Source": "example.test", "DetailType": "Thing", "Detail": '{"n": 1}'}]
    )

    sqs, queue = stack.client("sqs"), stack.outputs["QueueUrl"]
    messages = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(messages[0]["Body"])["detail"] == {"n": 1}


def test_a_schedule_can_be_fired_by_hand(stack: LocalStack) -> None:
    stack.fire_schedule("Nightly")

    until(lambda: [call for call in stack.invocations if b"nightly" in call.payload])


def _inputs(machine: Machine) -> list[str]:
    executions = machine.client.list_executions(stateMachineArn=machine.arn)["executions"]
    return [machine.describe(one["executionArn"])["input"] for one in executions]


def _execution_of(machine: Machine, version: str) -> dict[str, Any]:
    texts = until(lambda: [text for text in _inputs(machine) if version in text])
    event: dict[str, Any] = json.loads(texts[0])
    return event
