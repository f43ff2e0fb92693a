"""What becomes of an event that a rule or a schedule cannot deliver.

Each target has a dead-letter queue, or the `Metadata` of the resource that it starts says under
`NoDeadLetterQueue` why an event may be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.permissions.grants import rendered
from tools.translation import Template

REASON = "NoDeadLetterQueue"

SHORTEST_REASON = 40
"""Characters. A shorter text says that there is no queue, and not why."""


def faults(translated: Template) -> list[str]:
    """Say which targets have neither queue nor reason, and which reasons nothing needs."""
    resources = translated["Resources"]
    reasons = {
        name: resource["Metadata"][REASON]
        for name, resource in resources.items()
        if REASON in resource.get("Metadata", {})
    }
    lost = [(rule, started) for rule, started, target in _targets(resources) if _loses(target)]
    return [
        *(
            f"{rule}: give its target a DeadLetterConfig, or say why not as {REASON} of {started}"
            for rule, started in lost
            if len(reasons.get(started, "")) < SHORTEST_REASON
        ),
        *(
            f"{name}: {REASON} is not needed: no target without a dead-letter queue starts it"
            for name in sorted(reasons.keys() - {started for _, started in lost})
        ),
    ]


def _targets(resources: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each rule or schedule, the logical id of what it starts, and the target itself."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        targets = {
            "AWS::Events::Rule": properties.get("Targets", ()),
            "AWS::Scheduler::Schedule": (properties.get("Target", {}),),
        }.get(resource["Type"], ())
        for target in targets:
            started = rendered(target["Arn"]).strip("${}").partition(".")[0]
            yield name, started, target


def _loses(target: dict[str, Any]) -> bool:
    return "Arn" not in target.get("DeadLetterConfig", {})
