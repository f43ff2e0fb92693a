"""Every function of the repository is deployed, and the workflow may call exactly its steps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.template.roles import role_of, statements_of
from tools.translation import Template

MACHINES = ["ImportStateMachine", "ExportStateMachine"]
CALLED_BY = {
    "BackfillEventsFunction": "Schedule",
    "ReceiveCallbackFunction": "HttpApi",
    "ReceiveWebhookFunction": "HttpApi",
    "RefreshConfigurationFunction": "Schedule",
    "StartExportsFunction": "Schedule",
    "SweepTurnsFunction": "Schedule",
}


@pytest.fixture
def functions(template: Template) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _invoked(template: Template, root: Path, machine: str) -> set[str]:
    """The logical ids of the functions that a workflow calls."""
    properties = template["Resources"][machine]["Properties"]
    definition = json.loads((root / properties["DefinitionUri"]).read_text("utf-8"))
    substitutions = properties["DefinitionSubstitutions"]
    names = {
        re.sub(r"\W", "", state["Parameters"]["FunctionName"])
        for state in definition["States"].values()
        if state["Type"] == "Task"
    }
    return {substitutions[name]["Fn::GetAtt"][0] for name in names}


def test_each_folder_of_functions_is_one_function_of_the_template(functions, root):
    folders = {f"functions/{app.parent.name}" for app in root.glob("functions/*/app.py")}

    assert {properties["CodeUri"] for properties in functions.values()} == folders


def test_a_function_is_named_after_its_folder(functions):
    for logical_id, properties in functions.items():
        folder = properties["CodeUri"].removeprefix("functions/")

        assert logical_id == "".join(w.capitalize() for w in folder.split("_")) + "Function"
        assert properties["FunctionName"] == {
            "Fn::Sub": "${AWS::StackName}-" + folder.replace("_", "-")
        }


@pytest.mark.parametrize("machine", MACHINES)
def test_a_workflow_may_invoke_the_functions_it_calls_and_no_other(
    template, functions, root, machine
):
    statements = statements_of(template["Resources"], machine)
    steps = next(s for s in statements if s["Sid"] == "Steps")

    granted = {arn["Fn::Sub"].rpartition(":function:")[2] for arn in steps["Resource"]}

    called = _invoked(template, root, machine)
    assert granted == {functions[name]["FunctionName"]["Fn::Sub"] for name in called}


def test_what_no_workflow_calls_is_called_by_a_schedule_or_over_http(template, functions, root):
    called = set().union(*(_invoked(template, root, machine) for machine in MACHINES))
    alone = functions.keys() - called

    causes = {
        name: {event["Type"] for event in functions[name]["Events"].values()} for name in alone
    }
    assert causes == {name: {CALLED_BY[name]} for name in CALLED_BY if name in functions}


def test_an_http_api_waits_longer_than_the_functions_behind_it_may_take(functions):
    for properties in functions.values():
        for event in properties.get("Events", {}).values():
            if event["Type"] == "HttpApi":
                route = event["Properties"]

                assert route["PayloadFormatVersion"] == "2.0"
                assert properties["Timeout"] * 1000 < route["TimeoutInMillis"]


def test_every_function_has_permissions_of_its_own(template, functions):
    resources = template["Resources"]
    roles = [role_of(resources, name) for name in functions]

    assert len(set(roles)) == len(functions)
    assert all(statements_of(resources, name) for name in functions)
    for role in roles:
        assert resources[role]["Properties"]["ManagedPolicyArns"] == [{"Ref": "LogAndTracePolicy"}]


def test_a_function_that_stages_outlives_the_longest_request(template, functions):
    longest = template["Parameters"]["RequestSeconds"]["Default"]

    for name in ("InitiatePartFunction", "StageChunksFunction", "ExecutePartFunction"):
        assert functions[name]["Timeout"] > longest
