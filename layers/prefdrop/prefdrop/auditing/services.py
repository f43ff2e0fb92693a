"""What the functions for events work with, besides what every step has."""

from __future__ import annotations

from functools import cached_property

from prefdrop import aws
from prefdrop.auditing.admission import Network, networks_of
from prefdrop.auditing.keeping import Keeper
from prefdrop.auditing.webhook_secret import SecretCache
from prefdrop.ledger.audit import AuditStore
from prefdrop.ledger.backfills import Backfills
from prefdrop.ledger.event_exceptions import EventExceptionStore
from prefdrop.ledger.persons import Mentions
from prefdrop.services import Services


class EventServices(Services):
    """One stack's settings, stores and secrets, for functions that answer within 29 seconds."""

    _patience = _patience_with_s3 = aws.CALLER_WAITS

    @cached_property
    def audit(self) -> AuditStore:
        return AuditStore(self._dynamodb, self.settings.audit_table, lambda: self.objects)

    @cached_property
    def event_exceptions(self) -> EventExceptionStore:
        limits = self.settings
        return EventExceptionStore(
            self._dynamodb,
            limits.exceptions_table,
            lambda: self.objects,
            limits.retention_days,
            limits.audit_days,
        )

    @cached_property
    def mentions(self) -> Mentions:
        limits = self.settings
        return Mentions(self._dynamodb, limits.exceptions_table, limits.audit_days)

    @cached_property
    def keeper(self) -> Keeper:
        return Keeper(self.audit, self.event_exceptions, self.mentions, self.settings.audit_days)

    @cached_property
    def backfills(self) -> Backfills:
        return Backfills(self.table, self.settings.client_id)

    @cached_property
    def webhook_secret(self) -> SecretCache:
        return SecretCache(lambda: self._secret_text(self.settings.webhook_secret))

    @cached_property
    def sources(self) -> list[Network]:
        """Where webhooks may come from; empty for anywhere. Raises SettingsError."""
        return networks_of(self.settings.webhook_sources)
