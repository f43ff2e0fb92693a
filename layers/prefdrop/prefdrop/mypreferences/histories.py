"""Reading what the vendor answers of a profile's preferences and consents as they were."""

from __future__ import annotations

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import Answer, lacking
from prefdrop.mypreferences.resources import ResourceType, read, wire_names


def only(filter_id: str | None) -> list[tuple[str, object]]:
    """The query for the history of one filter, or of all."""
    return [(NAMES["query.filter_id"].value, filter_id)]


def history_in(kind: type[ResourceType], answer: Answer) -> ResourceType:
    """The history in `answer`, as `kind`, whose fields are collections.

    Raises GarbledAnswer where no collection of it is there, or one is not of objects alone: nobody
    shall take an answer that was not understood for a person who never said anything.
    """
    decoded = answer.json()
    names = wire_names(kind)
    if not isinstance(decoded, dict) or names.isdisjoint(map(str.lower, decoded)):
        raise lacking(answer, "a history")
    history = read(kind, decoded)
    if not names.isdisjoint(map(str.lower, history.more)):
        raise lacking(answer, "a history whose collections are arrays of objects")
    return history
