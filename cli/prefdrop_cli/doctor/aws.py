"""Who one is on AWS, what one may read there, and whether the clocks agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from prefdrop.mypreferences.answers import http_date
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good
from prefdrop_cli.doctor.patient import DENIED, Patient

NOTHING = {"S": "-"}
TABLES = {
    "Imports": {"pk": NOTHING, "sk": NOTHING},
    "Exceptions": {"pk": NOTHING, "sk": NOTHING},
    "Audit": {"pk": NOTHING},
}
"""Keys of no item."""

SKEW_DOUBTFUL = 30.0
SKEW_BAD = 240.0
"""AWS refuses requests whose signature is five minutes off."""


def credentials(patient: Patient) -> Iterator[Finding]:
    """Whose credentials are in use, and what they may read."""
    answer = patient.client("sts").get_caller_identity()
    yield good("AWS credentials", f"You are {answer['Arn']} in account {answer['Account']}.")
    yield _clock(answer)
    yield _permissions(patient)


def _clock(answer: dict[str, Any]) -> Finding:
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    theirs = http_date(said)
    if theirs is None:
        return doubtful("clock against AWS", "AWS did not say what time it is.", "Try again.")
    off = (datetime.now(UTC) - theirs).total_seconds()
    return clock_finding("clock against AWS", off, "AWS")


def clock_finding(check: str, off: float, whose: str) -> Finding:
    """What it means that this machine's clock is `off` seconds ahead of another."""
    told = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} {whose}'s"
    remedy = "Set this machine's clock by NTP, for example with `timedatectl set-ntp true`."
    if abs(off) >= SKEW_BAD:
        return bad(check, f"This machine's clock is {told}: signatures are refused.", remedy)
    if abs(off) >= SKEW_DOUBTFUL:
        return doubtful(check, f"This machine's clock is {told}.", remedy)
    return good(check, f"This machine's clock agrees with {whose}'s.")


def _permissions(patient: Patient) -> Finding:
    denied = [action for action, read in _reads(patient).items() if not _may(read)]
    if denied:
        return bad(
            "permissions",
            f"These credentials may not do what an operator needs: {', '.join(denied)}.",
            "Grant these actions on the stack's resources (and kms:Decrypt on its key), or use the "
            "credentials of an operator.",
        )
    return good("permissions", "You may read everything that an operator looks at.")


def _reads(patient: Patient) -> dict[str, Callable[[], Any]]:
    """One small read for each permission, by its action."""
    outputs, client = patient.deployment.outputs, patient.client
    machine = outputs["ImportStateMachineArn"]
    reads: dict[str, Callable[[], Any]] = {
        "s3:ListBucket": partial(
            client("s3").list_objects_v2, Bucket=patient.deployment.bucket, MaxKeys=1
        ),
        "states:DescribeStateMachine": partial(
            client("stepfunctions").describe_state_machine, stateMachineArn=machine
        ),
        "states:ListExecutions": partial(
            client("stepfunctions").list_executions, stateMachineArn=machine, maxResults=1
        ),
        "sqs:GetQueueAttributes": partial(
            client("sqs").get_queue_attributes,
            QueueUrl=patient.physical("DropDeadLetterQueue"),
            AttributeNames=["ApproximateNumberOfMessages"],
        ),
        "cloudwatch:DescribeAlarms": partial(client("cloudwatch").describe_alarms, MaxRecords=1),
    }
    for name, key in TABLES.items():
        table = outputs[f"{name}TableName"]
        reads[f"dynamodb:GetItem on {table}"] = partial(
            client("dynamodb").get_item, TableName=table, Key=key
        )
    for name in ("Vendor", "Webhook"):
        arn = outputs[f"{name}SecretArn"]
        reads[f"secretsmanager:GetSecretValue on {arn.rpartition(':')[2]}"] = partial(
            client("secretsmanager").get_secret_value, SecretId=arn
        )
    return reads


def _may(read: Callable[[], Any]) -> bool:
    """Whether a read is permitted; that it fails otherwise is for other checks to say."""
    try:
        read()
    except ClientError as error:
        return error.response["Error"].get("Code") not in DENIED
    return True
