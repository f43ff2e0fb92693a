"""A Choice that compares a variable which is not there fails the execution, as on AWS.

moto takes such a comparison for false, so a definition could run here and fail there. `IsPresent`
is the one test that a missing variable may be put to.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (  # noqa: E501
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import (
    NoSuchVariable,
)

from prefdrop_local.stack.patching import Patches


class InvalidPathError(ValueError):
    """A Choice compares something that its input does not have."""


def install(patches: Patches) -> None:
    """Replace the comparison of a variable."""

    def compare(comparison: Any, env: Any) -> None:
        comparison.variable.eval(env)
        function = comparison.comparison_function
        if isinstance(env.stack[-1], NoSuchVariable) and (
            function.operator_type != ComparisonOperatorType.IsPresent
        ):
            path = comparison.variable.string_sampler.literal_value
            raise InvalidPathError(
                f"Invalid path '{path}':"
                " The choice state's condition path references an invalid value."
            )
        function.eval(env)

    patches.set(ComparisonVariable, "_eval_body", compare)
