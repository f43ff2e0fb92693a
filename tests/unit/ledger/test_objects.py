"""A missing object is told from a forbidden one, also where S3 itself does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.objects import ObjectMissing

KEY = "feeds/crm.toml"


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture
def s3(client: Any) -> Iterator[Stubber]:
    """S3 as it answers callers who may not list the key: moto never does."""
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def files(client: Any) -> ExportFiles:
    return ExportFiles(client, "bucket")


def forbid(s3: Stubber, operation: str, code: str = "AccessDenied") -> None:
    s3.add_client_error(operation, code, http_status_code=403)


def show(s3: Stubber, *keys: str) -> None:
    asked = {"Bucket": "bucket", "Prefix": KEY, "MaxKeys": 1}
    s3.add_response("list_objects_v2", {"Contents": [{"Key": key} for key in keys]}, asked)


@pytest.mark.parametrize("listed", [(), (f"{KEY}.old",)])
def test_forbidden_object_that_no_list_shows_is_missing(
    s3: Stubber, files: ExportFiles, listed: tuple[str, ...]
) -> None:
    forbid(s3, "get_object")
    show(s3, *listed)

    with pytest.raises(ObjectMissing):
        files.read(KEY)


def test_forbidden_object_that_a_list_shows_stays_forbidden(
    s3: Stubber, files: ExportFiles
) -> None:
    forbid(s3, "get_object")
    show(s3, KEY)

    with pytest.raises(ClientError, match="AccessDenied"):
        files.read(KEY)


def test_forbidden_object_whose_list_is_refused_stays_forbidden(
    s3: Stubber, files: ExportFiles
) -> None:
    forbid(s3, "get_object")
    forbid(s3, "list_objects_v2")

    with pytest.raises(ClientError, match="GetObject"):
        files.read(KEY)


def test_forbidden_version_stays_forbidden(s3: Stubber, files: ExportFiles) -> None:
    forbid(s3, "get_object")

    with pytest.raises(ClientError, match="AccessDenied"):
        files.read(KEY, version_id="v1")


def test_version_of_forbidden_object_that_no_list_shows_is_none(
    s3: Stubber, files: ExportFiles
) -> None:
    forbid(s3, "head_object", code="403")
    show(s3)

    assert files.version_of(KEY) == ""
