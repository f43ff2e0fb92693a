"""checkov's demands are met, or waived with a reason that is still needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools import lint_template, security_scan
from tools.security_scan import OWN, Finding, ScanFailed, compare, scan, waivers
from tools.translation import Template

REASON = "The functions call the vendor over the internet and AWS over TLS."
QUEUE = Finding("CKV_AWS_27", "Queues are encrypted", "DropDeadLetterQueue")
DEMAND = "CKV_AWS_27 DropDeadLetterQueue: Queues are encrypted"


def test_a_demand_that_nobody_waived_is_a_fault():
    assert compare([QUEUE], {}) == [DEMAND]


def test_a_waiver_with_a_reason_is_taken_for_its_resource():
    assert compare([QUEUE], {("CKV_AWS_27", "DropDeadLetterQueue"): REASON}) == []


def test_waiver_that_checkov_does_not_heed_is_a_fault():
    unheard = replace(QUEUE, file=OWN)

    assert compare([QUEUE, unheard], {("CKV_AWS_27", "DropDeadLetterQueue"): REASON}) == [DEMAND]


@pytest.mark.parametrize(
    ("place", "check"), [("DropDeadLetterQueue", "CKV_AWS_26"), ("AlarmTopic", "CKV_AWS_27")]
)
def test_a_waiver_of_something_else_leaves_the_fault_and_is_one_itself(place, check):
    assert compare([QUEUE], {(check, place): REASON}) == [
        DEMAND,
        f"the waiver of {check} at {place} is not needed: checkov demands nothing there",
    ]


@pytest.mark.parametrize("reason", ["", "not needed"])
def test_a_waiver_without_a_reason_is_a_fault(reason):
    assert compare([QUEUE], {("CKV_AWS_27", "DropDeadLetterQueue"): reason}) == [
        "the waiver of CKV_AWS_27 at DropDeadLetterQueue does not say why"
    ]


def test_the_template_s_waivers_are_all_read(template: Template):
    given = waivers(template)

    assert {template["Resources"][name]["Type"] for _, name in given} == {
        "AWS::Serverless::Function",
        "AWS::S3::Bucket",
    }
    assert all(len(reason) > security_scan.SHORTEST_REASON for reason in given.values())


@pytest.fixture
def checkov(tmp_path: Path) -> Callable[[str], Path]:
    """A program in checkov's place that prints what it is told to."""

    def make(printed: str) -> Path:
        program = tmp_path / "checkov"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    return make


TINY: Template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
OPEN = json.dumps(
    {
        "check_id": "CKV_AWS_20",
        "check_name": "Not public",
        "resource": "AWS::S3::Bucket.Open",
        "file_path": "/spoiled.json",
    }
)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The template in its file."""
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(TINY), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("Traceback: no module named checkov", "checkov ended with 0: Traceback"),
        ('{"passed": 0, "failed": 0, "resource_count": 0}', "checkov ended with 0"),
        (
            '{"summary": {"parsing_errors": 1, "resource_count": 3}, '
            f'"results": {{"failed_checks": [{OPEN}]}}}}',
            "did not read every resource",
        ),
        (
            '{"summary": {"parsing_errors": 0, "resource_count": 2}, '
            f'"results": {{"failed_checks": [{OPEN}]}}}}',
            "did not read every resource",
        ),
        (
            '{"summary": {"parsing_errors": 0, "resource_count": 3}, '
            '"results": {"failed_checks": []}}',
            "finds no fault with a bucket that is open to the world",
        ),
    ],
)
def test_a_scan_that_did_not_take_place_is_no_clean_one(tiny, checkov, printed, said):
    with pytest.raises(ScanFailed, match=said):
        scan(tiny, TINY, checkov(printed))


def test_a_scan_that_did_not_take_place_fails_the_lint(tiny, checkov):
    (fault,) = lint_template._security(tiny, TINY, checkov("killed"))

    assert fault == "checkov ended with 0: killed"
