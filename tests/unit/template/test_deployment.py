"""The deployment settings fit the template."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.unit.template.outputs_read import outputs_read


@pytest.mark.parametrize("stage", ["default", "dev", "prod"])
def test_a_stage_overrides_only_parameters_that_exist_and_values_that_are_allowed(
    template, root, stage
):
    settings = tomllib.loads((root / "samconfig.toml").read_text("utf-8"))
    overrides = settings[stage]["deploy"]["parameters"].get("parameter_overrides", [])

    for override in overrides:
        name, _, value = override.partition("=")
        parameter = template["Parameters"][name]
        allowed = map(str, parameter.get("AllowedValues", [value]))

        assert value in allowed


@pytest.mark.parametrize("stage", ["default", "prod"])
def test_tables_refuse_to_be_deleted_except_in_development(root, template, stage):
    settings = tomllib.loads((root / "samconfig.toml").read_text("utf-8"))
    overrides = settings[stage]["deploy"]["parameters"].get("parameter_overrides", [])

    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert not any(override.startswith("DeletionProtection=") for override in overrides)


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
