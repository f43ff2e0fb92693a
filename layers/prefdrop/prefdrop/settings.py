"""The settings of a deployed stack, read once from a function's environment.

`template.yaml` is where each has its parameter, default and description; here each has its type,
so that a wrong value stops a function at its first call with a sentence, not in mid-import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from prefdrop.errors import Terminal

Seconds = Annotated[float, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]


SLOTS = {"import": 1, "request": 3}
"""What of the quota an import takes at least, by what it counts: with requests, one to initiate,
one to stage and one to execute."""


class SettingsError(Terminal):
    """The function's environment lacks a setting or holds one that cannot be right."""


def _variable(name: str) -> str:
    return f"PREFDROP_{name.upper()}"


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=_variable):
    """One stack's settings. Sizes are bytes, durations seconds, unless the name says otherwise."""

    bucket: str
    imports_table: str
    exceptions_table: str
    audit_table: str
    bus: str
    """Name of the event bus that is told of kept events and of how imports and exports end."""
    export_machine: str = ""
    """ARN of the state machine that runs exports."""
    callback_url: str = ""
    """Where the vendor reports that an export is ready, without the key; empty for nowhere."""
    secret: str
    """Name or ARN of the Secrets Manager secret that holds the vendor credentials (JSON)."""
    webhook_secret: str
    """Name or ARN of the secret that says what a caller of the webhook must know (JSON)."""
    webhook_url: str = ""
    """Where the vendor delivers events to this stack, without the key; empty if unknown."""
    webhook_sources: str = ""
    """Networks in CIDR form, separated by commas, that webhooks may come from; empty for any."""

    client_id: str
    """The MyPreferences account id: part of every path, and the key of the turn and the quota."""
    base_url: str
    integration_url: str = ""
    """Base of the bulk routes where it differs from `base_url` (O-1)."""
    routes: str = "{}"
    """JSON object of route name to path, overriding the table of assumptions (O-3), or the key of
    such an object in the bucket: `configuration/routes….json`, read when a function starts."""

    chunk_bytes: Annotated[int, Meta(ge=1_000, le=28_000_000)] = 25_000_000
    part_records: Positive = 10_000_000
    part_seconds: Seconds = 6 * 3600
    """A part is planned to end within this time, whatever `Expires` says (vendor prose: 6 h)."""

    quota_limit: Positive = 200
    quota_unit: Literal["import", "request"] = "import"
    quota_reserve: Annotated[int, Meta(ge=0)] = 0

    request_seconds: Annotated[float, Meta(ge=0, le=600)] = 120
    """Time-out of one stage request."""
    lease_seconds: Seconds = 180
    """How long a worker may act on a part before another may take over; above `request_seconds`."""
    ghost_seconds: Seconds = 150
    """How long a request without an answer may still land; at least `request_seconds`."""
    poll_first_seconds: Seconds = 5
    poll_max_seconds: Seconds = 90
    """From 86 on, the history of an execution has room for three waits of 12 hours each."""

    max_torn_parts: Annotated[int, Meta(ge=0)] = 3
    max_poison_records: Positive = 20
    max_exception_items: Annotated[int, Meta(ge=0)] = 100_000
    retention_days: Annotated[int, Meta(ge=30)] = 90
    audit_days: Annotated[int, Meta(ge=0)] = 2_555
    """How long the vendor's events are kept; 0 for ever."""
    snapshot_days: Annotated[int, Meta(ge=0)] = 7
    """How old the configuration snapshot may be that rows are checked against."""
    backfill_grace_seconds: Seconds = 3600
    """An event that webhooks have not brought within this time counts as missed."""
    backfill_slice_seconds: Annotated[float, Meta(ge=60)] = 6 * 3600
    """Events are fetched in slices of this length: the vendor's API shows no paging."""

    @property
    def first_wait_seconds(self) -> float:
        """How long an import first waits for a vendor who is away: 30 s by default."""
        return self.poll_max_seconds / 3

    @property
    def longest_wait_seconds(self) -> float:
        """The longest such wait, and how long a call of one import alone may fail: 15 min."""
        return self.poll_max_seconds * 10


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`; raises SettingsError for what is missing or wrong."""
    try:
        settings = msgspec.convert(dict(environment), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"The function's environment is not usable: {error}.",
            hint="Deploy the stack again with the parameter corrected.",
        ) from None
    if settings.ghost_seconds < settings.request_seconds:
        raise SettingsError(
            "PREFDROP_GHOST_SECONDS is below PREFDROP_REQUEST_SECONDS.",
            hint="A request may land until it times out; set the ghost time at least as high.",
        )
    if settings.quota_limit - settings.quota_reserve < SLOTS[settings.quota_unit]:
        raise SettingsError(
            "PREFDROP_QUOTA_LIMIT leaves no room for an import above PREFDROP_QUOTA_RESERVE.",
            hint=f"An import takes {SLOTS[settings.quota_unit]} of it, counting each "
            f"{settings.quota_unit}; raise the limit or lower the reserve.",
        )
    if settings.lease_seconds <= settings.request_seconds:
        raise SettingsError(
            "PREFDROP_LEASE_SECONDS is not above PREFDROP_REQUEST_SECONDS.",
            hint="A request that is under way must end inside the lease; raise the lease.",
        )
    return settings
