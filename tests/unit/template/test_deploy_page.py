"""`docs/deploy.md` names only what the template has."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache

import botocore.session
import click
import pytest
import typer
from botocore import xform_name
from botocore.model import OperationModel

from prefdrop_cli.doctor.webhook_probe import NAME
from prefdrop_cli.main import app
from tools.translation import Template


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "docs/deploy.md").read_text("utf-8")


@pytest.fixture
def commands(page) -> str:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, re.M | re.S)
    return "\n".join(block for language, block in blocks if not language).replace("\\\n", " ")


def _in_code(page: str) -> set[str]:
    """Words in code type that look like names of the template."""
    return set(re.findall(r"`([A-Z][a-z]+[A-Z][A-Za-z]+)`", page))


OF_AWS = {
    "EnableKeyRotation",
    "LogConfiguration",
    "NotAuthorized",
    "RoleArn",
    "SourceParameters",
    "TargetParameters",
    "UpdateReplacePolicy",
}
"""Other names in code type: properties, a pipe's members, an error."""


def test_every_resource_parameter_and_output_that_the_page_names_exists(page, template: Template):
    known = {name for part in ("Resources", "Parameters", "Outputs") for name in template[part]}

    assert _in_code(page) - OF_AWS <= known


def test_a_resource_that_a_command_looks_up_exists(commands, template: Template):
    looked_up = re.findall(r"--logical-resource-id (\w+)", commands)

    assert looked_up
    assert set(looked_up) <= template["Resources"].keys()


def test_functions_secrets_key_and_pipe_are_called_as_in_the_template(page, template: Template):
    called = {
        resource["Properties"][key]["Fn::Sub"].replace("${AWS::StackName}", "prefdrop")
        for resource in template["Resources"].values()
        for key in ("FunctionName", "Name", "AliasName")
        if isinstance(resource.get("Properties", {}).get(key), dict)
        and "Fn::Sub" in resource["Properties"][key]
    }
    shown = set(
        re.findall(
            r"--(?:function-name|secret-id|key-id|name) ((?:alias/)?prefdrop[\w/-]*)\b", page
        )
    )

    assert len(shown) >= 6
    assert shown <= called | {NAME}


def test_the_page_names_everything_that_stays_behind(page, template: Template):
    kept = [
        name
        for name, resource in template["Resources"].items()
        if resource.get("DeletionPolicy", "").startswith("Retain")
    ]
    remove = page.split("\n## Remove\n")[1].split("\n## ")[0]

    assert len(kept) > 6
    assert [name for name in kept if f"`{name}`" not in remove] == []


def test_the_page_names_what_a_first_deployment_that_failed_leaves_behind(page, template: Template):
    resources = template["Resources"]
    left = {name for name, r in resources.items() if r.get("DeletionPolicy") == "Retain"}
    (told,) = re.findall(r"^\*\*If the first deployment fails\*\*.*$", page, re.M)

    assert set(re.findall(r"`(\w+)`", told)) & resources.keys() == left


def test_the_page_names_every_function_that_sam_asks_about(page, template: Template):
    """Of those behind an API without an authorizer: samcli/commands/deploy/guided_context.py."""
    open_to_all = {
        name
        for name, resource in template["Resources"].items()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "HttpApi" and "Auth" not in event["Properties"]
    }
    (told,) = re.findall(r"^.*has no authentication\. Is this okay\?.*$", page, re.M)

    assert open_to_all
    assert set(re.findall(r"`(\w+Function)`", told)) == open_to_all


def test_the_page_asks_for_exactly_the_parameters_without_a_default(page, template: Template):
    needed = [name for name, p in template["Parameters"].items() if "Default" not in p]

    assert "Only two have no default: " + " and ".join(f"`{name}`" for name in needed) in page


def test_the_stages_of_the_page_are_those_of_the_settings(commands, root):
    settings = tomllib.loads((root / "samconfig.toml").read_text("utf-8"))

    for stage in re.findall(r"--config-env (\w+)", commands):
        assert "stack_name" in settings[stage]["deploy"]["parameters"]


def test_what_a_restored_table_lacks_is_what_the_page_puts_back(page, template: Template):
    restore = page.split("\n## Restore\n")[1].split("\n## ")[0]
    for name in ("ImportsTable", "ExceptionsTable", "AuditTable"):
        table = template["Resources"][name]["Properties"]
        expiry = table["TimeToLiveSpecification"]["AttributeName"]

        assert f"Enabled=true,AttributeName={expiry}" in restore
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    view = template["Resources"]["AuditTable"]["Properties"]["StreamSpecification"]
    assert f"StreamEnabled=true,StreamViewType={view['StreamViewType']}" in restore


OF_THE_CLI = {"--query", "--output", "--cli-input-json", "--max-items"}
"""Options of the AWS CLI itself."""


def _calls(page: str, program: str) -> Iterator[list[str]]:
    """The arguments of each call of `program`, on lines of their own, in text and in `"$(…)"`."""
    text = page.replace("\\\n", " ")
    inner = re.findall(r'"\$\((.*?)\)"', text)
    text = "\n".join([re.sub(r'"\$\(.*?\)"', "VALUE", text), *inner])
    for call in re.findall(rf"(?:^|`){program} ((?:'[^']*'|[^`\n|>])+)", text, re.M):
        yield shlex.split(call)


SERVICES = botocore.session.get_session()


@cache
def _operation(service: str, name: str) -> OperationModel:
    model = SERVICES.get_service_model({"s3api": "s3"}.get(service, service))
    (called,) = (one for one in model.operation_names if xform_name(one, "-") == name)
    return model.operation_model(called)


def test_aws_knows_every_call_and_every_option_that_the_page_shows(page):
    calls = [call for call in _calls(page, "aws") if call[0] != "s3" and call[1] != "wait"]

    assert len(calls) > 20
    for service, name, *arguments in calls:
        shape = _operation(service, name).input_shape
        known = {f"--{xform_name(member, '-')}" for member in shape.members} | OF_THE_CLI
        given = {a.replace("--no-", "--") for a in arguments if a.startswith("--")}

        assert given <= known, f"{service} {name}"


def test_a_call_that_needs_something_is_given_it(page):
    for service, name, *arguments in _calls(page, "aws"):
        if service == "s3" or name == "wait" or "--cli-input-json" in arguments or not arguments:
            continue
        needed = _operation(service, name).input_shape.required_members

        assert {f"--{xform_name(one, '-')}" for one in needed} <= set(arguments), name


def test_our_own_command_takes_every_call_that_the_page_shows(page):
    calls = list(_calls(page, "prefdrop"))

    assert len(calls) > 8
    for arguments in calls:
        command, rest = typer.main.get_command(app), arguments
        while isinstance(command, click.Group):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_parser(click.Context(command)).parse_args(rest)
