"""The deployment settings fit the template."""

from __future__ import annotations

import tomllib

import pytest


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


def test_the_outputs_are_those_the_command_reads(template):
    assert template["Outputs"].keys() >= {
        "AuditTableName",
        "BucketName",
        "EventBusName",
        "ExceptionsTableName",
        "ImportStateMachineArn",
        "ImportsTableName",
        "Region",
        "ResultsTopicArn",
        "VendorSecretArn",
        "WebhookSecretArn",
        "WebhookUrl",
    }
