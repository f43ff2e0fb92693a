"""The account's limits at AWS that Prefdrop meets first, and what they mean for it."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from prefdrop_cli.doctor.findings import Finding, doubtful, good, skipped
from prefdrop_cli.doctor.patient import Patient, examined

ENOUGH = 100
"""Functions at once for a burst of drops and of webhooks; a new account may have 10 in all."""
LAMBDA_CODE = "L-B99A9384"
"""Service Quotas' code of Lambda's "Concurrent executions"."""
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
        f"--quota-code {LAMBDA_CODE} --desired-value 1000`. Until then, drop a few files at a "
        "time, and run `prefdrop events backfill` daily.",
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
        if rate is None:
            yield skipped("Step Functions limits", f"Service Quotas lists no rate of {name}.")
        elif rate >= needed:
            yield good("Step Functions limits", f"{name}: {rate:g} a second.")
        else:
            yield doubtful(
                "Step Functions limits",
                f"{name}: {rate:g} a second; 1,000 drops in a minute need {needed}. {meaning}",
                "Nothing is lost. Request more in the Service Quotas console.",
            )
