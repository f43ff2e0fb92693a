"""Who one is on AWS, what one may read there, whether the clocks agree, and what is limited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from prefdrop.mypreferences.answers import http_date
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good, skipped
from prefdrop_cli.doctor.patient import DENIED, Patient, examined

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


ENOUGH = 100
"""Functions at once for a burst of drops and of webhooks; a new account may have 10 in all."""
STATES = {
    "StartExecution": (20, "Drops start later: EventBridge tries each one again for a day."),
    "StateTransition": (100, "Imports take longer: Step Functions delays their steps."),
}
"""Refills a second that 1,000 drops in a minute need, and what fewer mean."""


def limits(patient: Patient) -> Iterator[Finding]:
    """The limits of Lambda, then of Step Functions."""
    try:
        found = patient.client("lambda").get_account_settings()["AccountLimit"]
    except ClientError as error:
        if error.response["ResponseMetadata"].get("HTTPStatusCode") not in (404, 501):
            raise
        yield skipped("AWS limits", "There is no AWS account behind this stack.")
        return
    yield _of_lambda(found["ConcurrentExecutions"], found["UnreservedConcurrentExecutions"])
    yield from examined("Step Functions limits", _of_states, patient)


def _of_lambda(most: int, free: int) -> Finding:
    said = f"The account may run {most:,} functions at once, {free:,} of them unreserved."
    if free >= ENOUGH:
        return good("Lambda limit", said)
    return doubtful(
        "Lambda limit",
        f"{said} Lambda refuses calls beyond that. Drops that come together are then tried again "
        "and take longer. A webhook is answered 5xx, and the vendor has to send it again.",
        "Request 1,000: `aws service-quotas request-service-quota-increase --service-code lambda "
        "--quota-code L-B99A9384 --desired-value 1000`. Until then, drop a few files at a time, "
        "and run `prefdrop events backfill` daily.",
    )


def _of_states(patient: Patient) -> Iterator[Finding]:
    pages = patient.client("service-quotas").get_paginator("list_service_quotas")
    rates = {
        one["QuotaName"]: one["Value"]
        for page in pages.paginate(ServiceCode="states")
        for one in page["Quotas"]
        if "refill rate" in one["QuotaName"]
    }
    for name, (needed, meaning) in STATES.items():
        rate = next((value for quota, value in rates.items() if quota.startswith(name)), None)
        check, said = "Step Functions limits", f"{name}: {rate or 0:g} a second"
        if rate is None:
            yield skipped(check, f"Service Quotas lists no rate of {name}.")
        elif rate >= needed:
            yield good(check, f"{said}.")
        else:
            said += f"; 1,000 drops in a minute need {needed}. {meaning}"
            yield doubtful(check, said, "Nothing is lost. Request more at Service Quotas.")
