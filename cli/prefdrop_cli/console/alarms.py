"""The stack's alarms as CloudWatch has them now."""

from __future__ import annotations

from typing import Any

from prefdrop_cli.console.answers import Asked
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.doctor.patient import Patient

ALARM = "AWS::CloudWatch::Alarm"
ASKED_AT_ONCE = 100
"""Names that DescribeAlarms takes."""
ORDER = ("ALARM", "INSUFFICIENT_DATA", "OK")


def listed(deployment: Deployment, _: Asked) -> dict[str, Any]:
    """The alarms, those that ring first. A local stack has none."""
    resources = Patient(deployment).of_type(ALARM)
    names = {physical: name for name, physical in resources.items()}
    found = [_line(one, names) for one in _states(deployment, list(names))]
    found.sort(key=lambda one: (ORDER.index(one["state"]), one["alarm"]))
    return {"alarms": found, "ringing": sum(one["state"] == "ALARM" for one in found)}


def _states(deployment: Deployment, names: list[str]) -> list[dict[str, Any]]:
    found = []
    for start in range(0, len(names), ASKED_AT_ONCE):
        answer = deployment.client("cloudwatch").describe_alarms(
            AlarmNames=names[start : start + ASKED_AT_ONCE]
        )
        found += answer["MetricAlarms"]
    return found


def _line(alarm: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """One alarm by its name in the template, which is the runbook's."""
    changed = alarm.get("StateUpdatedTimestamp")
    return {
        "alarm": names[alarm["AlarmName"]],
        "state": alarm["StateValue"],
        "meaning": alarm.get("AlarmDescription", ""),
        "since": changed and changed.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
