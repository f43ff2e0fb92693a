"""AWS errors reach the operator as a sentence and a remedy."""

from __future__ import annotations

import pytest
from botocore import exceptions

from prefdrop_cli.aws_errors import AwsRefused, AwsUnreachable, explain_aws
from prefdrop_cli.exits import WrongUse


def client_error(code: str) -> exceptions.ClientError:
    return exceptions.ClientError(
        {"Error": {"Code": code, "Message": "explained by AWS"}}, "DescribeStacks"
    )


def test_aws_error_of_each_kind_names_its_remedy(subtests: pytest.Subtests) -> None:
    for error, kind, remedy in [
        (exceptions.NoCredentialsError(), WrongUse, "Sign in"),
        (exceptions.ProfileNotFound(profile="ops"), WrongUse, "Sign in"),
        (exceptions.NoRegionError(), WrongUse, "AWS_DEFAULT_REGION"),
        (client_error("ExpiredToken"), WrongUse, "Sign in again"),
        (client_error("AccessDenied"), WrongUse, "credentials that may"),
        (client_error("InternalError"), AwsRefused, "try again"),
        (
            exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            AwsUnreachable,
            "still running",
        ),
        (
            exceptions.ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"),
            AwsUnreachable,
            "network",
        ),
    ]:
        with subtests.test(error=error):
            explained = explain_aws(error)

            assert isinstance(explained, kind)
            assert remedy in explained.hint
