"""The template is deployed whole, and what is not is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prefdrop_local.stack import NO_VENDOR, ExternalVendor, LocalStack, StackError

from .conftest import FIXTURES

THROTTLE = "AWS::ApiGatewayV2::Stage: requests are neither throttled nor logged"


def test_every_resource_is_either_carried_or_named(stack: LocalStack) -> None:
    assert stack.not_carried == {
        "Alarm": "AWS::CloudWatch::Alarm",
        "Nightly": "AWS::Events::Rule: cron(0 3 * * ? *) does not fire by itself",
        "ApiApiGatewayDefaultStage": THROTTLE,
        "OtherApiGatewayDefaultStage": THROTTLE,
        "EnrichingPipe": "AWS::Pipes::Pipe: pipes do not enrich here",
    }
    assert stack.carried["Machine"] == "AWS::StepFunctions::StateMachine"
    assert "OnlyWhenGreen" not in {**stack.carried, **stack.not_carried}


def test_the_outputs_name_things_that_exist(stack: LocalStack) -> None:
    stack.client("s3").head_bucket(Bucket=stack.outputs["BucketName"])
    stack.client("dynamodb").describe_table(TableName=stack.outputs["TableName"])
    stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SecretArn"])
    (described,) = stack.client("cloudformation").describe_stacks(StackName="prefdrop")["Stacks"]
    found = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}
    assert found == stack.outputs


def test_the_bucket_keeps_versions(stack: LocalStack) -> None:
    bucket = stack.outputs["BucketName"]

    assert stack.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_the_vendor_s_credentials_are_in_the_secret(stack: LocalStack) -> None:
    vendor = ExternalVendor("https://vendor.example.test/v4/", "C1", "api.user", "s3cret")

    stack.set_vendor_secret(vendor)

    value = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SecretArn"])
    assert json.loads(value["SecretString"]) == {
        "auth": "pnauthinfo3",
        "user_id": "api.user",
        "secret": "s3cret",
        "hash": "SHA256",
    }


def test_a_secret_is_generated_where_the_template_asks_for_it(stack: LocalStack) -> None:
    secrets = stack.client("secretsmanager")

    text = secrets.get_secret_value(SecretId=stack.outputs["GeneratedArn"])["SecretString"]

    value = json.loads(text)
    assert value["previous"] == ""
    assert len(value["key"]) == 40
    assert value["key"].isalnum()


@pytest.mark.parametrize("url", ["http://vendor.example.test/", "ftp://127.0.0.1/", "vendor"])
def test_a_vendor_elsewhere_must_be_reached_by_https(url: str) -> None:
    with pytest.raises(ValueError, match="must start with https://"):
        ExternalVendor(url, "C1", "api.user", "s3cret")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/"])
def test_a_vendor_on_this_machine_may_be_plain(url: str) -> None:
    assert "s3cret" not in repr(ExternalVendor(url, "C1", "api.user", "s3cret"))


def test_a_second_stack_in_the_process_is_refused(stack: LocalStack) -> None:
    with pytest.raises(StackError, match="runs in this process already"):
        LocalStack(FIXTURES, vendor=NO_VENDOR).start()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"Nonsense": "1"}, "no parameter Nonsense"),
        ({"Number": "many"}, "must be a number"),
        ({"Number": "11"}, "outside its range"),
        ({"Colour": "blue"}, "must be one of"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, str], named: str) -> None:
    from prefdrop_local.stack.parameters import ParameterError, check_parameters
    from prefdrop_local.stack.translation import translate

    template: dict[str, Any] = translate(FIXTURES / "template.yaml")["template"]

    with pytest.raises(ParameterError, match=named):
        check_parameters(template, given)


def test_a_folder_without_a_template_is_named(tmp_path: Path) -> None:
    from prefdrop_local.stack.translation import TemplateError, TranslationProcess

    broken = tmp_path / "template.yaml"
    broken.write_text("Resources:\n  F:\n    Type: AWS::Serverless::Function\n")

    with pytest.raises(TemplateError, match=r"template\.yaml cannot be deployed: .*F"):
        TranslationProcess(broken).result()
