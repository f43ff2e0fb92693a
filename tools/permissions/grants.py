"""What the policies of a template grant, taken apart into single permissions.

Names are compared as the template writes them: `${Bucket.Arn}/feeds/*` is the same wherever it
stands, whether a `!Sub` or a `!GetAtt` gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from tools.translation import Template

ATTACHED = "(attached policy)"
"""In place of an action: a role has all that a managed policy grants, which is checked there."""

OWN = "(itself)"
"""In place of a resource, where the policy of a resource speaks of nothing else."""


class Grant(NamedTuple):
    """One permission.

    `of` is the logical id of the role or resource whose policy it is, `to` whom it lets do
    something (empty: the role itself), `when` every condition as `operator key = value`.
    """

    of: str
    action: str
    on: str
    to: str = ""
    when: frozenset[str] = frozenset()
    effect: str = "Allow"

    def __str__(self) -> str:
        """One line for a person."""
        who = f" to {self.to}" if self.to else ""
        when = f" when {' and '.join(sorted(self.when))}" if self.when else ""
        deny = "a denial of " if self.effect != "Allow" else ""
        return f"{self.of}: {deny}{self.action} on {self.on}{who}{when}"


class UnreadablePolicy(ValueError):
    """A policy says something in a form that cannot be told apart into single permissions."""


def granted(template: Template) -> set[Grant]:
    """Every permission that a translated template grants, wherever a policy stands."""
    return {g for name, resource in template["Resources"].items() for g in written(name, resource)}


def written(name: str, resource: Mapping[str, Any]) -> Iterator[Grant]:
    """What one resource of a template grants, to itself or to others."""
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::Lambda::Permission":
        yield _of_permission(properties)
        return
    for statement in _statements(properties):
        yield from _of_statement(name, statement)
    yield from _attachments(name, properties)


def rendered(value: Any) -> str:
    """A value of a template as text, with references in the form of `!Sub`."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::GetAtt": str(path)}:
            return f"${{{path}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Sub": [text, values]}:
            for name, given in values.items():
                text = text.replace(f"${{{name}}}", rendered(given))
            return str(text)
    raise UnreadablePolicy(f"{value!r} is no name that can be compared; write it with !Sub.")


def listed(value: Any) -> list[Any]:
    """What a policy writes alone or as a list, as a list."""
    return value if isinstance(value, list) else [value]


def _statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement at any depth, so that no kind of policy is overlooked."""
    if isinstance(value, list):
        for one in value:
            yield from _statements(one)
    elif isinstance(value, dict):
        if value.get("Effect") in ("Allow", "Deny"):
            yield value
        for one in value.values():
            yield from _statements(one)


READ = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


def _of_statement(name: str, statement: Mapping[str, Any]) -> Iterator[Grant]:
    if unread := statement.keys() - READ:
        raise UnreadablePolicy(f"{name}: say what is allowed, without {', '.join(sorted(unread))}.")
    for action, on, to, when in product(
        map(rendered, listed(statement["Action"])),
        map(rendered, listed(statement.get("Resource", OWN))),
        _principals(statement.get("Principal", {})),
        _alternatives(statement.get("Condition", {})),
    ):
        yield Grant(name, action, on, to, when, statement["Effect"])


def _principals(principal: Any) -> list[str]:
    if isinstance(principal, str):
        return [principal]
    return [rendered(one) for some in principal.values() for one in listed(some)] or [""]


def _alternatives(condition: Mapping[str, Mapping[str, Any]]) -> Iterable[frozenset[str]]:
    """All conditions must hold, of each with any of its values: one set for each choice."""
    choices = [
        [f"{operator} {key} = {rendered(value)}" for value in listed(values)]
        for operator, keys in condition.items()
        for key, values in keys.items()
    ]
    return map(frozenset, product(*choices))


def _of_permission(properties: Mapping[str, Any]) -> Grant:
    conditions = {
        "SourceArn": "ArnLike aws:SourceArn",
        "SourceAccount": "StringEquals aws:SourceAccount",
    }
    return Grant(
        rendered(properties["FunctionName"]).strip("${}").removesuffix(".Arn"),
        properties["Action"],
        OWN,
        rendered(properties["Principal"]),
        frozenset(
            f"{condition} = {rendered(properties[name])}"
            for name, condition in conditions.items()
            if name in properties
        ),
    )


def _attachments(name: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    for policy in properties.get("ManagedPolicyArns", ()):
        yield Grant(name, ATTACHED, rendered(policy))
    if "PolicyDocument" in properties:
        for holders in ("Roles", "Users", "Groups"):
            for holder in properties.get(holders, ()):
                yield Grant(rendered(holder).strip("${}"), ATTACHED, f"${{{name}}}")
