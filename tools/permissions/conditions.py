"""What IAM decides about a request, as far as the template's roles use IAM's language.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tools.permissions.grants import UnreadablePolicy, listed, rendered

Context = Mapping[str, tuple[str, ...]]
"""What IAM knows of a request: each condition key that it has, with its values."""

FOR_ALL = "ForAllValues:"


class Request(NamedTuple):
    """One question to IAM: may this action be done on this resource."""

    action: str
    on: str
    context: Context


def allowed(statements: Iterable[Mapping[str, Any]], request: Request) -> bool:
    """Return whether a statement allows the request and none denies it. Raises UnreadablePolicy."""
    effects = {one["Effect"] for one in statements if _concerns(one, request)}
    return effects == {"Allow"}


def _concerns(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _any(_like, statement["Action"], request.action)
        and _any(_like, statement["Resource"], request.on)
        and all(
            _holds(operator, listed(wanted), request.context.get(key, ()))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, wanted: list[Any], values: tuple[str, ...]) -> bool:
    """Return whether one condition holds; an absent key has no values."""
    if operator == "Null" and wanted in (["true"], ["false"]):
        return (not values) == (wanted == ["true"])
    compare = COMPARISONS.get(operator.removeprefix(FOR_ALL))
    if compare is None:
        raise UnreadablePolicy(f"{operator} with {wanted} is no condition that is evaluated here.")
    if operator.startswith(FOR_ALL):
        return all(_any(compare, wanted, value) for value in values)
    # IAM compares a key of several values by a set operator only.
    return len(values) == 1 and _any(compare, wanted, values[0])


def _any(compare: Callable[[str, str], bool], wanted: Any, value: str) -> bool:
    return any(compare(rendered(one), value) for one in listed(wanted))


def _equal(wanted: str, value: str) -> bool:
    return wanted == value


def _like(pattern: str, value: str) -> bool:
    """Return whether a value matches a pattern; IAM's wildcards stand for any characters."""
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, value, re.DOTALL) is not None


COMPARISONS = {"StringEquals": _equal, "StringLike": _like}
