"""`make lint` finds what would fail only at deployment, so it cannot pass by accident."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.unit.template.roles import statements_of
from tools.lint_template import faults
from tools.translation import Template

Spoil = Callable[[Template, dict[str, Any]], None]


@pytest.fixture
def spoiled(tmp_path: Path, template: Template, root: Path) -> Callable[[Spoil], list[str]]:
    """Lint the project's template after something in it or in its state machine was broken."""

    def lint(spoil: Spoil) -> list[str]:
        copy = deepcopy(template)
        definition = json.loads((root / "statemachine/import.asl.json").read_text("utf-8"))
        spoil(copy, definition)
        (tmp_path / "statemachine").mkdir()
        (tmp_path / "statemachine/import.asl.json").write_text(json.dumps(definition), "utf-8")
        shutil.copy(root / "statemachine/export.asl.json", tmp_path / "statemachine")
        path = tmp_path / "template.yaml"
        path.write_text(json.dumps(copy), "utf-8")
        return faults(path, "us-east-1")

    return lint


def test_the_template_as_it_stands_has_no_fault(spoiled):
    assert spoiled(lambda template, definition: None) == []


def test_a_circle_of_function_role_state_machine_function_is_found(spoiled):
    def spoil(template, definition):
        statements_of(template["Resources"], "TakeTurnFunction")[0]["Resource"] = {
            "Ref": "ImportStateMachine"
        }

    found = spoiled(spoil)

    assert any("E3004" in fault and "TakeTurnFunction" in fault for fault in found)


def test_a_property_that_cloudformation_does_not_know_is_found_in_a_generated_resource(spoiled):
    def spoil(template, definition):
        template["Resources"]["LibraryLayer"]["Properties"]["CompatibleRuntimes"] = ["python9"]

    assert any("python9" in fault for fault in spoiled(spoil))


def test_a_resource_that_sam_refuses_is_found(spoiled):
    def spoil(template, definition):
        template["Resources"]["TakeTurnFunction"]["Properties"]["Timeuot"] = 60

    assert any("TakeTurnFunction" in fault for fault in spoiled(spoil))


def test_a_state_of_the_wrong_form_is_found(spoiled):
    def spoil(template, definition):
        definition["States"]["Duplicate"]["Type"] = "Success"

    assert any("E3601" in fault for fault in spoiled(spoil))


def test_a_state_machine_whose_states_do_not_hang_together_is_found(spoiled):
    def spoil(template, definition):
        definition["States"]["TakeTurn"]["Next"] = "Nowhere"

    assert any("TakeTurn goes on to Nowhere" in fault for fault in spoiled(spoil))
