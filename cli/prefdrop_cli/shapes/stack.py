"""What the commands about a stack as a whole print with `--json`."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.ledger.clock import Moment
from prefdrop_cli.doctor.assumptions.verdicts import Confirmed
from prefdrop_cli.doctor.findings import Finding
from prefdrop_cli.subscribing.planning import Change, Deed


class Places(msgspec.Struct, frozen=True):
    """Where a local stack is."""

    endpoint: str
    """For `PREFDROP_ENDPOINT`, and any AWS client (credentials `test`/`test`)."""
    bucket: str
    """Drop files under `inbox/<feed>/` of it."""
    webhook_url: str | None
    """Where events are taken, key included: a secret."""
    vendor_url: str
    """The sandbox's API, or that of `--vendor-url`."""
    region: str
    """For AWS clients."""


class SandboxAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sandbox is and who may use it; it is invented, and so are its secrets."""

    url: str
    """Base of its API, for `--vendor-url`."""
    admin_url: str
    """Base of its admin side."""
    client_id: str
    """The account."""
    user_id: str
    """The API user."""
    secret: str
    """That user's shared key."""
    oauth_client_id: str
    """For OAuth2."""
    oauth_client_secret: str
    """For OAuth2."""


class QuotaFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The vendor's rolling 24-hour limit."""

    used: int
    """Used in the last 24 hours, as far as this stack knows."""
    left: int
    """What may still be used, the reserve left out."""
    next_slot_at: Moment | None
    """When the oldest use leaves the window; null where nothing is used."""
    limit: int
    """The limit that is set."""
    reserve: int
    """Kept back for imports made elsewhere."""
    unit: str
    """What is counted: `import` or `request`."""


class Examination(msgspec.Struct, frozen=True):
    """What an examination found."""

    well: bool
    """Nothing is bad, and every assumption that was asked about held."""
    findings: list[Finding]
    """What was looked at."""
    assumptions: list[Confirmed]
    """What the vendor was asked about; empty where it was not."""


class ConsoleAddress(msgspec.Struct, frozen=True):
    """Where the console is served."""

    url: str
    """The address with its key: a secret while the command runs."""
    stack: str
    """The stack that it shows."""


class SubscriptionStep(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with one subscription."""

    deed: Deed
    """What is done."""
    name: str
    """The subscription's name."""
    id: int | str | None
    """The vendor's id; null for one that is not there yet."""
    changes: list[Change]
    """What is changed. An address of this stack is shown without its key."""


class SubscriptionSteps(msgspec.Struct, frozen=True):
    """What a file of subscriptions comes to."""

    applied: bool
    """It was done; false where it was only planned."""
    steps: list[SubscriptionStep]
    """In their order."""


class PulledConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that was taken of the account's configuration."""

    version_id: str
    """The version of `configuration/snapshot.json` that is in force."""
    taken_at: Moment
    """When that was taken."""
    written: bool
    """It is a new version; false where nothing had changed that day."""
    locales: list[str]
    """Locales that anything has a text in."""
    parts: dict[str, int]
    """How many items each part has."""
    unread: dict[str, str]
    """Parts that could not be read, and the error."""


class ConfigurationSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The newest snapshot whole; `feeds check --snapshot` reads it."""

    version: int
    """Of this form."""
    client_id: str
    """The account."""
    taken_at: Moment
    """When it was taken."""
    locales: list[str]
    """Locales that anything has a text in."""
    parts: dict[str, list[dict[str, Any]]]
    """The items of each part, as the vendor answers them."""
    localized: dict[str, dict[str, list[dict[str, Any]]]]
    """Once more by locale, where the vendor answers something else there."""
    unread: dict[str, str]
    """Parts that could not be read, and the error."""
