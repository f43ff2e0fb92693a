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

_GROWING = {"IntervalSeconds": 2, "BackoffRate": 2, "JitterStrategy": "FULL"}
RETRIERS = (
    {
        # Lambda itself refused or was away. The function did not run, or may safely run again. Full
        # jitter up to a minute, sixty times, is half an hour: a thousand drops in an account that
        # runs ten functions at a time are through by then.
        "ErrorEquals": [
            "Lambda.TooManyRequestsException",
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
        ],
        **_GROWING,
        "MaxAttempts": 60,
        "MaxDelaySeconds": 60,
    },
    {
        # AWS was away for the function: some five hours. Only Step Functions can wait then, because
        # the ledger, where a step writes down what it waits for, is away itself.
        "ErrorEquals": ["AwsUnavailable", "LedgerBusy", "TableBusy", "BusRefused"],
        **_GROWING,
        "MaxAttempts": 40,
        "MaxDelaySeconds": 900,
    },
    {
        # A crash, a function that ran out of time (Sandbox.Timedout), an answer that was lost
        # (States.Timeout): it may have been an accident, once or twice.
        "ErrorEquals": ["States.ALL"],
        **_GROWING,
        "MaxAttempts": 2,
        "MaxDelaySeconds": 60,
    },
)
"""How every task is retried, after `Terminal`, which never is."""

TIMEOUT_MARGIN = 60
"""Seconds that a task waits longer than its function may run. Then the answer was lost."""


def faults(definition: Definition, substitutions: set[str]) -> list[str]:
    """Say what is wrong with `definition`, given the names that the template substitutes."""
    return [
        *Linter.validate(definition, _LENIENT),
        *_choices_without_default(definition),
        *_unknown_errors(definition),
        *_substitutions(definition, substitutions),
    ]


def untried(definition: Definition, timeouts: dict[str, int]) -> list[str]:
    """Say which task is retried otherwise than the others, or waits too long for its function.

    `timeouts` are the functions' time limits in seconds, by the name that the template substitutes.
    """
    found = []
    for name, state in definition["States"].items():
        if state.get("Type") != "Task":
            continue
        first, *others = state.get("Retry", [{}])
        if "Terminal" not in first.get("ErrorEquals", ()) or first.get("MaxAttempts") != 0:
            found.append(f"state {name} does not begin its retriers with Terminal, 0 attempts")
        if others != list(RETRIERS):
            found.append(f"state {name} is not retried as RETRIERS of {__name__} says")
        found += _timeout(name, state, timeouts)
    return found


def _timeout(name: str, state: Definition, timeouts: dict[str, int]) -> Iterator[str]:
    given = state.get("TimeoutSeconds")
    if state["Resource"].endswith(".waitForTaskToken"):
        if given is not None:
            yield f"state {name} waits for a token, which takes as long as it takes"
        return
    function = state["Parameters"]["FunctionName"].strip("${}")
    wanted = timeouts[function] + TIMEOUT_MARGIN
    if given != wanted:
        yield f"state {name} has TimeoutSeconds {given}, and {function} needs {wanted}"


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
