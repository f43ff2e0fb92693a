"""Finding a deployed stack, on AWS or on this machine, and what it holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlsplit

from prefdrop.auditing.services import EventServices
from prefdrop.exporting.services import ExportServices
from prefdrop.settings import Settings
from prefdrop_cli.exits import WrongUse

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

LOCAL_REGION = "us-east-1"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Deployment(ExportServices, EventServices):
    """One deployed stack, reached with the operator's own credentials instead of a function's.

    `outputs` and `parameters` are CloudFormation's. `client` makes a boto3 client of a service,
    with the credentials and the endpoint of this stack; further arguments are boto3's.
    """

    def __init__(
        self,
        outputs: Mapping[str, str],
        parameters: Mapping[str, str],
        client: Callable[..., Any],
        poll_seconds: float = 2.0,
        stack: str = "",
    ) -> None:
        self.outputs = outputs
        self.parameters = parameters
        self.client = client
        self.poll_seconds = poll_seconds
        """How often to ask how an import gets on."""
        self.stack = stack
        """Its name in CloudFormation."""

    def replace(self, **changes: Any) -> Deployment:
        """Return the same stack with something changed of what it was made with."""
        kept = ("outputs", "parameters", "client", "poll_seconds", "stack")
        return Deployment(**{name: getattr(self, name) for name in kept} | changes)

    @property
    def settings(self) -> Settings:  # type: ignore[override]
        """The settings of the stack's functions, each read from the stack when it is needed."""
        return cast(Settings, _Given(self.outputs, self.parameters))

    def _client(self, service: str, config: Config) -> Any:  # noqa: ARG002 - operators can wait
        return self.client(service)

    @property
    def bucket(self) -> str:
        """The one bucket's name."""
        return self.outputs["BucketName"]

    @cached_property
    def s3(self) -> Any:
        """The S3 client."""
        return self.client("s3")

    def secret_text(self, output: str) -> str:
        """The text of a secret that an output of the stack names."""
        return self._secret_text(self.outputs[output])

    @cached_property
    def operator(self) -> str:
        """Who decides, as AWS knows the caller."""
        arn: str = self.client("sts").get_caller_identity()["Arn"]
        return arn


class _Given:
    """A function's settings, by the stack's outputs and parameters."""

    _outputs: ClassVar = {
        "bucket": "BucketName",
        "imports_table": "ImportsTableName",
        "exceptions_table": "ExceptionsTableName",
        "audit_table": "AuditTableName",
        "secret": "VendorSecretArn",
        "webhook_secret": "WebhookSecretArn",
    }
    _numbers: ClassVar = {"quota_limit", "quota_reserve", "retention_days", "audit_days"}

    def __init__(self, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> None:
        self._given = outputs, parameters

    def __getattr__(self, name: str) -> Any:
        outputs, parameters = self._given
        if name in self._outputs:
            return outputs[self._outputs[name]]
        value = parameters.get("".join(word.capitalize() for word in name.split("_")), "")
        return int(value or 0) if name in self._numbers else value


class _Outputs(dict[str, str]):
    """The outputs of a stack; one that it lacks is told, not stumbled over."""

    def __missing__(self, name: str) -> str:
        raise WrongUse(
            f"The stack has no output {name}.",
            hint="It was deployed by another version of Prefdrop: deploy it again (`sam deploy`).",
        )


def connect(stack: str, endpoint: str) -> Deployment:
    """Find `stack` on AWS or, where `endpoint` is set, on a running local stack.

    Raises WrongUse when there is no such stack.
    """
    import boto3
    from botocore.exceptions import ClientError

    endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL", "")
    session = _local_session() if _is_local(endpoint) else boto3.Session()

    def client(service: str, **more: Any) -> Any:
        return session.client(service, endpoint_url=endpoint or None, **more)  # type: ignore[call-overload]

    try:
        described = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise _no_stack(stack, endpoint or session.region_name) from None
        raise
    outputs = _Outputs({o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])})
    if "BucketName" not in outputs:
        raise _no_stack(stack, endpoint or session.region_name)
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in described.get("Parameters", [])}
    poll_seconds = 0.25 if _is_local(endpoint) else 2.0
    return Deployment(outputs, parameters, client, poll_seconds, stack)


def _is_local(endpoint: str) -> bool:
    return bool(endpoint) and urlsplit(endpoint).hostname in LOOPBACK


def _local_session() -> boto3.Session:
    """The local stack's fixed credentials, so that a real account's keys never go there."""
    import boto3

    return boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=LOCAL_REGION
    )


def _no_stack(stack: str, where: str | None) -> WrongUse:
    return WrongUse(
        f"There is no deployed Prefdrop stack named {stack} at {where}.",
        hint="Name it with --stack, deploy it with `sam deploy --guided`, or start one here with "
        "`prefdrop local up` and set PREFDROP_ENDPOINT to the endpoint it prints.",
    )
