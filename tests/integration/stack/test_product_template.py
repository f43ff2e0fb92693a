"""The product's own template runs on the local stack."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiers import second_tier
from tests.workbench import PATIENCE

from .test_life import _environment

pytestmark = second_tier("a stack of its own; every other stack deploys the template too")

_DEPLOY = """
import json
from prefdrop_local.stack import LocalStack

with LocalStack() as stack:
    functions = [name for name, kind in stack.carried.items() if kind == "AWS::Lambda::Function"]
    errors = {name: stack.invoke(name, b"[]").error for name in functions}
    client = stack.client("stepfunctions")
    arn = stack.outputs["ImportStateMachineArn"]
    secrets = stack.client("secretsmanager")
    secret = secrets.get_secret_value(SecretId=stack.outputs["VendorSecretArn"])
    print(json.dumps({
        "errors": errors,
        "not_carried": sorted(set(stack.not_carried.values())),
        "definition": client.describe_state_machine(stateMachineArn=arn)["definition"],
        "credentials_for": json.loads(secret["SecretString"])["user_id"],
    }))
"""


@pytest.fixture(scope="module")
def deployed() -> dict[str, object]:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", _DEPLOY],
        capture_output=True,
        text=True,
        env=_environment(),
        cwd=root,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_every_function_s_code_can_be_imported(deployed: dict[str, object]) -> None:
    errors = deployed["errors"]

    assert isinstance(errors, dict)
    assert "RegisterImportFunction" in errors
    broken = {name: error for name, error in errors.items() if (error or "").startswith("Runtime.")}
    assert broken == {}


def test_only_policies_alarms_and_the_throttle_are_not_carried(deployed: dict[str, object]) -> None:
    assert deployed["not_carried"] == [
        "AWS::ApiGatewayV2::Stage: requests are neither throttled nor logged",
        "AWS::CloudWatch::Alarm",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    ]


def test_the_state_machine_calls_the_deployed_functions(deployed: dict[str, object]) -> None:
    definition = deployed["definition"]

    assert isinstance(definition, str)
    assert "${" not in definition
    assert "arn:aws:lambda:us-east-1:123456789012:function:prefdrop-stage-chunks" in definition


def test_the_sandbox_s_demonstration_user_is_in_the_secret(deployed: dict[str, object]) -> None:
    assert deployed["credentials_for"] == "demo.api.user"
