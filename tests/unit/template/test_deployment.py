"""The deployment settings fit the template."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from prefdrop_local.stack.parameters import check_parameters
from tests.unit.template.outputs_read import outputs_read

ASKED = {"ClientId": "DEMO_CLIENT", "BaseUrl": "https://vendor.example.test/v4"}
"""What SAM asks for where no settings say it."""


@pytest.fixture(scope="module")
def settings(root) -> dict[str, Any]:
    return tomllib.loads((root / "samconfig.toml").read_text("utf-8"))


def _overrides(parameters: dict[str, Any]) -> dict[str, str]:
    pairs = (one.partition("=") for one in parameters.get("parameter_overrides", []))
    return {name: value for name, _, value in pairs}


def test_there_are_settings_for_the_plain_command_and_for_each_stage(settings):
    assert settings.keys() == {"version", "default", "dev", "prod", "local"}


@pytest.mark.parametrize("stage", ["default", "dev", "prod", "local"])
def test_a_stage_overrides_only_parameters_that_exist_by_values_that_are_taken(
    template, settings, stage
):
    for command in settings[stage].values():
        check_parameters(template, ASKED | _overrides(command["parameters"]))


@pytest.mark.parametrize("stage", ["default", "dev", "prod"])
def test_a_stage_deploys_a_stack_of_its_own_that_bills_can_be_told_apart_by(settings, stage):
    deployed = settings[stage]["deploy"]["parameters"]

    assert deployed["stack_name"] == ("prefdrop" if stage == "default" else f"prefdrop-{stage}")
    assert "application=prefdrop" in deployed["tags"]
    assert stage == "default" or f"stage={stage}" in deployed["tags"]


def test_every_command_of_the_local_stage_runs_with_the_same_settings(settings):
    given = [_overrides(command["parameters"]) for command in settings["local"].values()]

    assert given[0].keys() >= ASKED.keys()
    assert all(one == given[0] for one in given)


@pytest.mark.parametrize("stage", ["default", "prod"])
def test_tables_refuse_to_be_deleted_except_in_development(settings, template, stage):
    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert "DeletionProtection" not in _overrides(settings[stage]["deploy"]["parameters"])


def test_every_output_that_our_programs_read_is_there(template, root):
    read = outputs_read(root / "cli")

    missing = {
        pattern
        for pattern in read
        if not any(re.fullmatch(pattern, output) for output in template["Outputs"])
    }
    assert missing == set()
    assert read >= {"BucketName", "VendorSecretArn", "WebhookUrl", r"\w+TableName"}


def test_every_output_is_read_by_our_programs_or_has_a_reader_on_the_page(template, root):
    read = outputs_read(root / "cli")
    page = (root / "docs/deploy.md").read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ", page, re.M)
    readers = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    unread = {
        output
        for output in template["Outputs"]
        if output not in readers and not any(re.fullmatch(pattern, output) for pattern in read)
    }
    assert unread == set()
