"""Pulling the account's whole configuration from the vendor, in every locale it has texts in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from mypreferences_assumptions import NAMES
from prefdrop.configuring.snapshot import Items, Snapshot, locales_of
from prefdrop.mypreferences import (
    BadRequest,
    Client,
    Forbidden,
    GarbledAnswer,
    MyPreferencesError,
    NotFound,
    Resource,
    RouteRefused,
)
from prefdrop.mypreferences.configuration import FIELD_KINDS

UNREADABLE = (BadRequest, Forbidden, GarbledAnswer, NotFound, RouteRefused)
"""What says that one part cannot be had: a route that differs from what we assume, or a permission
that the API user lacks. The others can. Everything else ends the pull, and the snapshot stays."""

LISTS = (
    "address_types",
    "alternate_id_types",
    "customer_types",
    "email_types",
    "phone_types",
    "group_types",
    "picklists",
    "tags",
    "programs",
    "program_groups",
    "filters",
    "channels",
    "consent_types",
    "consent_status",
)
"""Parts that one request lists."""

LOCALIZED = tuple(part for part in LISTS if part not in ("tags", "consent_status"))
"""Those of them that have texts."""

Read = Callable[[], Iterable[Resource]]


def pull(client: Client, client_id: str, now: datetime) -> Snapshot:
    """Read everything, at `now` (aware).

    A part that cannot be had is noted and left out. Raises what the vendor answered when no part
    can be had at all, and every error that says nothing of one part alone.
    """
    pulling = _Pulling()
    for part in LISTS:
        pulling.read(part, getattr(client.configuration, part).list)
    for kind in FIELD_KINDS:
        pulling.read(f"custom_fields.{kind}", partial(_fields, client, kind))
    for group_type in pulling.names("group_types", NAMES["group.type"].value):
        pulling.read(f"group_names.{group_type}", partial(_group_names, client, group_type))
    pulling.read("update_rules", client.configuration.custom_fields.update_rules)
    if not pulling.found and pulling.error is not None:
        raise pulling.error
    parts = _gathered(pulling.found)
    locales = tuple(sorted(set(locales_of(list(parts.values())))))
    return Snapshot(
        client_id=client_id,
        taken_at=now,
        locales=locales,
        parts=parts,
        localized={locale: _in_locale(client, locale, parts) for locale in locales},
        unread=pulling.unread,
    )


class _Pulling:
    """Reads part after part, and goes on where one cannot be had."""

    def __init__(self) -> None:
        self.found: dict[str, Items] = {}
        self.unread: dict[str, str] = {}
        self.error: MyPreferencesError | None = None

    def read(self, part: str, read: Read) -> None:
        try:
            self.found[part] = tuple(item.members() for item in read())
        except UNREADABLE as error:
            self.unread[part] = error.code
            self.error = self.error or error

    def names(self, part: str, member: str) -> Iterator[str]:
        for item in self.found.get(part, ()):
            if isinstance(name := item.get(member), str) and name:
                yield name


def _fields(client: Client, kind: Any) -> Iterator[Resource]:
    """The fields of a kind, each saying of which it is."""
    for item in client.configuration.custom_fields.list(kind):
        yield msgspec.structs.replace(
            item, kind=item.kind or NAMES[f"custom_field_kind.{kind}"].value
        )


def _group_names(client: Client, group_type: str) -> Iterator[Resource]:
    """The groups of a type, each saying of which it is."""
    for item in client.configuration.group_names.list(group_type):
        yield msgspec.structs.replace(item, group_type=item.group_type or group_type)


def _gathered(found: dict[str, Items]) -> dict[str, Items]:
    """`custom_fields.text` and the like put together as `custom_fields`."""
    parts: dict[str, Items] = {}
    for name, items in found.items():
        part = name.partition(".")[0]
        parts[part] = (*parts.get(part, ()), *items)
    return parts


def _in_locale(client: Client, locale: str, parts: dict[str, Items]) -> dict[str, Items]:
    """What differs where the vendor is asked for one locale; 404 says that nothing has a text."""
    pulling = _Pulling()
    for part in LOCALIZED:
        if part in parts:
            read = getattr(client.configuration, part).list
            pulling.read(part, partial(read, locale=locale))
    return {part: items for part, items in pulling.found.items() if items != parts[part]}
