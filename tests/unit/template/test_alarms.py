"""Every alarm watches a figure that somebody really writes, of a thing that the template makes."""

from __future__ import annotations

from typing import Any

import pytest

from tools.translation import Template

# What AWS writes by itself: namespace, metric, its dimension and the type of what that names.
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
OF_AWS = {
    ("AWS/States", "ExecutionsFailed", "StateMachineArn"): "AWS::Serverless::StateMachine",
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"): "AWS::SQS::Queue",
    ("AWS/Lambda", "Errors", "FunctionName"): "AWS::Serverless::Function",
    ("AWS/ApiGateway", "5xx", "ApiId"): "AWS::Serverless::HttpApi",
    ("AWS/EventBridge/Pipes", "ExecutionFailed", "PipeName"): "AWS::Pipes::Pipe",
}
OURS = "Prefdrop"


@pytest.fixture
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture
def alarms(resources) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def _named(value: dict[str, Any]) -> str:
    """The resource that a `!Ref` or `!GetAtt` names."""
    return value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]


def _watched(alarms: dict[str, dict[str, Any]], namespace: str) -> set[str]:
    return {
        _named(alarm["Dimensions"][0]["Value"])
        for alarm in alarms.values()
        if alarm["Namespace"] == namespace
    }


def _of_type(resources: dict[str, Any], kind: str) -> set[str]:
    return {name for name, resource in resources.items() if resource["Type"] == kind}


def test_an_alarm_of_a_service_s_metric_names_a_resource_that_has_it(alarms, resources):
    for name, alarm in alarms.items():
        if alarm["Namespace"] != OURS:
            (dimension,) = alarm["Dimensions"]
            metric = (alarm["Namespace"], alarm["MetricName"], dimension["Name"])

            assert resources[_named(dimension["Value"])]["Type"] == OF_AWS[metric], name


def test_an_alarm_of_our_own_metric_names_one_that_the_code_writes(alarms, root):
    library = root / "layers/prefdrop/prefdrop"
    code = "".join(path.read_text("utf-8") for path in sorted(library.rglob("*.py")))

    for name, alarm in alarms.items():
        if alarm["Namespace"] == OURS:
            assert f'"{alarm["MetricName"]}"' in code, name
            assert alarm["Dimensions"] == [
                {"Name": "service", "Value": {"Ref": "AWS::StackName"}}
            ], "two stacks of one account must not share alarms"


def test_every_alarm_is_told_of_and_quiet_while_nothing_happens(alarms):
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert alarm["AlarmDescription"], name


def test_every_queue_of_dead_letters_has_an_alarm(alarms, resources):
    assert _watched(alarms, "AWS/SQS") == _of_type(resources, "AWS::SQS::Queue")


def test_every_function_that_runs_by_the_clock_has_an_alarm(alarms, resources):
    scheduled = {
        name
        for name in _of_type(resources, "AWS::Serverless::Function")
        for event in resources[name]["Properties"].get("Events", {}).values()
        if event["Type"] == "Schedule"
    }

    assert scheduled <= _watched(alarms, "AWS/Lambda")


def test_every_pipe_and_every_address_has_an_alarm(alarms, resources):
    assert _watched(alarms, "AWS/EventBridge/Pipes") == _of_type(resources, "AWS::Pipes::Pipe")
    assert _watched(alarms, "AWS/ApiGateway") == _of_type(resources, "AWS::Serverless::HttpApi")
