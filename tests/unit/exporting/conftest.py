"""A bucket, a ledger and an export's services on moto, without a vendor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from prefdrop.exporting.services import ExportServices
from tests.call_watch import asked
from tests.emulated_aws import emulated_aws

ENVIRONMENT = {
    "PREFDROP_BUCKET": "bucket",
    "PREFDROP_IMPORTS_TABLE": "imports",
    "PREFDROP_EXCEPTIONS_TABLE": "exceptions",
    "PREFDROP_AUDIT_TABLE": "audit",
    "PREFDROP_BUS": "bus",
    "PREFDROP_SECRET": "secret",
    "PREFDROP_WEBHOOK_SECRET": "webhook",
    "PREFDROP_CLIENT_ID": "DEMO_CLIENT",
    "PREFDROP_BASE_URL": "https://vendor.example.test/",
    "PREFDROP_EXPORT_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:prefdrop-export",
}


class StepFunctions:
    """Step Functions as exports call it; remembers what was started and woken."""

    class exceptions:  # noqa: N801 - boto3's name
        class ExecutionAlreadyExists(Exception):
            pass

        class ExecutionDoesNotExist(Exception):
            pass

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.woken: list[str] = []

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: N803
        asked("stepfunctions", "StartExecution", stateMachineArn=stateMachineArn)
        arn = stateMachineArn.replace("stateMachine", "execution") + f":{name}"
        if arn in self.started:
            raise self.exceptions.ExecutionAlreadyExists
        self.started[arn] = json.loads(input)
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        asked("stepfunctions", "DescribeExecution", executionArn=executionArn)
        if executionArn not in self.started:
            raise self.exceptions.ExecutionDoesNotExist
        return {"status": "RUNNING"}

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803
        asked("stepfunctions", "SendTaskSuccess")
        assert json.loads(output)
        self.woken.append(taskToken)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExportServices]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with emulated_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
        keys: list[Any] = [("pk", "HASH"), ("sk", "RANGE")]
        boto3.client("dynamodb").create_table(
            TableName="imports",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
            KeySchema=[{"AttributeName": n, "KeyType": k} for n, k in keys],
        )
        boto3.client("events").create_event_bus(Name="bus")
        boto3.client("secretsmanager").create_secret(
            Name="webhook",
            SecretString=json.dumps({"key": "k" * 32, "shared_secrets": ["for webhooks only"]}),
        )
        made = ExportServices(ENVIRONMENT)
        made.__dict__["step_functions"] = StepFunctions()
        yield made


@pytest.fixture
def machine(services: ExportServices) -> StepFunctions:
    found: Any = services.step_functions
    return found  # type: ignore[no-any-return]
