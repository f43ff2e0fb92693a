"""A state machine is checked for what would fail only in the execution that gets there."""

from __future__ import annotations

import pytest

from tools.state_machine import faults

GIVEN = {"WorkFunctionArn"}


@pytest.fixture
def definition():
    return {
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Task",
                "Parameters": {"FunctionName": "${WorkFunctionArn}"},
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
                "Next": "Decide",
            },
            "Decide": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.next", "StringEquals": "again", "Next": "Work"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
            "Failed": {"Type": "Fail"},
        },
    }


def test_a_sound_definition_has_no_fault(definition):
    assert faults(definition, GIVEN) == []


@pytest.mark.parametrize(
    ("state", "leads", "to"),
    [
        ("Work", "Next", "Nowhere"),
        ("Work", "Catch", [{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]),
        ("Decide", "Choices", [{"Variable": "$.next", "Next": "Nowhere"}]),
        ("Decide", "Default", "Nowhere"),
    ],
)
def test_a_transition_to_a_state_that_does_not_exist_is_found(definition, state, leads, to):
    definition["States"][state][leads] = to

    assert f"state {state} goes on to Nowhere, which does not exist" in faults(definition, GIVEN)


def test_a_start_that_does_not_exist_is_found(definition):
    definition["StartAt"] = "Begin"

    assert "the definition starts at Begin, which does not exist" in faults(definition, GIVEN)


def test_a_state_that_is_never_reached_is_found(definition):
    definition["States"]["Island"] = {"Type": "Succeed"}

    assert faults(definition, GIVEN) == ["state Island is never reached"]


def test_a_state_that_neither_ends_nor_goes_on_is_found(definition):
    del definition["States"]["Work"]["Next"]

    assert "state Work neither ends nor goes on" in faults(definition, GIVEN)


def test_a_choice_that_no_case_may_fit_is_found(definition):
    del definition["States"]["Decide"]["Default"]

    assert "state Decide has no default" in faults(definition, GIVEN)


def test_a_name_that_the_template_does_not_substitute_is_found(definition):
    assert faults(definition, set()) == [
        "the definition uses ${WorkFunctionArn}, which the template does not substitute"
    ]


def test_a_substitution_that_the_definition_does_not_use_is_found(definition):
    assert faults(definition, {*GIVEN, "OldFunctionArn"}) == [
        "the template substitutes OldFunctionArn, which the definition does not use"
    ]
