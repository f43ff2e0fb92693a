"""The drawings of `docs/architecture.md` are those of today's state machines, and can be read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tools import drawings
from tools.drawings import Edge, drawn, mermaid, retries


@pytest.fixture(scope="module")
def page() -> str:
    return drawings.PAGE.read_text("utf-8")


def definition_of(machine: str) -> dict[str, Any]:
    text = (drawings.ROOT / f"statemachine/{machine}.asl.json").read_text("utf-8")
    definition: dict[str, Any] = json.loads(text)
    return definition


def test_the_page_draws_the_state_machines_as_they_are(page):
    assert drawings.rewritten(page) == page, "`make drawings` draws them anew"


@pytest.mark.parametrize("machine", drawings.MACHINES)
def test_every_state_is_named_in_the_drawing_or_below_it(machine):
    states = definition_of(machine)["States"]

    shown = set(re.findall(r"\w+", drawings.section(machine)))

    assert states.keys() - shown == set()


@pytest.mark.parametrize("machine", drawings.MACHINES)
def test_every_way_that_an_answer_can_take_is_drawn(machine):
    states = definition_of(machine)["States"]
    drawing = drawn(definition_of(machine))

    answers = {
        c["StringEquals"]
        for s in states.values()
        for c in s.get("Choices", ())
        if "StringEquals" in c
    }
    told = {word for edge in drawing.edges for word in re.findall(r"\w+", edge.label)}

    assert answers <= told


def task(following: str, **more: Any) -> dict[str, Any]:
    again = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 2,
            "MaxDelaySeconds": 9,
            "MaxAttempts": 3,
        }
    ]
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]
    said = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": following}
    return {**said, "Retry": again, "Catch": caught, **more}


@pytest.fixture
def definition() -> dict[str, Any]:
    answers = [("wait", "Rest"), ("more", "Work"), ("go", "Tell")]
    choices = [{"Variable": "$.next", "StringEquals": a, "Next": n} for a, n in answers]
    return {
        "StartAt": "Work",
        "States": {
            "Work": task("Worked"),
            "Worked": {"Type": "Choice", "Choices": choices, "Default": "UnknownStep"},
            "Rest": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Work"},
            "Tell": task("Done", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}]),
            "Done": {"Type": "Succeed"},
            "UnknownStep": {"Type": "Pass", "Next": "Failed"},
            "Failed": {"Type": "Fail"},
        },
    }


def test_a_choice_and_a_wait_of_one_state_are_drawn_as_its_answers(definition):
    drawing = drawn(definition)

    assert drawing.folded == ["Worked", "Rest", "UnknownStep"]
    assert drawing.edges[:2] == [
        Edge("Work", "Work", "wait: Rest, more"),
        Edge("Work", "Tell", "go"),
    ]


def test_where_errors_usually_lead_is_drawn_once_and_another_way_by_itself(definition):
    definition["States"]["Work"]["Catch"][0]["Next"] = "Tell"
    definition["States"]["Other"] = task("Done")
    definition["States"]["Another"] = task("Done")

    drawing = drawn(definition)

    assert drawing.failing == "Failed"
    assert drawing.passed_over == ["Tell"]
    assert Edge("Work", "Tell", "go, error") in drawing.edges
    assert mermaid(definition).count("any other error") == 1


def test_task_with_a_retry_of_its_own_is_named(definition):
    definition["States"]["Tell"]["Retry"][0] = {
        **definition["States"]["Tell"]["Retry"][0],
        "MaxAttempts": 9,
    }

    assert "`Tell`: up to 9 times" in retries(definition)
