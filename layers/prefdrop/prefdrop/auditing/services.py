"""What the functions for events work with, made once per instance and only when it is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from prefdrop import aws, settings
from prefdrop.auditing.admission import Network, networks_of
from prefdrop.auditing.keeping import Keeper
from prefdrop.auditing.webhook_secret import SecretCache
from prefdrop.ledger.audit import AuditStore
from prefdrop.ledger.backfills import Backfills
from prefdrop.ledger.event_exceptions import EventExceptionStore
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.persons import Mentions
from prefdrop.ledger.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from prefdrop.importing.vendor import Vendor


class Services:
    """One stack's settings, stores and secrets."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.settings = settings.load(environment)

    @cached_property
    def _dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb", config=aws.CALLER_WAITS)

    @cached_property
    def _objects(self) -> ObjectStore:
        return ObjectStore(boto3.client("s3", config=aws.CALLER_WAITS), self.settings.bucket)

    @cached_property
    def audit(self) -> AuditStore:
        return AuditStore(self._dynamodb, self.settings.audit_table, lambda: self._objects)

    @cached_property
    def exceptions(self) -> EventExceptionStore:
        limits = self.settings
        return EventExceptionStore(
            self._dynamodb,
            limits.exceptions_table,
            lambda: self._objects,
            limits.retention_days,
            limits.audit_days,
        )

    @cached_property
    def mentions(self) -> Mentions:
        limits = self.settings
        return Mentions(self._dynamodb, limits.exceptions_table, limits.audit_days)

    @cached_property
    def keeper(self) -> Keeper:
        return Keeper(self.audit, self.exceptions, self.mentions, self.settings.audit_days)

    @cached_property
    def backfills(self) -> Backfills:
        table = Table(self._dynamodb, self.settings.imports_table)
        return Backfills(table, self.settings.client_id)

    @cached_property
    def webhook_secret(self) -> SecretCache:
        return SecretCache(lambda: self._secret_text(self.settings.webhook_secret))

    @cached_property
    def sources(self) -> list[Network]:
        """Where webhooks may come from; empty for anywhere. Raises SettingsError."""
        return networks_of(self.settings.webhook_sources)

    @cached_property
    def vendor(self) -> Vendor:
        """The vendor's client with the stack's credentials; raises WrongSecret."""
        from prefdrop.importing.vendor import Vendor

        return Vendor(self.settings, self._vendor_secret)

    def _vendor_secret(self) -> dict[str, str]:
        from prefdrop.importing.services import credentials_in

        return credentials_in(self._secret_text(self.settings.secret))

    @cached_property
    def _secrets_manager(self) -> SecretsManagerClient:
        return boto3.client("secretsmanager", config=aws.CALLER_WAITS)

    def _secret_text(self, secret_id: str) -> str:
        return self._secrets_manager.get_secret_value(SecretId=secret_id)["SecretString"]
