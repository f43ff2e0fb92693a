"""What the steps of an export work with, besides what every step has."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from prefdrop import aws
from prefdrop.auditing.admission import Network, networks_of
from prefdrop.auditing.webhook_secret import SecretCache
from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.exports import ExportStore
from prefdrop.services import Services

if TYPE_CHECKING:
    from prefdrop.exporting.vendor import ExportVendor

KEYS = ("key", "previous_key")
"""What of the webhook secret a callback must know: the vendor signs none and sends no header."""


class ExportServices(Services):
    """One stack's settings, stores and vendor client."""

    @cached_property
    def exports(self) -> ExportStore:
        return ExportStore(self.table, self.settings.retention_days)

    @cached_property
    def files(self) -> ExportFiles:
        return ExportFiles(self._s3, self.settings.bucket)

    @cached_property
    def export_vendor(self) -> ExportVendor:
        """The vendor's exports with the stack's credentials; raises WrongSecret."""
        from prefdrop.exporting.vendor import ExportVendor

        return ExportVendor(self.vendor)

    @cached_property
    def callback_secret(self) -> SecretCache:
        return SecretCache(self._callback_keys)

    @cached_property
    def sources(self) -> list[Network]:
        """Where callbacks may come from; empty for anywhere. Raises SettingsError."""
        return networks_of(self.settings.webhook_sources)

    def _callback_keys(self) -> str:
        text = self._secret_text(self.settings.webhook_secret)
        try:
            members = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        except msgspec.DecodeError:
            return text  # whoever reads it will say what is wrong with it
        known = {name: members[name] for name in KEYS if name in members}
        return msgspec.json.encode(known).decode()


class CallbackServices(ExportServices):
    """The same for the function that the vendor calls back and that answers within 29 seconds."""

    _patience = _patience_with_s3 = aws.CALLER_WAITS
