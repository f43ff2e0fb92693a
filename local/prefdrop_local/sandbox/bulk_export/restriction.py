"""The restriction of an export to given profiles: `MatchCriteria`, `MatchType`, `Values`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from prefdrop_local.sandbox.bulk_export.conditions import Test
from prefdrop_local.sandbox.bulk_export.history import kept_ids
from prefdrop_local.sandbox.bulk_export.spec import ExportSpec
from prefdrop_local.sandbox.model import EMAILS, PHONES, ContactKind, Item, alternate_ids


def restriction_test(spec: ExportSpec) -> Test | None:
    """Whether the export may hold a profile; None where it may hold any.

    Identifiers and contacts count while they are active. A deactivated profile is found by its
    profile id alone, as documented of deactivating one.
    """
    if spec.criteria is None:
        return None
    if spec.criteria == "ProfileId":
        return _by_profile_id(spec)
    if spec.criteria == "AlternateId":
        return _by_alternate_id(spec)
    if spec.criteria == "PhoneNumber":
        return _by_contact(spec, PHONES, _digits)
    return _by_contact(spec, EMAILS, str.lower)


def candidates(database: sqlite3.Connection, spec: ExportSpec, snapshot: int) -> list[int] | None:
    """Ids of profiles among which those of the restriction are; None where there is no telling."""
    if spec.criteria == "ProfileId":
        return [int(value) for value in spec.values]
    if spec.criteria != "AlternateId":
        return None
    sql = "SELECT profile_id FROM alternate_ids WHERE type = ? AND value = ?"
    type_name = str(spec.match_type).lower()
    holders = (database.execute(sql, (type_name, text.lower())).fetchall() for text in spec.values)
    # Whoever was written since may have held the alternate id then.
    return [number for rows in holders for (number,) in rows] + kept_ids(database, snapshot)


def _by_profile_id(spec: ExportSpec) -> Test:
    wanted = {int(value) for value in spec.values}
    type_name = (spec.match_type or "").lower()

    def test(profile: Item) -> bool:
        fits = not type_name or str(profile.get("CustomerType")).lower() == type_name
        return fits and profile["ProfileId"] in wanted

    return test


def _by_alternate_id(spec: ExportSpec) -> Test:
    wanted = {value.lower() for value in spec.values}
    type_name = str(spec.match_type)

    def test(profile: Item) -> bool:
        active = {"AlternateIds": [item for item in profile.get("AlternateIds") or () if _on(item)]}
        found = (value.lower() for value in alternate_ids(active, type_name))
        return _on(profile) and any(value in wanted for value in found)

    return test


def _by_contact(spec: ExportSpec, kind: ContactKind, fold: Callable[[str], str]) -> Test:
    wanted = {(fold(value),) for value in spec.values}
    type_name = (spec.match_type or "").lower()

    def fits(item: Item) -> bool:
        of_type = not type_name or str(item.get(kind.type_name)).lower() == type_name
        return of_type and _on(item) and kind.identity(item) in wanted

    def test(profile: Item) -> bool:
        return _on(profile) and any(fits(item) for item in profile.get(kind.collection) or ())

    return test


def _on(item: Item) -> bool:
    return item.get("IsActive", True) is not False


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
