"""Every alarm watches a figure that somebody really writes, of a thing that the template makes."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from prefdrop.importing.report import judge
from tests.unit.template import emitted_metrics
from tests.unit.template.emitted_metrics import Emitted
from tests.unit.template.watched import as_sub, faults
from tools.translation import Template

SILENCE_IS_A_FAULT = {
    "BackfillStoppedAlarm",
    "RefreshStoppedAlarm",
    "StartExportsStoppedAlarm",
    "SweepStoppedAlarm",
}
"""They watch for what no longer happens. All others count faults, and no figure means none."""


@pytest.fixture(scope="module")
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture(scope="module")
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


def test_every_alarm_watches_a_metric_that_is_really_written(alarms, resources, own: Emitted):
    found = {
        name: faults(
            alarm["Namespace"],
            alarm["MetricName"],
            {one["Name"]: as_sub(one["Value"]) for one in alarm["Dimensions"]},
            resources=resources,
            own=own,
        )
        for name, alarm in alarms.items()
    }

    assert {name: said for name, said in found.items() if said} == {}


def test_metric_that_is_never_written_is_a_fault(subtests, resources, own):
    for namespace, metric, dimensions in [
        ("Prefdrop", "EventsMist", {"service": "${AWS::StackName}"}),
        ("Prefdrop", "EventsMissed", {}),
        ("Prefdrop", "EventsMissed", {"service": "prefdrop"}),
        ("Prefdrop", "ImportsEnded", {"service": "${AWS::StackName}"}),
        ("Prefdrop", "ImportsEnded", {"service": "${AWS::StackName}", "status": "Complete"}),
        ("AWS/Lambda", "Error", {"FunctionName": "${SweepTurnsFunction}"}),
        ("AWS/Lambda", "Errors", {"FunctionName": "${SweepTurnsFunctionRole}"}),
        ("AWS/Lambda", "Errors", {"FunctionName": "${SweepTurnsFunction.Arn}"}),
        ("AWS/Lambda", "Errors", {"FunctionName": "prefdrop-sweep-turns"}),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "${EventDeadLetterQueue}"}),
        ("AWS/ApiGateway", "5XXError", {"ApiId": "${WebhookApi}"}),
        ("AWS/States", "ExecutionsFailed", {"Name": "${ImportStateMachine}"}),
    ]:
        with subtests.test(namespace=namespace, metric=metric, dimensions=dimensions):
            assert len(faults(namespace, metric, dimensions, resources=resources, own=own)) == 1


def test_every_metric_that_the_code_names_has_been_seen_written(own: Emitted, root):
    assert emitted_metrics.named(root / "layers/prefdrop/prefdrop") == own.keys()


def test_imports_are_counted_by_every_end_that_a_verdict_gives():
    verdicts = set(re.findall(r'"([A-Z]\w+)"', inspect.getsource(judge)))

    assert set(emitted_metrics.ENDS) == verdicts - {"Held"}


def test_every_alarm_is_told_of_and_says_what_it_means(alarms):
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["AlarmDescription"], name


def test_silence_is_a_fault_exactly_where_something_must_happen(alarms):
    for name, alarm in alarms.items():
        watches_for_life = name in SILENCE_IS_A_FAULT

        assert alarm["TreatMissingData"] == ("breaching" if watches_for_life else "notBreaching")
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (
            (1, "LessThanThreshold") if watches_for_life else (0, "GreaterThanThreshold")
        )
    assert alarms.keys() >= SILENCE_IS_A_FAULT


def test_no_alarm_looks_back_further_than_cloudwatch_does(alarms):
    """PutMetricAlarm, `Period`: a day for periods under an hour, seven days for longer ones."""
    for name, alarm in alarms.items():
        span = alarm["Period"] * alarm["EvaluationPeriods"]

        assert span <= (86_400 if alarm["Period"] < 3_600 else 604_800), name


def test_every_queue_of_dead_letters_has_an_alarm(alarms, resources):
    assert _watched(alarms, "AWS/SQS") == _of_type(resources, "AWS::SQS::Queue")


def test_what_runs_by_the_clock_has_an_alarm_for_failing_and_one_for_not_running(alarms, resources):
    for name in _of_type(resources, "AWS::Serverless::Function"):
        for event in resources[name]["Properties"].get("Events", {}).values():
            if event["Type"] == "Schedule":
                watching = _alarms_of(alarms, name)
                stopped = watching & SILENCE_IS_A_FAULT or {"BackfillStoppedAlarm"}

                assert watching - SILENCE_IS_A_FAULT, name
                assert _seconds(event) < min(_span(alarms[one]) for one in stopped), name


def _alarms_of(alarms: dict[str, dict[str, Any]], function: str) -> set[str]:
    return {n for n, a in alarms.items() if a["Dimensions"][0]["Value"] == {"Ref": function}}


def _span(alarm: dict[str, Any]) -> int:
    span: int = alarm["Period"] * alarm["EvaluationPeriods"]
    return span


def _seconds(event: dict[str, Any]) -> int:
    number, unit = re.fullmatch(r"rate\((\d+) (\w+?)s?\)", event["Properties"]["Schedule"]).groups()
    return int(number) * {"minute": 60, "hour": 3_600, "day": 86_400}[unit]


def test_every_way_for_a_pipe_to_fail_has_an_alarm(alarms):
    """A bus that refuses some of ten events fails no execution; a throttled pipe has none."""
    pipes = [one for one in alarms.values() if one["Namespace"] == "AWS/EventBridge/Pipes"]

    assert {one["MetricName"] for one in pipes} == {
        "ExecutionFailed",
        "ExecutionPartiallyFailed",
        "ExecutionThrottled",
    }


def test_every_pipe_and_every_address_has_an_alarm(alarms, resources):
    assert _watched(alarms, "AWS/EventBridge/Pipes") == _of_type(resources, "AWS::Pipes::Pipe")
    assert _watched(alarms, "AWS/ApiGateway") == _of_type(resources, "AWS::Serverless::HttpApi")
