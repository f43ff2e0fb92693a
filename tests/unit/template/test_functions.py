"""Every function of the repository is deployed, and the workflow may call exactly its steps."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tools.translation import Template


@pytest.fixture
def functions(template: Template) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture
def invoked(template: Template, root) -> set[str]:
    """The logical ids of the functions that the import workflow calls."""
    machine = template["Resources"]["ImportStateMachine"]["Properties"]
    definition = json.loads((root / machine["DefinitionUri"]).read_text("utf-8"))
    substitutions = machine["DefinitionSubstitutions"]
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


def test_the_workflow_may_invoke_the_functions_it_calls_and_no_other(template, functions, invoked):
    policies = template["Resources"]["ImportStateMachine"]["Properties"]["Policies"]
    steps = next(s for s in policies[0]["Statement"] if s["Sid"] == "Steps")

    granted = {arn["Fn::Sub"].rpartition(":function:")[2] for arn in steps["Resource"]}

    assert granted == {functions[name]["FunctionName"]["Fn::Sub"] for name in invoked}


def test_only_the_sweeper_works_outside_the_workflow(functions, invoked):
    assert functions.keys() - invoked == {"SweepTurnsFunction"}


def test_every_function_has_permissions_of_its_own(functions):
    assert all(properties.get("Policies") for properties in functions.values())


def test_a_function_that_stages_outlives_the_longest_request(template, functions):
    longest = template["Parameters"]["RequestSeconds"]["Default"]

    for name in ("InitiatePartFunction", "StageChunksFunction", "ExecutePartFunction"):
        assert functions[name]["Timeout"] > longest
