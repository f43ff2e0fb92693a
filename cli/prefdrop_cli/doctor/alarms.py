"""Alarms of the stack that ring now."""

from __future__ import annotations

from collections.abc import Iterator

from prefdrop_cli.doctor.findings import Finding, bad, good, skipped
from prefdrop_cli.doctor.patient import Patient

BATCH = 100
"""Names that one call takes."""


def ringing(patient: Patient) -> Iterator[Finding]:
    """Each alarm in the state ALARM, by its name in the runbook."""
    names = {physical: name for name, physical in _alarms(patient).items()}
    if not names:
        yield skipped("alarms", "This stack carries no alarms (a local one never does).")
        return
    listed, count = list(names), 0
    for start in range(0, len(listed), BATCH):
        answer = patient.client("cloudwatch").describe_alarms(
            AlarmNames=listed[start : start + BATCH]
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
