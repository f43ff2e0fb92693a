"""What is missing from the template's policies, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from tools.permissions.actions import arn, needed
from tools.permissions.calls import Call
from tools.permissions.declared import EVERY_FUNCTION, Statement
from tools.permissions.declared import read as declared
from tools.permissions.grants import Grant, granted, rendered
from tools.translation import Template

FUNCTION = "AWS::Lambda::Function"
MACHINE = "AWS::StepFunctions::StateMachine"


def faults(template: Template, calls: Iterable[Call]) -> list[str]:
    """One line for each permission that is missing or that nothing needs.

    `template` is the translated one. Raises UnknownCall and UnreadablePolicy.
    """
    return differences(granted(template), required(template, calls))


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
    return {grant for grant in found if not _is_part_of_another(grant, found)}


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


def _is_part_of_another(grant: Grant, needs: Set[Grant]) -> bool:
    """Whether it is needed without its conditions anyway, as lists of a part of the bucket are."""
    return bool(grant.when) and grant._replace(when=frozenset()) in needs
