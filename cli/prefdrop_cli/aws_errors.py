"""AWS errors in words an operator can act on."""

from __future__ import annotations

from botocore import exceptions

from prefdrop.errors import PrefdropError, Transient
from prefdrop_cli.exits import WrongUse

_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class AwsUnreachable(Transient):
    """AWS, or the local stack, did not answer."""


class AwsRefused(Transient):
    """AWS refused a call."""


def explain_aws(error: Exception) -> PrefdropError:
    """What `error`, raised by botocore, means for the person at the terminal."""
    if isinstance(error, _CREDENTIALS):
        return WrongUse(
            f"There are no usable AWS credentials: {error}",
            hint="Sign in (`aws sso login`, `aws configure`), or set PREFDROP_ENDPOINT to work on "
            "the local stack.",
        )
    if isinstance(error, exceptions.NoRegionError):
        return WrongUse(
            "No AWS region is set.", hint="Set AWS_DEFAULT_REGION to the stack's region."
        )
    if isinstance(error, exceptions.ClientError):
        return _refused(error)
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return AwsUnreachable(
            f"AWS does not answer: {error}",
            hint="Check the network, and PREFDROP_ENDPOINT where the local stack is meant: is "
            "`prefdrop local up` still running?",
        )
    return AwsRefused(f"The AWS client gave up: {error}", hint="Check the AWS configuration.")


def _refused(error: exceptions.ClientError) -> PrefdropError:
    code = error.response["Error"].get("Code", "")
    text = f"{error.operation_name}: {error.response['Error'].get('Message', code)}"
    if code in _EXPIRED:
        return WrongUse(f"The AWS credentials have expired ({text}).", hint="Sign in again.")
    if code in _DENIED:
        return WrongUse(
            f"These AWS credentials may not do that ({text}).",
            hint="Use credentials that may read and write the stack's bucket and tables.",
        )
    return AwsRefused(f"AWS refused: {text} ({code}).", hint="Correct the cause and try again.")
