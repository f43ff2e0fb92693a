"""A state machine is checked for what would fail only in the execution that gets there."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from tools.state_machine import faults

GIVEN = {"WorkFunctionArn"}
States = dict[str, Any]


@pytest.fixture
def definition():
    return {
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "${WorkFunctionArn}", "Payload": {"id.$": "$.id"}},
                "Retry": [{"ErrorEquals": ["States.Timeout"], "BackoffRate": 2}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Failed"}],
                "Next": "Decide",
            },
            "Decide": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.next", "StringEquals": "again", "Next": "Wait"}],
                "Default": "Done",
            },
            "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Work"},
            "Done": {"Type": "Succeed"},
            "Failed": {"Type": "Fail", "Error": "Failed"},
        },
    }


def test_a_sound_definition_has_no_fault(definition):
    assert faults(definition, GIVEN) == []


@pytest.mark.parametrize("machine", ["import", "export"])
def test_the_definitions_as_they_stand_have_no_fault(root, machine):
    definition = json.loads((root / f"statemachine/{machine}.asl.json").read_text("utf-8"))
    tasks = [s for s in definition["States"].values() if s["Type"] == "Task"]
    substituted = {task["Parameters"]["FunctionName"].strip("${}") for task in tasks}

    assert faults(definition, substituted) == []


FAULTS = [
    (
        "a field of a state that does not exist",
        lambda s: s["Work"].update(TimeoutSecond=3),
        'Field "TimeoutSecond" not allowed in State Machine.States.Work',
    ),
    (
        "a field of a retry that does not exist",
        lambda s: s["Work"]["Retry"][0].update(Attempts=3),
        'Field "Attempts" not allowed in State Machine.States.Work.Retry[0]',
    ),
    (
        "a field of a choice that does not exist",
        lambda s: s["Decide"]["Choices"][0].update(Else="Done"),
        'Field "Else" not allowed in State Machine.States.Decide.Choices[0]',
    ),
    (
        "a value of the wrong type",
        lambda s: s["Work"].update(TimeoutSeconds="3"),
        'State Machine.States.Work.TimeoutSeconds is "3" but should be an Integer',
    ),
    (
        "a way to no state",
        lambda s: s["Work"].update(Next="Nowhere"),
        'No state found named "Nowhere", referenced at State Machine.States.Work.Next',
    ),
    (
        "a catch to no state",
        lambda s: s["Work"]["Catch"][0].update(Next="Nowhere"),
        'No state found named "Nowhere", referenced at State Machine.States.Work.Next',
    ),
    (
        "a default to no state",
        lambda s: s["Decide"].update(Default="Nowhere"),
        'No state found named "Nowhere", referenced at State Machine.States.Decide.Default',
    ),
    (
        "a state that is never reached",
        lambda s: s.update(Island={"Type": "Succeed"}),
        "No transition found to state State Machine.Island",
    ),
    (
        "a state without an end or a next one",
        lambda s: s["Work"].pop("Next"),
        'State Machine.States.Work does not have required field "Next"',
    ),
    (
        "a path that is none",
        lambda s: s["Work"].update(ResultPath="$.[x"),
        'State Machine.States.Work.ResultPath is "$.[x" but should be a Reference Path',
    ),
    (
        "a path to seconds that is none",
        lambda s: s["Wait"].update(SecondsPath="$..["),
        'State Machine.States.Wait.SecondsPath is "$..[" but should be a Reference Path',
    ),
    (
        "a path in what a function is given that is none",
        lambda s: s["Work"]["Parameters"]["Payload"].update({"id.$": "$.id["}),
        'Field "id.$" of Parameters at "State Machine.States.Work.Payload" is not a JSONPath '
        "or intrinsic function expression",
    ),
    (
        "a catch behind one that takes all",
        lambda s: s["Work"]["Catch"].insert(0, {"ErrorEquals": ["States.ALL"], "Next": "Done"}),
        "State Machine.States.Work.Catch[0]: States.ALL can only appear in the last element, "
        "and by itself.",
    ),
    (
        "a choice that no case may fit",
        lambda s: s["Decide"].pop("Default"),
        "state Decide has no default",
    ),
    (
        "an error that is never raised",
        lambda s: s["Work"]["Retry"][0].update(ErrorEquals=["States.TimeOut"]),
        "state Work waits for States.TimeOut, which Step Functions does not raise",
    ),
]


def test_state_machine_with_a_fault_has_it_found(subtests, definition):
    for case, spoil, said in FAULTS:
        with subtests.test(case=case):
            spoiled = deepcopy(definition)
            spoil(spoiled["States"])

            assert said in faults(spoiled, GIVEN)


def test_a_start_that_does_not_exist_is_found(definition):
    definition["StartAt"] = "Begin"

    found = faults(definition, GIVEN)

    assert "StartAt value Begin not found in States field at State Machine" in found


def test_a_name_that_the_template_does_not_substitute_is_found(definition):
    assert faults(definition, set()) == [
        "the definition uses ${WorkFunctionArn}, which the template does not substitute"
    ]


def test_a_substitution_that_the_definition_does_not_use_is_found(definition):
    assert faults(definition, {*GIVEN, "OldFunctionArn"}) == [
        "the template substitutes OldFunctionArn, which the definition does not use"
    ]
