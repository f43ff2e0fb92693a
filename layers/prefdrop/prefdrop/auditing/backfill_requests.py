"""What may be asked of a reading back of the vendor's events."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from prefdrop.errors import Terminal

Way = Literal["account", "subscription", "profile", "event"]


class BackfillRefused(Terminal):
    """What was asked to be read back cannot be read back."""


class BackfillRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to read back: one of the three ids, else the account's events.

    `since` and `until` are aware; a window is cut to the last 15 days. Without `since`, reading
    the account goes on where it ended last; all else is read as far back as the vendor answers.
    `cursor` is what an answer `continue` brought.
    With `subscribed_only` False also events come that no subscription would deliver; as they are
    missed by nobody, none is counted.
    """

    event_id: str = ""
    profile_id: int | str = ""
    subscription_id: int | str = ""
    since: datetime | None = None
    until: datetime | None = None
    event_type: str = ""
    subscribed_only: bool = True
    cursor: dict[str, str] = {}

    @property
    def way(self) -> Way:
        """By what the events are asked for."""
        if self.event_id:
            return "event"
        if self.profile_id != "":
            return "profile"
        return "subscription" if self.subscription_id != "" else "account"

    @property
    def goes_on(self) -> bool:
        """Whether the account's subscribed events are read from where they were read last."""
        narrowed = self.since or self.event_type or not self.subscribed_only
        return self.way == "account" and not narrowed


def request_of(event: dict[str, Any]) -> BackfillRequest:
    """An operator's request; the schedule's event asks for nothing in particular."""
    if event.get("detail-type") == "Scheduled Event":
        return BackfillRequest()
    try:
        request = msgspec.convert(event, BackfillRequest)
    except msgspec.ValidationError as error:
        raise BackfillRefused(
            f"The request to read events back is not usable: {error}.",
            hint="It may name event_id, profile_id or subscription_id, since, until, event_type,"
            " subscribed_only and cursor.",
        ) from None
    for moment in (request.since, request.until):
        if moment is not None and moment.tzinfo is None:
            raise BackfillRefused(
                "since and until need a time zone.", hint="Write them as 2026-01-15T10:30:00Z."
            )
    return request
