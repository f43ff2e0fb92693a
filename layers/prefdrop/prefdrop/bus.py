"""The stack's own event bus, by which other systems hear of results.

What goes over it are ids, names, counts and keys: never a record, never a person's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from prefdrop.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class BusRefused(Transient):
    """EventBridge did not take an event; it says why with a code."""


class Bus:
    """Publishes to one event bus. An event may arrive twice; its detail tells which it is."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, source: str, kind: str, detail: Mapping[str, Any]) -> None:
        """Publish one event; `kind` is its detail-type. Raises BusRefused."""
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": source,
                    "DetailType": kind,
                    "Detail": msgspec.json.encode(detail).decode(),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            code = answer["Entries"][0].get("ErrorCode", "unknown")
            raise BusRefused(
                f"The event bus {self._name} did not take {kind}: {code}.",
                hint="The step is tried again.",
            )
