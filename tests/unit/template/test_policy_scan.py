"""parliament reads every policy with example names, and finds nothing that is not allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import lint_template
from tools.policy_scan import ALLOWED, SPOILED, PolicyScanFailed, compare, policies, scan
from tools.translation import Template

LOOSE: list[dict[str, Any]] = [
    {
        "issue": issue,
        "title": "No resources match for the given action",
        "detail": [{"action": action, "required_format": "*"}],
        "location": {"filepath": "/x/SweepRole-0.json"},
    }
    for issue, action in sorted(ALLOWED)
]
"""What parliament finds in the template, and may."""


def test_finding_that_is_allowed_is_no_fault():
    assert compare(LOOSE) == []


def test_finding_about_one_more_action_is_a_fault():
    more = {"action": "s3:GetObject", "required_format": "arn:*:s3:::*/*"}
    wider = [{**LOOSE[0], "detail": [*LOOSE[0]["detail"], more]}, *LOOSE[1:]]

    (fault,) = compare(wider)

    assert fault.startswith("RESOURCE_MISMATCH SweepRole-0: No resources match")
    assert "s3:GetObject" in fault


def test_finding_of_another_kind_is_a_fault():
    other = {**LOOSE[0], "issue": "UNKNOWN_ACTION", "detail": "Unknown action dynamodb:Fetch"}

    assert compare([*LOOSE, other]) == [
        "UNKNOWN_ACTION SweepRole-0: No resources match for the given action: "
        "Unknown action dynamodb:Fetch"
    ]


def test_allowance_that_nothing_needs_is_a_fault():
    assert compare(LOOSE[1:]) == [
        f"RESOURCE_MISMATCH of {LOOSE[0]['detail'][0]['action']} is allowed, "
        "and parliament does not find it"
    ]


def test_every_policy_is_read_and_no_reference_is_left(translated: Template):
    read = policies(translated)
    kinds = {translated["Resources"][name.partition("-")[0]]["Type"] for name in read}

    assert kinds == {
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
    assert len(read) > 30
    assert not any(sign in json.dumps(read) for sign in ("${", "Fn::", '"Ref"'))


@pytest.fixture
def parliament(tmp_path: Path) -> Callable[[str], Path]:
    """A program in parliament's place that prints what it is told to."""

    def make(printed: str) -> Path:
        program = tmp_path / "parliament"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    return make


def test_scan_that_did_not_take_place_is_an_error(subtests, parliament):
    for printed, message in [
        ("Traceback: no module named pkg_resources", "parliament ended with 0: Traceback"),
        (json.dumps(LOOSE[0]), "finds no fault with an action that is none"),
    ]:
        with subtests.test(printed=printed), pytest.raises(PolicyScanFailed, match=message):
            scan({}, parliament(printed))


def test_scan_leaves_out_the_policy_that_is_spoiled_on_purpose(parliament):
    spoiled = {**LOOSE[0], "location": {"filepath": f"/x/{SPOILED}.json"}}
    printed = "\n".join(json.dumps(one) for one in (LOOSE[1], spoiled))

    assert scan({}, parliament(printed)) == [LOOSE[1]]


def test_scan_that_did_not_take_place_fails_the_lint(parliament):
    (fault,) = lint_template._policies({"Resources": {}}, parliament("killed"))

    assert fault == "parliament ended with 0: killed"
