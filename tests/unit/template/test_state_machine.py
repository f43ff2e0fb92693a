"""A state machine is checked for what would fail only in the execution that gets there."""

from __future__ import annotations

import importlib
import json
import pkgutil
from copy import deepcopy
from typing import Any

import pytest

import prefdrop
from prefdrop.errors import Transient
from prefdrop.mypreferences.errors import Unclear
from tools.state_machine import RETRIERS, faults, untried

GIVEN = {"WorkFunctionArn"}
FEW_TRIES = {
    "AwsFailed": "a permission is missing, or a request is wrong",
    "StepCrashed": "nobody foresaw it",
    "Fenced": "another worker has taken over",
    "LeaseHeld": "StageChunks waits for the lease by itself",
    "UploadGone": "the report is written again from its beginning",
    "ObjectCut": "the body was opened again four times in a row without a byte",
    "RunGoneOn": "another worker has taken over",
    "EventsNotKept": "no state machine runs the backfill",
    "CredentialsRefused": "steps wait for the vendor by the ledger",
    "VendorAway": "steps wait for the vendor by the ledger",
    "TooManyRequests": "steps wait for the vendor by the ledger",
    "NotSent": "steps wait for the vendor by the ledger",
    "Unclear": "steps wait for the vendor by the ledger",
}
"""Transient errors that Step Functions tries three times, and why no more often."""
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

    assert faults(definition, substituted | {"Partition"}) == []


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


@pytest.fixture
def task(definition):
    work = definition["States"]["Work"]
    work["Retry"] = [{"ErrorEquals": ["Terminal"], "MaxAttempts": 0}, *deepcopy(RETRIERS)]
    work["TimeoutSeconds"] = 90
    return work


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda task: None, []),
        (lambda task: task.update(TimeoutSeconds=30), ["WorkFunctionArn needs 90"]),
        (lambda task: task.pop("TimeoutSeconds"), ["WorkFunctionArn needs 90"]),
        (lambda task: task["Retry"].pop(0), ["begin its retriers", "not retried as"]),
        (lambda task: task["Retry"][1].update(MaxAttempts=6), ["not retried as"]),
        (lambda task: task["Retry"].pop(), ["not retried as"]),
        (
            lambda task: task.update(Resource=task["Resource"] + ".waitForTaskToken"),
            ["waits for a token"],
        ),
    ],
)
def test_task_retried_otherwise_is_a_fault(definition, task, change, fault):
    change(task)

    found = untried(definition, {"WorkFunctionArn": 30})

    assert len(found) == len(fault)
    assert all(words in said for words, said in zip(fault, found, strict=True))


def test_every_transient_error_is_retried_on_purpose():
    """One of AWS that no retrier names would be tried three times, and then fail the import."""
    for module in pkgutil.walk_packages(prefdrop.__path__, "prefdrop."):
        importlib.import_module(module.name)

    kinds = {kind.__name__ for kind in _under(Transient)}

    assert kinds == set(RETRIERS[1]["ErrorEquals"]) | set(FEW_TRIES)


def _under(kind):
    for one in kind.__subclasses__():
        if not one.__module__.startswith("prefdrop."):  # the command's own
            continue
        yield one
        if not issubclass(one, Unclear):
            yield from _under(one)
