"""All checks of a stack, in the order in which one depends on another."""

from __future__ import annotations

from collections.abc import Iterator

from prefdrop_cli.doctor import (
    alarms,
    aws,
    configuration,
    drops,
    exports,
    imports,
    turns,
    vendor,
    webhooks,
)
from prefdrop_cli.doctor.findings import Finding
from prefdrop_cli.doctor.patient import Check, Patient, examined

CHECKS: dict[str, Check] = {
    "AWS credentials": aws.credentials,
    "vendor secret": vendor.secret,
    "vendor": vendor.account,
    "bucket events": drops.bucket,
    "drop rule": drops.rule,
    "feeds": drops.feeds,
    "dead letters": drops.queues,
    "turn": turns.turn,
    "imports under way": imports.under_way,
    "imports lately": imports.lately,
    "quota": imports.quota,
    "configuration": configuration.snapshot,
    "webhook subscription": webhooks.subscription,
    "events missed": webhooks.missed,
    "events not kept as events": webhooks.misunderstood,
    "exports": exports.runs,
    "alarms": alarms.ringing,
}


def examine(patient: Patient) -> Iterator[Finding]:
    """Every finding, as it is found."""
    for name, check in CHECKS.items():
        yield from examined(name, check, patient)
