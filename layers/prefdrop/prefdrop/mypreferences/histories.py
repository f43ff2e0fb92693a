"""Reading what the vendor answers of a profile's preferences and consents as they were."""

from __future__ import annotations

from typing import Any

from msgspec.structs import fields

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import Answer, lacking
from prefdrop.mypreferences.operations import Operations
from prefdrop.mypreferences.resources import Resource, ResourceType, read, wire_names


class Recorded(Operations):
    """Operations on what the vendor keeps the history of."""

    def _history(
        self, kind: type[ResourceType], route: str, filter_id: str | None, **values: Any
    ) -> ResourceType:
        """The history of one filter, or of all."""
        query = [(NAMES["query.filter_id"].value, filter_id)]
        return history_in(kind, self._send(route, query=query, quotes_data=True, **values))


def history_in(kind: type[ResourceType], answer: Answer) -> ResourceType:
    """The history in `answer`, as `kind`, whose fields are collections.

    Raises GarbledAnswer where no collection of it is there, or any is not of objects alone: nobody
    shall take an answer that was not understood for a person who never said anything.
    """
    decoded = answer.json()
    names = wire_names(kind)
    if not isinstance(decoded, dict) or names.isdisjoint(map(str.lower, decoded)):
        raise lacking(answer, "a history")
    history = read(kind, decoded)
    if _hides(history):
        raise lacking(answer, "a history whose collections are arrays of objects")
    return history


def _hides(resource: Resource) -> bool:
    """Whether a collection, at any depth, could not be read, so that it looks empty."""
    unread = {name.lower() for name, value in resource.more.items() if value is not None}
    collections = {
        name: getattr(resource, name)
        for name in resource.__struct_fields__
        if isinstance(getattr(resource, name), tuple)
    }
    wires = {field.encode_name.lower() for field in fields(resource) if field.name in collections}
    return bool(wires & unread) or any(
        isinstance(item, Resource) and _hides(item)
        for items in collections.values()
        for item in items
    )
