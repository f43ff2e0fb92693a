"""All checks of a stack, in the order in which one depends on another."""

from __future__ import annotations

from collections.abc import Iterator

from prefdrop_cli.doctor import aws, configuration, drops, exports, imports, turns, vendor, webhooks
from prefdrop_cli.doctor.findings import Finding, bad, good, skipped
from prefdrop_cli.doctor.patient import Check, Patient, examined

ALARMS_AT_ONCE = 100
"""Names that one call takes."""


def alarms_ringing(patient: Patient) -> Iterator[Finding]:
    """Each alarm in the state ALARM, by its name in the runbook."""
    names = {physical: name for name, physical in _alarms(patient).items()}
    if not names:
        yield skipped("alarms", "This stack carries no alarms (a local one never does).")
        return
    listed, count = list(names), 0
    for start in range(0, len(listed), ALARMS_AT_ONCE):
        answer = patient.client("cloudwatch").describe_alarms(
            AlarmNames=listed[start : start + ALARMS_AT_ONCE]
        )
        for alarm in (one for one in answer["MetricAlarms"] if one["StateValue"] == "ALARM"):
            count += 1
            name = names[alarm["AlarmName"]]
            yield bad("alarms", f"{name}: {alarm.get('AlarmDescription', '')}",
                      f"docs/operations.md, Alarms, {name}.")  # fmt: skip
    if not count:
        yield good("alarms", f"None of {len(names)} rings.")


def _alarms(patient: Patient) -> dict[str, str]:
    return patient.of_type("AWS::CloudWatch::Alarm")


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
    "alarms": alarms_ringing,
}


def examine(patient: Patient) -> Iterator[Finding]:
    """Every finding, as it is found."""
    for name, check in CHECKS.items():
        yield from examined(name, check, patient)
