"""Whether events are called as assumed; only their names are looked at, never what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from mypreferences_assumptions import EVENT_KINDS, NAMES
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop_cli.doctor.assumptions.judging import judged_collection, judged_member, untold_name
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import Prober, items_of, text_of

EVENT_HOURS = (1, 24, 24 * 14)
"""How far back events are asked for, until there are some."""
DOCUMENTED = frozenset(
    {
        "eventid", "eventtype", "subject", "entity", "subscriptionid", "name", "description",
        "profileid", "data", "previousdata",
    }
)  # fmt: skip
"""Members of events that the vendor documents."""
MOMENTS = ("occurred_at", "queued_at", "recorded_at", "recorded_by")
"""Members whose names are assumed."""


class EventQuestions:
    """Reads the events of the last hours."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    def answers(self) -> Iterator[Confirmation]:
        """One confirmation for each name."""
        names = ["events.records", *(f"event.{one}" for one in MOMENTS)]
        try:
            answer = self._some_events()
        except MyPreferencesError as error:
            yield from (untold_name(name, error.message) for name in names)
            return
        if answer.status != 200:
            yield from (untold_name(name, f"events are answered {answer.status}") for name in names)
            return
        yield judged_collection("events.records", answer)
        items = items_of(answer)
        documented = DOCUMENTED | {NAMES[f"event.{one}"].value.lower() for one in MOMENTS}
        for one in MOMENTS:
            yield judged_member(f"event.{one}", items, documented, 200)
        yield _kinds(items)

    def _some_events(self) -> Answer:
        """Events of the shortest time that has any; all may be none."""
        now = datetime.now(UTC)
        for hours in EVENT_HOURS:
            since = (now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
            query = urlencode({"startAt": since, "subscribedOnly": "false"})
            answer = self._prober.get(self._prober.path_of("events.of_account"), query=query)
            if answer.status != 200 or items_of(answer):
                break
        return answer


def _kinds(items: list[dict[str, Any]]) -> Confirmation:
    """Whether event types and their entities are those of the table."""
    fact, change = "event types and entities", "EVENT_KINDS in mypreferences_assumptions.py"
    seen = {(text_of(item, "EventType").lower(), text_of(item, "Entity")) for item in items}
    seen = {(kind.replace("assocation", "association"), entity) for kind, entity in seen if kind}
    other = sorted(
        f"{kind} of {entity}"
        for kind, entity in seen
        if kind not in EVENT_KINDS or EVENT_KINDS[kind].entity.lower() != entity.lower()
    )
    if other:
        return not_held("O-15", fact, f"there is {', '.join(other)}", change)
    if not any(kind in EVENT_KINDS and EVENT_KINDS[kind].number for kind, _ in seen):
        return untold("O-15", fact, "no event of an assumed type happened lately")
    return held("O-15", fact, f"{len(seen)} kinds of events were seen")
