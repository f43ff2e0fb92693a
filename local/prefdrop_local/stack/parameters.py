"""Template parameters: as the local stack sets them, with shorter waits, and what they may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LOCAL_PARAMETERS: Mapping[str, str] = {
    # A request to a server on this machine is answered at once or not at all.
    "RequestSeconds": "30",
    "GhostSeconds": "30",
    "LeaseSeconds": "40",
    "PollFirstSeconds": "1",
    "PollMaxSeconds": "1",
    # It shows the state of alarms, which are not carried here.
    "Dashboard": "false",
    # moto does not delete a protected table, and a local one protects nothing.
    "DeletionProtection": "false",
}
"""Used for the parameters that the template has; whoever starts a stack may override each."""

_FOR_LONG_WAITS = {"PollMaxSeconds"}
"""Their least value keeps executions of days within their history; none here takes days."""


class ParameterError(ValueError):
    """A parameter that the template does not have or will not take, or one that it needs."""


def check_parameters(template: dict[str, Any], given: dict[str, str]) -> None:
    """ParameterError unless each given parameter exists, is allowed, and none is missing."""
    known = template.get("Parameters", {})
    for name, value in given.items():
        if name not in known:
            raise ParameterError(
                f"The template has no parameter {name}; it has {', '.join(sorted(known))}."
            )
        _check_value(name, value, known[name])
    for name, parameter in known.items():
        if "Default" not in parameter and name not in given:
            raise ParameterError(f"The template's parameter {name} has no default; give a value.")


def _check_value(name: str, value: str, parameter: dict[str, Any]) -> None:
    allowed = parameter.get("AllowedValues")
    pattern = parameter.get("AllowedPattern")
    if allowed and value not in [str(item) for item in allowed]:
        raise ParameterError(f"Parameter {name} is {value!r}; it must be one of {allowed}.")
    if pattern and not re.fullmatch(pattern, value):
        needed = parameter.get("ConstraintDescription", f"must match {pattern}.")
        raise ParameterError(f"Parameter {name} is {value!r}; it {needed}")
    if parameter["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            raise ParameterError(f"Parameter {name} is {value!r}; it must be a number.") from None
        least = number if name in _FOR_LONG_WAITS else parameter.get("MinValue", number)
        if not least <= number <= parameter.get("MaxValue", number):
            raise ParameterError(f"Parameter {name} is {value}; it is outside its range.")
