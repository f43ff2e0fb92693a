"""`make lint` finds what would fail only at deployment, so it cannot pass by accident."""

from __future__ import annotations

import json
import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.tiers import second_tier
from tests.unit.template.roles import statements_of
from tools.lint_template import _partitions, faults
from tools.translation import Template

PLANTED = {
    "a circle of function, role, state machine, function": r"E3004 .*Circular Dependenc",
    "a value that CloudFormation does not know, in a generated resource": r"E\d+ .*'python9'",
    "a state of a type that there is not": r"E3601 .*'Success'",
    "a way to a state that there is not": r'ImportStateMachine: No state found named "Nowhere"',
    "what is left over of the state without a type": r"ImportStateMachine: .*States\.Duplicate",
    "a mere warning: a parameter that nobody uses": r"W2001 .*Idle",
    "a mere hint: a queue that says nothing of its end": r"[IW]3011 Resources/DropDeadLetterQueue",
    "an ARN of the first partition alone": r"import\.asl\.json:\d+ names the partition",
    "a linter that is told to look away": r"EventBus switches checks of cfn-lint off",
}


def _plant(template: Template, definition: dict[str, Any]) -> None:
    resources = template["Resources"]
    turn = statements_of(resources, "TakeTurnFunction")
    turn[0]["Resource"] = {"Ref": "ImportStateMachine"}
    resources["LibraryLayer"]["Properties"]["CompatibleRuntimes"] = ["python9"]
    definition["States"]["Duplicate"]["Type"] = "Success"
    definition["States"]["TakeTurn"]["Catch"][0]["Next"] = "Nowhere"
    definition["States"]["ReportHeld"]["Resource"] = "arn:aws:states:::lambda:invoke"
    template["Parameters"]["Idle"] = {"Type": "String"}
    del resources["DropDeadLetterQueue"]["DeletionPolicy"]
    resources["EventBus"]["Metadata"] = {"cfn-lint": {"config": {"ignore_checks": ["W1"]}}}


@pytest.fixture(scope="module")
def found(template: Template, root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is found in the project's template after all that has been planted in it."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(root / "statemachine", folder / "statemachine")
    planted = deepcopy(template)
    machine = folder / "statemachine/import.asl.json"
    definition = json.loads(machine.read_text("utf-8"))
    _plant(planted, definition)
    machine.write_text(json.dumps(definition), "utf-8")
    (folder / "template.yaml").write_text(json.dumps(planted), "utf-8")
    return faults(folder / "template.yaml", "us-east-1")


@second_tier("runs every linter once more; `make lint` runs them on the template")
def test_template_with_planted_faults_has_each_of_them_found(subtests, found):
    for planted in PLANTED:
        with subtests.test(planted=planted):
            assert any(re.search(PLANTED[planted], fault) for fault in found)


@second_tier("runs every linter once more; `make lint` runs them on the template")
def test_nothing_is_found_that_is_not_wrong(found):
    assert [f for f in found if not any(re.search(p, f) for p in PLANTED.values())] == []


def test_a_resource_that_sam_refuses_is_found(tmp_path, template, root):
    copy = deepcopy(template)
    copy["Resources"]["TakeTurnFunction"]["Properties"]["Timeuot"] = 60
    shutil.copytree(root / "statemachine", tmp_path / "statemachine")
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(copy), "utf-8")

    assert any("TakeTurnFunction" in fault for fault in faults(path, "us-east-1"))


def test_template_and_definitions_name_no_partition(root):
    assert _partitions(root / "template.yaml") == []


def test_definition_that_names_the_partition_is_found(tmp_path, root):
    shutil.copytree(root / "statemachine", tmp_path / "statemachine")
    definition = tmp_path / "statemachine/export.asl.json"
    written = definition.read_text("utf-8").replace("${Partition}", "aws", 1)
    definition.write_text(written, "utf-8")
    shutil.copy(root / "template.yaml", tmp_path)

    (fault,) = _partitions(tmp_path / "template.yaml")

    assert re.match(r"export\.asl\.json:8 names the partition", fault)


def test_the_make_target_leaves_none_of_the_checks_out(root):
    (recipe,) = re.findall(
        r"^lint: (.*\n(?:\t.*\n)+)", (root / "Makefile").read_text("utf-8"), re.M
    )

    for part in (
        "style types ",
        "$(SAM) validate --lint",
        "-m tools.shown_overrides template.yaml *.md docs/*.md docs/adr/*.md",
        "-m tools.lint_template template.yaml",
        "--checkov $(CHECKOV_VENV)/bin/checkov",
        "--parliament $(PARLIAMENT_VENV)/bin/parliament",
    ):
        assert part in recipe
    assert not re.search(r"\t-|\|\| *(true|:)", recipe), "a failure that is overlooked"
