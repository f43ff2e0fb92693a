"""The status object that initiate, stage, execute and status answer with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefdrop_local.sandbox.bulk_import.imports import COMPLETED, Import
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.dates import EASTERN
from prefdrop_local.sandbox.settings import Settings


def initiated_object(item: Import, settings: Settings) -> dict[str, Any]:
    """The answer to initiate: token, state, expiry and an echo of the request."""
    word = settings.completed_word if item.state == COMPLETED else item.state
    return {
        "AccessToken": str(item.token) if settings.token_type == "string" else item.token,
        "Status": word,
        "Expires": _expires(item.expires_at, settings),
        **item.spec.echo(),
    }


def status_object(item: Import, settings: Settings) -> dict[str, Any]:
    """`BulkImportStatus`; counters cover all stage requests of the token."""
    return {
        "TotalRecordsReceived": item.received,
        "ValidationSuccessful": item.ok,
        "ValidationFailed": item.failed,
        "Processed": item.processed,
        "Pending": item.pending,
        "Exceptions": item.exceptions,
        "NotHonored": item.not_honored,
        **initiated_object(item, settings),
    }


def _expires(moment: float, settings: Settings) -> str:
    if settings.expires_zone == "utc":
        return iso(int(moment))
    eastern = datetime.fromtimestamp(int(moment), UTC).astimezone(EASTERN)
    return eastern.replace(tzinfo=None).isoformat()
