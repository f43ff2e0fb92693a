"""What no linter checks in a state machine's definition: that its states hang together.

cfn-lint knows the form of each state but follows no transition and no substitution; both fail only
at deployment, or at the one execution that takes the wrong turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Definition = dict[str, Any]


def faults(definition: Definition, substitutions: set[str]) -> list[str]:
    """Say what is wrong with `definition`, given the names that the template substitutes."""
    return [
        *_broken_transitions(definition),
        *_unreachable(definition),
        *_open_ends(definition),
        *_substitutions(definition, substitutions),
    ]


def transitions(state: dict[str, Any]) -> Iterator[str]:
    """The names of the states that may follow `state`."""
    for branch in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        if "Next" in branch:
            yield branch["Next"]
    if "Default" in state:
        yield state["Default"]


def _broken_transitions(definition: Definition) -> Iterator[str]:
    states = definition["States"]
    if definition["StartAt"] not in states:
        yield f"the definition starts at {definition['StartAt']}, which does not exist"
    for name, state in states.items():
        for target in transitions(state):
            if target not in states:
                yield f"state {name} goes on to {target}, which does not exist"


def _unreachable(definition: Definition) -> Iterator[str]:
    states = definition["States"]
    reached: set[str] = set()
    pending = [definition["StartAt"]]
    while pending:
        name = pending.pop()
        if name in states and name not in reached:
            reached.add(name)
            pending.extend(transitions(states[name]))
    for name in sorted(states.keys() - reached):
        yield f"state {name} is never reached"


def _open_ends(definition: Definition) -> Iterator[str]:
    for name, state in definition["States"].items():
        if state["Type"] == "Choice":
            if "Default" not in state:
                yield f"state {name} has no default"
        elif state["Type"] not in ("Succeed", "Fail") and not (
            state.get("End") is True or "Next" in state
        ):
            yield f"state {name} neither ends nor goes on"


def _substitutions(definition: Definition, given: set[str]) -> Iterator[str]:
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))
    for name in sorted(used - given):
        yield f"the definition uses ${{{name}}}, which the template does not substitute"
    for name in sorted(given - used):
        yield f"the template substitutes {name}, which the definition does not use"
