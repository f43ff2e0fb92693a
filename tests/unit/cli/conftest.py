"""A deployed stack inside this process: what the command needs of one, created in moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.table import Table
from prefdrop_cli.deployments import Deployment, connect
from tests.emulated_aws import emulated_aws

KEY = [
    {"AttributeName": "pk", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"},
]
INDEX_KEY = [
    {"AttributeName": "gsi1pk", "KeyType": "HASH"},
    {"AttributeName": "gsi1sk", "KeyType": "RANGE"},
]
STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:prefdrop-import"
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "ClientId": {"Type": "String", "Default": "DEMO_CLIENT"},
        "QuotaLimit": {"Type": "Number", "Default": 200},
        "QuotaReserve": {"Type": "Number", "Default": 10},
        "QuotaUnit": {"Type": "String", "Default": "import"},
    },
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "ImportsTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": KEY,
                "AttributeDefinitions": [
                    {"AttributeName": key["AttributeName"], "AttributeType": "S"}
                    for key in KEY + INDEX_KEY
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-status",
                        "KeySchema": INDEX_KEY,
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
        },
        "ExceptionsTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": KEY,
                "AttributeDefinitions": [
                    {"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in KEY
                ],
            },
        },
    },
    "Outputs": {
        "BucketName": {"Value": {"Ref": "Bucket"}},
        "ImportsTableName": {"Value": {"Ref": "ImportsTable"}},
        "ExceptionsTableName": {"Value": {"Ref": "ExceptionsTable"}},
        "ImportStateMachineArn": {"Value": STATE_MACHINE},
    },
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS in this process, with nothing in it."""
    for name in ("PREFDROP_ENDPOINT", "PREFDROP_STACK", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with emulated_aws():
        yield


@pytest.fixture
def deployment(aws: None) -> Deployment:
    """A deployed stack named `prefdrop`, empty."""
    boto3.client("cloudformation").create_stack(
        StackName="prefdrop", TemplateBody=json.dumps(TEMPLATE)
    )
    found = connect("prefdrop", "")
    # moto's CloudFormation leaves this property out.
    versioning = {"Status": "Enabled"}
    found.s3.put_bucket_versioning(Bucket=found.bucket, VersioningConfiguration=versioning)
    return found


@pytest.fixture
def imports(deployment: Deployment) -> ImportStore:
    """The ledger's imports of the deployed stack."""
    table = Table(boto3.client("dynamodb"), deployment.outputs["ImportsTableName"])
    return ImportStore(table)
