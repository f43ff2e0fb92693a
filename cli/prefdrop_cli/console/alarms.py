"""The stack's alarms as CloudWatch has them now."""

from __future__ import annotations

from typing import Any

from prefdrop_cli.console.answers import Asked
from prefdrop_cli.deployments import Deployment

ALARM = "AWS::CloudWatch::Alarm"
ASKED_AT_ONCE = 100
"""Names that DescribeAlarms takes."""
ORDER = ("ALARM", "INSUFFICIENT_DATA", "OK")


def listed(deployment: Deployment, _: Asked) -> dict[str, Any]:
    """The alarms, those that ring first. A local stack has none."""
    names = _names(deployment)
    found = [_line(one, names) for one in _states(deployment, list(names))]
    found.sort(key=lambda one: (ORDER.index(one["state"]), one["alarm"]))
    return {"alarms": found, "ringing": sum(one["state"] == "ALARM" for one in found)}


def _names(deployment: Deployment) -> dict[str, str]:
    """By the alarms' names in CloudWatch: their names in the template, as the runbook has them."""
    pages = deployment.client("cloudformation").get_paginator("list_stack_resources")
    return {
        resource["PhysicalResourceId"]: resource["LogicalResourceId"]
        for page in pages.paginate(StackName=deployment.stack)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == ALARM and resource.get("PhysicalResourceId")
    }


def _states(deployment: Deployment, names: list[str]) -> list[dict[str, Any]]:
    found = []
    for start in range(0, len(names), ASKED_AT_ONCE):
        answer = deployment.client("cloudwatch").describe_alarms(
            AlarmNames=names[start : start + ASKED_AT_ONCE]
        )
        found += answer["MetricAlarms"]
    return found


def _line(alarm: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    changed = alarm.get("StateUpdatedTimestamp")
    return {
        "alarm": names[alarm["AlarmName"]],
        "state": alarm["StateValue"],
        "meaning": alarm.get("AlarmDescription", ""),
        "since": changed and changed.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
