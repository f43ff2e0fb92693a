"""What would fail only at deployment, or at the one execution that takes the wrong turn.

`statelint` holds a definition to the specification of the Amazon States Language: fields and their
types, paths, transitions, states that are never reached. cfn-lint has a schema that lets more pass,
and follows no transition. What neither looks at is checked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

Definition = dict[str, Any]

_LENIENT = Config({ProblemType.FLOAT})
"""A whole number is a BackoffRate as good as any; statelint would have it written `2.0`."""

# https://states-language.net/spec.html, "Appendix A: Predefined Error Codes", and
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
RESERVED_ERRORS = {
    "States.ALL",
    "States.BranchFailed",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.TaskFailed",
    "States.Timeout",
    "States.DataLimitExceeded",
    "States.Runtime",
}


def faults(definition: Definition, substitutions: set[str]) -> list[str]:
    """Say what is wrong with `definition`, given the names that the template substitutes."""
    return [
        *Linter.validate(definition, _LENIENT),
        *_choices_without_default(definition),
        *_unknown_errors(definition),
        *_substitutions(definition, substitutions),
    ]


def _choices_without_default(definition: Definition) -> Iterator[str]:
    for name, state in definition["States"].items():
        if state.get("Type") == "Choice" and "Default" not in state:
            yield f"state {name} has no default"


def _unknown_errors(definition: Definition) -> Iterator[str]:
    for name, state in definition["States"].items():
        for case in (*state.get("Retry", ()), *state.get("Catch", ())):
            for error in case.get("ErrorEquals", ()):
                if error.startswith("States.") and error not in RESERVED_ERRORS:
                    yield f"state {name} waits for {error}, which Step Functions does not raise"


def _substitutions(definition: Definition, given: set[str]) -> Iterator[str]:
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))
    for name in sorted(used - given):
        yield f"the definition uses ${{{name}}}, which the template does not substitute"
    for name in sorted(given - used):
        yield f"the template substitutes {name}, which the definition does not use"
