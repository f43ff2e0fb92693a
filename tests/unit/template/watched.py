"""Whether a metric that the template watches is one that somebody writes, of a thing it makes."""

from __future__ import annotations

import re
from typing import Any

from prefdrop.telemetry import NAMESPACE
from tests.unit.template.aws_metrics import OF_AWS
from tests.unit.template.emitted_metrics import Emitted

STACK = "${AWS::StackName}"
"""What POWERTOOLS_SERVICE_NAME is in every function, and so the dimension `service`."""


def faults(
    namespace: str,
    metric: str,
    dimensions: dict[str, str],
    *,
    resources: dict[str, Any],
    own: Emitted,
) -> list[str]:
    """Say why nobody writes this metric. Values are as in `Fn::Sub`: `${Table}`, `${Queue.Arn}`."""
    if namespace == NAMESPACE:
        return _own_faults(metric, dimensions, own)
    source = OF_AWS.get(namespace)
    if source is None or metric not in source.metrics:
        return [f"{namespace} is not known to write {metric}"]
    if set(dimensions) != {source.dimension.name}:
        return [f"{metric} is written by {source.dimension.name}, not {sorted(dimensions)}"]
    return _value_faults(dimensions[source.dimension.name], namespace, resources)


def _own_faults(metric: str, dimensions: dict[str, str], own: Emitted) -> list[str]:
    if metric not in own:
        return [f"no code writes {metric}"]
    said = {name: "prefdrop" if value == STACK else value for name, value in dimensions.items()}
    if dimensions.get("service") != STACK:
        return [f"{metric} of all stacks together: the dimension `service` is not this stack's"]
    if tuple(sorted(said.items())) not in own[metric]:
        return [f"{metric} is never written with {dimensions}"]
    return []


def _value_faults(value: str, namespace: str, resources: dict[str, Any]) -> list[str]:
    wanted = OF_AWS[namespace].dimension
    match = re.fullmatch(r"\$\{(\w+)(?:\.(\w+))?\}", value)
    if match is None or match[1] not in resources:
        return [f"{value} names no resource"]
    if resources[match[1]]["Type"] != wanted.kind:
        return [f"{match[1]} is no {wanted.kind}"]
    if (match[2] or "Ref") != wanted.of:
        return [f"{value} is not what {wanted.name} is called by"]
    return []


def as_sub(value: Any) -> str:
    """A `!Ref`, a `!GetAtt` or a plain text as it would stand in `Fn::Sub`."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return "${" + value["Ref"] + "}"
    return "${" + ".".join(value["Fn::GetAtt"]) + "}"
