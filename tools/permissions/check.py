"""What is missing from the template's policies, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Any

from tools.permissions.actions import arn, needed, requests
from tools.permissions.calls import Call
from tools.permissions.conditions import Request, allowed
from tools.permissions.declared import EVERY_FUNCTION, Statement, read as declared
from tools.permissions.grants import Grant, granted, rendered
from tools.translation import Template

FUNCTION = "AWS::Lambda::Function"
MACHINE = "AWS::StepFunctions::StateMachine"


def faults(template: Template, calls: Iterable[Call]) -> list[str]:
    """One line for each permission that is missing or that nothing needs, and each refused call.

    `template` is the translated one. Raises UnknownCall and UnreadablePolicy.
    """
    calls = sorted(calls)
    has = granted(template)
    return [*differences(has, required(template, calls)), *_refused(template, calls, has)]


def differences(has: Set[Grant], needs: Set[Grant]) -> list[str]:
    """One line for each permission that is on one side only."""
    return [
        *(f"missing: {grant}" for grant in sorted(needs - has, key=str)),
        *(f"unused: {grant}" for grant in sorted(has - needs, key=str)),
    ]


def required(template: Template, calls: Iterable[Call]) -> set[Grant]:
    """Every permission that the calls, the workflows and the declared table need."""
    found = set(_of_functions(template, calls))
    found.update(_of_workflows(template))
    for statement in declared():
        for holder in _holders(statement, template):
            found.update(statement.grants(holder))
    return found


def roles(template: Template, kind: str) -> dict[str, str]:
    """The role of each function or state machine, by logical id."""
    member = "Role" if kind == FUNCTION else "RoleArn"
    return {
        name: rendered(resource["Properties"][member]).strip("${}").removesuffix(".Arn")
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def _holders(statement: Statement, template: Template) -> Iterable[str]:
    if statement.of == (EVERY_FUNCTION,):
        return roles(template, FUNCTION).values()
    return statement.of


def _of_functions(template: Template, calls: Iterable[Call]) -> Iterator[Grant]:
    role_of = roles(template, FUNCTION)
    for call in calls:
        yield from needed(call, role_of[call.function], template)


def _of_workflows(template: Template) -> Iterator[Grant]:
    """A workflow invokes the functions that its definition names."""
    for name, role in roles(template, MACHINE).items():
        substitutions = template["Resources"][name]["Properties"]["DefinitionSubstitutions"]
        for function, _ in (value["Fn::GetAtt"] for value in substitutions.values()):
            written = template["Resources"][function]["Properties"]["FunctionName"]
            on = arn("lambda", f"function:{rendered(written)}")
            yield Grant(role, "lambda:InvokeFunction", on)


def _refused(template: Template, calls: Iterable[Call], has: Set[Grant]) -> Iterator[str]:
    """Calls that IAM refuses although each permission is there, as a batch over two statements."""
    role_of = roles(template, FUNCTION)
    for call in calls:
        role = role_of[call.function]
        if set(needed(call, role, template)) <= has:
            for request in requests(call, template):
                if not allowed(own_statements(template, role), example(request)):
                    yield f"refused: {call}: {role} does not allow {request.action}"


def own_statements(template: Template, role: str) -> list[dict[str, Any]]:
    """The statements of a role's own policies."""
    policies = template["Resources"][role]["Properties"]["Policies"]
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


EXAMPLE = "any/name of it"
"""What `*` stands for when a request is put to the evaluator."""


def example(request: Request) -> Request:
    """A request as IAM sees one: real names in place of each `*`."""
    context = {
        key: tuple(value.replace("*", EXAMPLE) for value in values)
        for key, values in request.context.items()
    }
    return Request(request.action, request.on.replace("*", EXAMPLE), context)
