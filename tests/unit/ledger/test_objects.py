"""A missing, a forbidden and a locked object are told apart, where S3 answers them alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from prefdrop.errors import Terminal
from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.objects import ObjectLocked, ObjectMissing

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


def head(s3: Stubber, version_id: str = "", **answer: str) -> None:
    asked = {"Bucket": "bucket", "Key": KEY} | ({"VersionId": version_id} if version_id else {})
    s3.add_response("head_object", answer, asked)


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
    forbid(s3, "head_object", code="403")

    with pytest.raises(ClientError, match="AccessDenied"):
        files.read(KEY)


def test_forbidden_object_whose_list_is_refused_stays_forbidden(
    s3: Stubber, files: ExportFiles
) -> None:
    forbid(s3, "get_object")
    forbid(s3, "list_objects_v2")
    forbid(s3, "head_object", code="403")

    with pytest.raises(ClientError, match="GetObject"):
        files.read(KEY)


def test_forbidden_version_stays_forbidden(s3: Stubber, files: ExportFiles) -> None:
    forbid(s3, "get_object")
    forbid(s3, "head_object", code="403")

    with pytest.raises(ClientError, match="AccessDenied"):
        files.read(KEY, version_id="v1")


LOCKED = {
    "AccessDenied": 403,
    "KMS.DisabledException": 400,
    "KMS.NotFoundException": 400,
    "KMS.KMSInvalidStateException": 400,
}
"""How S3 answers a GET of an object whose key it cannot use, by code; HEAD takes no key."""
OTHERS_KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b"


@pytest.mark.parametrize("code", LOCKED)
def test_unusable_kms_key_raises_object_locked_with_its_arn(
    s3: Stubber, files: ExportFiles, code: str
) -> None:
    s3.add_client_error("get_object", code, http_status_code=LOCKED[code])
    head(s3, "v1", SSEKMSKeyId=OTHERS_KEY, ServerSideEncryption="aws:kms")

    with pytest.raises(ObjectLocked) as caught:
        files.open_at(KEY, "v1", 0, 100)
    assert f"{OTHERS_KEY}, which the stack cannot use ({code})" in caught.value.message
    assert KEY in caught.value.message
    assert isinstance(caught.value, Terminal)


def test_unusable_kms_key_without_its_arn_raises_object_locked(
    s3: Stubber, files: ExportFiles
) -> None:
    s3.add_client_error("get_object", "KMS.NotFoundException", http_status_code=400)
    forbid(s3, "head_object", code="403")

    with pytest.raises(ObjectLocked, match="that KMS cannot use"):
        files.read(KEY, version_id="v1")


def test_customer_key_raises_object_locked_that_names_sse_c(
    s3: Stubber, files: ExportFiles
) -> None:
    s3.add_client_error("get_object", "InvalidRequest", http_status_code=400)
    s3.add_client_error("head_object", "400", http_status_code=400)

    with pytest.raises(ObjectLocked, match="SSE-C"):
        files.read(KEY, version_id="v1")


def test_invalid_request_for_another_reason_stays_as_it_is(s3: Stubber, files: ExportFiles) -> None:
    s3.add_client_error("get_object", "InvalidRequest", http_status_code=400)
    head(s3, "v1")

    with pytest.raises(ClientError, match="InvalidRequest"):
        files.read(KEY, version_id="v1")


def test_denied_object_without_a_kms_key_stays_denied(s3: Stubber, files: ExportFiles) -> None:
    forbid(s3, "get_object")
    head(s3, "v1")

    with pytest.raises(ClientError, match="AccessDenied"):
        files.read(KEY, version_id="v1")


def test_throttled_kms_key_stays_transient(s3: Stubber, files: ExportFiles) -> None:
    s3.add_client_error("get_object", "KMS.ThrottlingException", http_status_code=400)

    with pytest.raises(ClientError, match="Throttling"):
        files.read(KEY, version_id="v1")


def test_version_of_forbidden_object_that_no_list_shows_is_none(
    s3: Stubber, files: ExportFiles
) -> None:
    forbid(s3, "head_object", code="403")
    show(s3)

    assert files.version_of(KEY) == ""
