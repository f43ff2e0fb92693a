"""What starts what: a dropped file its import, an end the next turn, a kept event a message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.permissions.actions import arn
from tools.translation import Template

IMPORTS = arn("states", "stateMachine:${AWS::StackName}-import")


@pytest.fixture
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def test_the_bucket_tells_eventbridge_and_what_comes_into_the_inbox_starts_an_import(resources):
    told = resources["Bucket"]["Properties"]["NotificationConfiguration"]
    rule = resources["DropRule"]["Properties"]
    (target,) = rule["Targets"]

    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "Bucket"}]},
            "object": {"key": [{"prefix": "inbox/"}]},
        },
    }
    assert target["Arn"] == {"Ref": "ImportStateMachine"}
    assert "EventBusName" not in rule, "S3 tells the account's own bus"


def test_every_end_that_a_workflow_cannot_pass_its_turn_after_passes_it(resources):
    events = resources["PassTurnFunction"]["Properties"]["Events"]

    assert [event["Properties"]["Pattern"] for event in events.values()] == [
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": [{"Fn::Sub": IMPORTS}],
                "status": ["ABORTED", "FAILED", "TIMED_OUT"],
            },
        }
    ]


def test_the_bus_hears_of_an_event_when_it_is_first_kept_and_not_when_it_is_marked_or_expires(
    resources,
):
    source = resources["AuditPipe"]["Properties"]["SourceParameters"]
    (filtered,) = source["FilterCriteria"]["Filters"]

    assert json.loads(filtered["Pattern"]) == {"eventName": ["INSERT"]}


def test_a_target_that_does_not_answer_is_tried_again_for_a_day_and_what_is_lost_waits_two_weeks(
    resources,
):
    rules = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Events::Rule"]
    queues = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::SQS::Queue"]

    for rule in rules:
        for target in rule["Targets"]:
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 86_400
            assert "DeadLetterConfig" in target
    assert {queue["MessageRetentionPeriod"] for queue in queues} == {14 * 86_400}
