"""Tags: those of the account file, and whatever profiles were given."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from prefdrop_local.sandbox.configuration.catalog import Catalog, by_key
from prefdrop_local.sandbox.configuration.items import Tag
from prefdrop_local.sandbox.model import TAG_NAME
from prefdrop_local.sandbox.problem import not_found
from prefdrop_local.sandbox.profiles.journal import Journal
from prefdrop_local.sandbox.profiles.repository import Profiles, alternate_keys
from prefdrop_local.sandbox.store import Store

_IN_USE = f"""
SELECT DISTINCT {{}} json_extract(tag.value, '$."{TAG_NAME}"')
FROM profiles, json_each(CAST(document AS TEXT), '$.ProfileTags') AS tag
"""


def known_tags(store: Store, catalog: Catalog) -> list[Tag]:
    """All tags. A tag needs no configuration before a profile has it, and gets its id here."""
    used = [str(row[0]) for row in store.rows(_IN_USE.format(""))]

    def work(stored: list[Tag]) -> Sequence[Tag]:
        known = by_key(stored)
        for name in sorted(used):
            known.setdefault(name.lower(), Tag(name))
        return [tag for tag in known.values() if not tag.id]

    if {name.lower() for name in used} - by_key(catalog.of("tags", Tag)).keys():
        catalog.change("tags", work)
    return catalog.of("tags", Tag)


def delete_tag(store: Store, catalog: Catalog, name: str, journal: Journal, moment: str) -> None:
    """Take a tag from the account and from every profile. Raises 404 for one that nobody knows."""
    tag = by_key(known_tags(store, catalog)).get(name.lower())
    if tag is None:
        raise not_found("The tag does not exist.")
    with store.transaction() as database:
        _untag(database, name.lower(), journal, moment)
    catalog.remove("tags", tag.id)


def _untag(database: sqlite3.Connection, name: str, journal: Journal, moment: str) -> None:
    profiles = Profiles(database, journal)
    found = database.execute(_IN_USE.format("profile_id,")).fetchall()
    for profile_id in {profile_id for profile_id, tag in found if str(tag).lower() == name}:
        profile = profiles.load(profile_id)
        assert profile is not None
        profile["ProfileTags"] = [
            tag for tag in profile["ProfileTags"] if str(tag[TAG_NAME]).lower() != name
        ]
        profile["LastModifiedDate"] = moment
        keys = alternate_keys(profile)
        profiles.save(profile, keys, keys, "updated")
