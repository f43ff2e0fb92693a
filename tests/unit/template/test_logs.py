"""Whatever runs logs into a group of the template, for as long as the parameter says."""

from __future__ import annotations

from typing import Any

import pytest

from tools.translation import Template


@pytest.fixture(scope="module")
def resources(translated: Template) -> dict[str, Any]:
    found: dict[str, Any] = translated["Resources"]
    return found


def _of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def test_every_log_expires_by_the_parameter_and_is_encrypted_with_the_stack_s_key(resources):
    for name, group in _of_type(resources, "AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
        assert group["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}, name
        assert group["LogGroupName"]["Fn::Sub"].startswith("/aws/"), "the key is granted for these"


def test_every_function_logs_json_into_the_one_group_at_the_level_of_the_parameter(resources):
    for name, function in _of_type(resources, "AWS::Lambda::Function").items():
        assert function["LoggingConfig"] == {
            "LogGroup": {"Ref": "FunctionLogs"},
            "LogFormat": "JSON",
            "ApplicationLogLevel": {"Ref": "LogLevel"},
        }, name


def test_workflows_the_address_and_the_pipe_log_into_groups_of_their_own(resources):
    used = [
        *(
            machine["LoggingConfiguration"]["Destinations"][0]["CloudWatchLogsLogGroup"]
            for machine in _of_type(resources, "AWS::StepFunctions::StateMachine").values()
        ),
        *(
            {"LogGroupArn": stage["AccessLogSettings"]["DestinationArn"]}
            for stage in _of_type(resources, "AWS::ApiGatewayV2::Stage").values()
        ),
        *(
            pipe["LogConfiguration"]["CloudwatchLogsLogDestination"]
            for pipe in _of_type(resources, "AWS::Pipes::Pipe").values()
        ),
    ]
    groups = [one["LogGroupArn"]["Fn::GetAtt"][0] for one in used]

    everything = set(_of_type(resources, "AWS::Logs::LogGroup"))
    assert len(set(groups)) == len(groups)
    assert set(groups) == everything - {"FunctionLogs"}


def test_every_function_and_every_workflow_is_traced(resources):
    functions = _of_type(resources, "AWS::Lambda::Function").values()
    machines = _of_type(resources, "AWS::StepFunctions::StateMachine").values()

    assert all(one["TracingConfig"] == {"Mode": "Active"} for one in functions)
    assert all(one["TracingConfiguration"] == {"Enabled": True} for one in machines)


def test_a_workflow_writes_down_that_it_failed_and_nothing_of_what_it_was_given(resources):
    for machine in _of_type(resources, "AWS::StepFunctions::StateMachine").values():
        logging = machine["LoggingConfiguration"]

        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
