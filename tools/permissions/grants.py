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

LIES_ON = "(lies on)"
"""In place of an action: the policy of a resource is for this one."""

WORKS_WITH = "(works with)"
"""In place of an action: a service acts for this resource with a role, which is checked there."""

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


LYING = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}
"""Kinds of policies, and which member says what they are for."""

URL = "AWS::Lambda::Url"
"""Lets somebody call a function without any policy."""


def written(name: str, resource: Mapping[str, Any]) -> Iterator[Grant]:
    """What one resource of a template grants, to itself or to others. Raises UnreadablePolicy."""
    kind, properties = resource["Type"], resource.get("Properties", {})
    if kind == "AWS::Lambda::Permission":
        yield _of_permission(name, properties)
        return
    if kind == URL or "Principal" in properties:
        raise UnreadablePolicy(f"{name}: what a {kind} lets others do is not read here.")
    for statement in _statements(name, properties):
        yield from _of_statement(name, statement)
    yield from _attachments(name, properties)
    if kind in LYING:
        for one in listed(properties[LYING[kind]]):
            yield Grant(name, LIES_ON, rendered(one))
    if kind not in EXECUTED:
        for role in _all_of("RoleArn", properties):
            yield Grant(name, WORKS_WITH, rendered(role))


EXECUTED = {"AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"}
"""What has the role whose permissions are worked out from what it does."""


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


POLICIES = {"AssumeRolePolicyDocument", "KeyPolicy", "Policy", "PolicyDocument", "ResourcePolicy"}
"""Members that hold a policy."""


def _statements(name: str, properties: Any) -> Iterator[dict[str, Any]]:
    """Every statement at any depth, so that no kind of policy is overlooked."""
    for policy in (one for member in POLICIES for one in _all_of(member, properties)):
        if not isinstance(policy, dict) or not policy.keys() & {"Statement", "PolicyDocument"}:
            raise UnreadablePolicy(f"{name}: write the policy out, with its statements.")
    for statement in (one for some in _all_of("Statement", properties) for one in listed(some)):
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise UnreadablePolicy(f"{name}: say of each statement itself whether it allows.")
        yield statement


def _all_of(member: str, value: Any) -> Iterator[Any]:
    """What a member of this name holds, at any depth."""
    if isinstance(value, list):
        for one in value:
            yield from _all_of(member, one)
    elif isinstance(value, dict):
        if member in value:
            yield value[member]
        for one in value.values():
            yield from _all_of(member, one)


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


def _of_permission(name: str, properties: Mapping[str, Any]) -> Grant:
    conditions = {
        "SourceArn": "ArnLike aws:SourceArn",
        "SourceAccount": "StringEquals aws:SourceAccount",
    }
    known = {"Action", "FunctionName", "Principal", *conditions}
    if unread := properties.keys() - known:
        raise UnreadablePolicy(f"{name}: {', '.join(sorted(unread))} is not read here.")
    return Grant(
        rendered(properties["FunctionName"]).strip("${}").removesuffix(".Arn"),
        properties["Action"],
        OWN,
        rendered(properties["Principal"]),
        frozenset(
            f"{condition} = {rendered(properties[member])}"
            for member, condition in conditions.items()
            if member in properties
        ),
    )


def _attachments(name: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    for policy in properties.get("ManagedPolicyArns", ()):
        yield Grant(name, ATTACHED, rendered(policy))
    if "PolicyDocument" in properties:
        for holders in ("Roles", "Users", "Groups"):
            for holder in properties.get(holders, ()):
                yield Grant(rendered(holder).strip("${}"), ATTACHED, f"${{{name}}}")
