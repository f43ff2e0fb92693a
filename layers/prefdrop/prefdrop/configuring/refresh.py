"""RefreshConfiguration: once a day and on demand, take a snapshot of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefdrop.configuring.pull import pull
from prefdrop.configuring.store import SnapshotStore
from prefdrop.ledger.clock import iso, milliseconds, now_ms
from prefdrop.services import Deadline, Services
from prefdrop.telemetry import logger


def run(services: Services, _event: dict[str, Any], _: Deadline) -> dict[str, Any]:
    """Pull the configuration and keep it if it has changed or the day has turned.

    Answers `version_id`, `taken_at`, `written`, the number of items per part, and the parts that
    could not be `unread`. Any error leaves the snapshot that is there.
    """
    client_id = services.settings.client_id
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    snapshot = services.vendor.call(lambda client: pull(client, client_id, now))
    kept, written = SnapshotStore(services.objects).keep(snapshot)
    if snapshot.unread:
        logger.warning(
            "parts of the configuration could not be read", extra={"unread": snapshot.unread}
        )
    told = {
        "version_id": kept.version_id,
        "taken_at": iso(milliseconds(kept.snapshot.taken_at)),
        "written": written,
        "locales": list(snapshot.locales),
        "parts": {part: len(items) for part, items in snapshot.parts.items()},
        "unread": snapshot.unread,
    }
    logger.info("configuration refreshed", extra={"version_id": kept.version_id, "new": written})
    return told
