"""Finding a deployed stack, on AWS or on this machine, and what it holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prefdrop.ledger.audit import AuditStore
from prefdrop.ledger.drops import DropStore
from prefdrop.ledger.event_exceptions import EventExceptionStore
from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.parts import PartStore
from prefdrop.ledger.persons import Mentions
from prefdrop.ledger.quota import Quota
from prefdrop.ledger.table import Table
from prefdrop.ledger.turns import Turns
from prefdrop_cli.exits import WrongUse

if TYPE_CHECKING:
    import boto3

LOCAL_REGION = "us-east-1"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Deployment:
    """One deployed stack: its CloudFormation outputs and parameters, and clients to reach it."""

    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    client: Callable[..., Any]
    """Makes a boto3 client of a service, with the credentials and the endpoint of this stack;
    further arguments are boto3's."""
    poll_seconds: float = 2.0
    """How often to ask how an import gets on."""
    stack: str = ""
    """Its name in CloudFormation."""

    @property
    def bucket(self) -> str:
        """The one bucket's name."""
        return self.outputs["BucketName"]

    @cached_property
    def s3(self) -> Any:
        """The S3 client."""
        return self.client("s3")

    @cached_property
    def objects(self) -> ObjectStore:
        """The bucket's objects."""
        return ObjectStore(self.s3, self.bucket)

    def secret_text(self, output: str) -> str:
        """The text of a secret that an output of the stack names."""
        found = self.client("secretsmanager").get_secret_value(SecretId=self.outputs[output])
        return str(found["SecretString"])

    @cached_property
    def table(self) -> Table:
        """The imports table."""
        return Table(self.client("dynamodb"), self.outputs["ImportsTableName"])

    @cached_property
    def imports(self) -> ImportStore:
        """The imports of the ledger."""
        return ImportStore(self.table)

    @cached_property
    def drops(self) -> DropStore:
        """Which version of a file was executed last."""
        return DropStore(self.table)

    @cached_property
    def audit(self) -> AuditStore:
        """The vendor's events that were kept."""
        return AuditStore(
            self.client("dynamodb"), self.outputs["AuditTableName"], lambda: self.objects
        )

    @cached_property
    def event_exceptions(self) -> EventExceptionStore:
        """What came to the webhook and was no event, or another one under a known id."""
        return EventExceptionStore(
            self.client("dynamodb"), self.outputs["ExceptionsTableName"], lambda: self.objects, 0
        )

    @cached_property
    def mentions(self) -> Mentions:
        """Whom deliveries name besides the kept events."""
        return Mentions(self.client("dynamodb"), self.outputs["ExceptionsTableName"], 0)

    @cached_property
    def turns(self) -> Turns:
        """Who holds the vendor account's turn and who waits for it."""
        return Turns(self.table, self.parameters.get("ClientId", ""))

    @cached_property
    def parts(self) -> PartStore:
        """The parts and chunks of imports."""
        return PartStore(self.table, self.turns)

    @cached_property
    def quota(self) -> Quota:
        """The vendor's rolling 24-hour limit, as the ledger counts it."""
        settings = self.parameters
        limit, reserve = int(settings["QuotaLimit"]), int(settings["QuotaReserve"])
        return Quota(self.table, settings["ClientId"], limit=limit, reserve=reserve)


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
