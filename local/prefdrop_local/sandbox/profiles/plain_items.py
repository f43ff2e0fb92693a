"""Merges the collections whose items hold nothing but plain members: ids, groups, tags, fields."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from prefdrop_local.sandbox.model import (
    ALTERNATE_ID,
    ALTERNATE_ID_TYPE,
    FIELD_NAME,
    GROUP_NAME,
    GROUP_TYPE,
    TAG_NAME,
    Item,
)


def merge_plain(profile: Item, record: Item, flags: frozenset[str]) -> None:
    """Write alternate ids, groups, tags and custom fields, with the refresh flags among `flags`."""
    for name, key, deletes in (
        ("AlternateIds", _alternate_key, False), ("Groups", _group_key, False),
        ("ProfileTags", _tag_key, True), ("CustomFields", _field_key, True),
    ):  # fmt: skip
        refresh = f"Refresh{'Tags' if name == 'ProfileTags' else name}" in flags
        sent = record.get(name)
        if sent or (refresh and profile.get(name)):
            _merge_items(profile, name, sent or [], key, refresh=refresh, deletes=deletes)


def _merge_items(
    profile: Item, name: str, sent: list[Item], key: Callable[[Item], Hashable], *, refresh: bool,
    deletes: bool,
) -> None:  # fmt: skip
    """Upsert items by key; with refresh, those not sent are deleted or deactivated."""
    stored: list[Item] = profile.setdefault(name, [])
    known = {key(item): item for item in stored}
    for item in sent:
        target = known.get(key(item))
        if target is None:
            target = known[key(item)] = {}
            stored.append(target)
        target.update(item)
        if not deletes:
            target["IsActive"] = True
    if not refresh:
        return
    kept = {key(item) for item in sent}
    if deletes:
        stored[:] = [item for item in stored if key(item) in kept]
    for item in stored:
        if key(item) not in kept:
            item["IsActive"] = False


def _alternate_key(item: Item) -> Hashable:
    return (item[ALTERNATE_ID_TYPE].lower(), item[ALTERNATE_ID].lower())


def _group_key(item: Item) -> Hashable:
    return (item[GROUP_TYPE].lower(), item[GROUP_NAME].lower())


def _tag_key(item: Item) -> Hashable:
    return str(item[TAG_NAME]).lower()


def _field_key(item: Item) -> Hashable:
    return str(item[FIELD_NAME]).lower()
