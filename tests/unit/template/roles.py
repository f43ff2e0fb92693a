"""What the template's functions and state machines may do, as it is written there."""

from __future__ import annotations

from typing import Any

Statement = dict[str, Any]

EXECUTED = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


def role_of(resources: dict[str, Any], name: str) -> str:
    """The logical id of the role that a function or a state machine runs with."""
    role: str = resources[name]["Properties"]["Role"]["Fn::GetAtt"][0]
    return role


def statements_of(resources: dict[str, Any], name: str) -> list[Statement]:
    """The statements of its own role, without what all functions share."""
    (policy,) = resources[role_of(resources, name)]["Properties"]["Policies"]
    statements: list[Statement] = policy["PolicyDocument"]["Statement"]
    return statements


def all_statements(resources: dict[str, Any]) -> list[tuple[str, Statement]]:
    """Each statement that grants something to a role, with the resource that it is written in."""
    found = []
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            policies = [resource["Properties"]]
        elif resource["Type"] == "AWS::IAM::Role":
            policies = resource["Properties"]["Policies"]
        else:
            continue
        found += [(name, s) for policy in policies for s in policy["PolicyDocument"]["Statement"]]
    return found
