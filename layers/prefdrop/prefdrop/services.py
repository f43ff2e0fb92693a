"""What the steps work with, made once per function instance and only when a step needs it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import msgspec
from botocore.config import Config

from prefdrop import aws, settings
from prefdrop.bus import Bus
from prefdrop.errors import Terminal
from prefdrop.ledger.drops import DropStore
from prefdrop.ledger.exceptions import ExceptionStore
from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.parts import PartStore
from prefdrop.ledger.quota import Quota
from prefdrop.ledger.reports import ReportStore
from prefdrop.ledger.table import Table
from prefdrop.ledger.turns import Turns
from prefdrop.ledger.uploads import GrowingObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from prefdrop.feeds import AccountSnapshot
    from prefdrop.importing.vendor import Vendor


class WrongSecret(Terminal):
    """The stack's secret does not hold credentials in the shape that the vendor client reads."""


class Services:
    """One stack's settings, stores and vendor client."""

    _patience = aws.SMALL
    _patience_with_s3 = aws.OBJECTS

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.settings = settings.load(environment)

    def _client(self, service: str, config: Config) -> Any:
        return boto3.client(service, config=config)  # type: ignore[call-overload]

    @cached_property
    def _dynamodb(self) -> DynamoDBClient:
        return self._client("dynamodb", self._patience)  # type: ignore[no-any-return]

    @cached_property
    def table(self) -> Table:
        """The imports table."""
        return Table(self._dynamodb, self.settings.imports_table)

    @cached_property
    def imports(self) -> ImportStore:
        return ImportStore(self.table, self.settings.retention_days)

    @cached_property
    def drops(self) -> DropStore:
        return DropStore(self.table, self.settings.retention_days)

    @cached_property
    def turns(self) -> Turns:
        return Turns(self.table, self.settings.client_id)

    @cached_property
    def parts(self) -> PartStore:
        return PartStore(self.table, self.turns, self.settings.retention_days)

    @cached_property
    def quota(self) -> Quota:
        limits = self.settings
        return Quota(
            self.table, limits.client_id, limit=limits.quota_limit, reserve=limits.quota_reserve
        )

    @cached_property
    def reports(self) -> ReportStore:
        return ReportStore(self.table)

    @cached_property
    def exceptions(self) -> ExceptionStore:
        return ExceptionStore(
            self._dynamodb, self.settings.exceptions_table, self.settings.retention_days
        )

    @cached_property
    def _s3(self) -> S3Client:
        return self._client("s3", self._patience_with_s3)  # type: ignore[no-any-return]

    @cached_property
    def objects(self) -> ObjectStore:
        return ObjectStore(self._s3, self.settings.bucket)

    @cached_property
    def accounts(self) -> dict[str, AccountSnapshot | None]:
        """The configuration snapshot that was read last, by its version; None if it cannot be."""
        return {}

    def growing(self, upload: Upload) -> GrowingObject:
        """An object that is appended to over several invocations."""
        return GrowingObject(self._s3, self.objects, upload)

    @cached_property
    def step_functions(self) -> SFNClient:
        return self._client("stepfunctions", self._patience)  # type: ignore[no-any-return]

    @cached_property
    def bus(self) -> Bus:
        """The stack's event bus."""
        return Bus(self._client("events", self._patience), self.settings.bus)

    @cached_property
    def vendor(self) -> Vendor:
        """The vendor's client with the stack's credentials; raises WrongSecret."""
        from prefdrop.importing.vendor import Vendor

        return Vendor(self.settings, self._secret, lambda key: self.objects.read(key).body)

    @property
    def vendor_is_known(self) -> bool:
        """Whether a step has needed the vendor since the function started."""
        return "vendor" in self.__dict__

    def _secret(self) -> dict[str, str]:
        return credentials_in(self._secret_text(self.settings.secret))

    def _secret_text(self, secret_id: str) -> str:
        client = self._client("secretsmanager", self._patience)
        text: str = client.get_secret_value(SecretId=secret_id)["SecretString"]
        return text


def credentials_in(secret: str) -> dict[str, str]:
    """The vendor's credentials in the text of the stack's secret; raises WrongSecret."""
    try:
        return msgspec.json.decode(secret, type=dict[str, str])
    except msgspec.DecodeError:
        raise WrongSecret(
            "The secret with the vendor's credentials is not a JSON object of strings.",
            hint='Store {"auth": "pnauthinfo3", "user_id": …, "secret": …} in it.',
        ) from None


class Deadline:
    """How long this invocation may still run."""

    def __init__(self, context: Any) -> None:
        self._ends: float = time.monotonic() + context.get_remaining_time_in_millis() / 1000

    def remaining(self) -> float:
        """Seconds until the function's time limit."""
        return self._ends - time.monotonic()
