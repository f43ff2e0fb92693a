"""What AWS takes of one resource: nothing of the stack comes near, and a deployment fails on none.

A linter sees the lengths of plain texts. What `!Sub` and `!Ref` make of them is measured here, with
the longest name that a stack of ours may have.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tools.translation import Template

LONGEST_STACK_NAME = 42
"""Of `docs/deploy.md`: with a longer one a function's name would be too long."""

NAMES = {
    # Lambda, CreateFunction; Step Functions, CreateStateMachine; EventBridge Pipes, CreatePipe.
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::Lambda::LayerVersion": ("LayerName", 140),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", 80),
    "AWS::Pipes::Pipe": ("Name", 64),
    "AWS::Events::EventBus": ("Name", 256),
    "AWS::KMS::Alias": ("AliasName", 256),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::CloudWatch::Dashboard": ("DashboardName", 255),
}

FILLED = {
    "AWS::StackName": "s" * LONGEST_STACK_NAME,
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-northeast-1",
    "AWS::AccountId": "1" * 12,
    "AWS::URLSuffix": "amazonaws.com.cn",
}
A_NAME = "n" * 63
"""As long as a bucket's name may be; tables and queues that CloudFormation names are shorter."""
AN_ARN = "a" * 120


def _filled(value: Any, given: dict[str, str]) -> Any:
    """A value as CloudFormation would fill it in, with names as long as they get."""
    if isinstance(value, list):
        return [_filled(one, given) for one in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return given.get(value["Ref"], AN_ARN)
    if "Fn::GetAtt" in value:
        return AN_ARN
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda m: given.get(m[1], A_NAME), value["Fn::Sub"])
    return {key: _filled(one, given) for key, one in value.items()}


@pytest.fixture(scope="module")
def given(template: Template) -> dict[str, str]:
    defaults = {n: str(p.get("Default", A_NAME)) for n, p in template["Parameters"].items()}
    return defaults | FILLED


@pytest.fixture(scope="module")
def resources(translated: Template) -> dict[str, Any]:
    found: dict[str, Any] = translated["Resources"]
    return found


def test_the_template_is_within_what_cloudformation_takes(translated):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    assert len(json.dumps(translated)) < 1_000_000 / 2
    assert len(translated["Resources"]) < 500 / 2
    assert len(translated["Parameters"]) < 200 / 2
    assert len(translated["Outputs"]) < 200 / 2


def test_every_name_fits_with_the_longest_name_of_a_stack(resources, given):
    longest = {}
    for name, resource in resources.items():
        if resource["Type"] in NAMES:
            key, most = NAMES[resource["Type"]]
            length = len(_filled(resource["Properties"].get(key, ""), given))
            longest[name] = most - length

    assert min(longest.values()) == 0, "the page could allow a longer name"


def test_the_page_says_how_long_a_stack_s_name_may_be(root):
    page = (root / "docs/deploy.md").read_text("utf-8")

    assert f"{LONGEST_STACK_NAME} characters at most" in page


def test_the_environment_of_a_function_leaves_room_for_routes(resources, given):
    """Lambda takes 4 KB of environment: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function":
            variables = _filled(resource["Properties"]["Environment"]["Variables"], given)
            taken = sum(len(key) + len(str(value)) for key, value in variables.items())

            assert taken < 4_096 - 1_000, name


def test_a_role_s_policy_is_within_what_iam_takes(resources, given):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            properties = resource["Properties"]

            assert _letters(properties["AssumeRolePolicyDocument"], given) < 2_048, name
            assert _letters(properties["Policies"], given) < 10_240 / 2, name
        elif resource["Type"] == "AWS::IAM::ManagedPolicy":
            assert _letters(resource["Properties"]["PolicyDocument"], given) < 6_144 / 2, name


def _letters(document: Any, given: dict[str, str]) -> int:
    """Characters of a policy; IAM does not count white space."""
    return len(json.dumps(_filled(document, given), separators=(",", ":")))
