"""What the admin endpoint offers of bulk export; see the list in `prefdrop_local.sandbox.admin`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from prefdrop_local.sandbox.bulk_export.callbacks import attempts_of
from prefdrop_local.sandbox.bulk_export.catalogue import Catalogue, Family
from prefdrop_local.sandbox.bulk_export.engine import ExportEngine
from prefdrop_local.sandbox.bulk_export.exports import Export, all_exports
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.messages import Request
from prefdrop_local.sandbox.problem import bad_request
from prefdrop_local.sandbox.store import Store

_PLACES: dict[str, Family] = {"segments": "segment", "segment_groups": "segment_group"}
_READ_PATIENCE = 2.0

Action = Callable[[Request], Any]
NamedAction = Callable[[Request, str], Any]


class ExportAdmin:
    """Looks into exports, and defines segments."""

    def __init__(self, store: Store, catalogue: Catalogue, engine: ExportEngine) -> None:
        self._store = store
        self._catalogue = catalogue
        self._engine = engine

    def actions(self) -> dict[tuple[str, str], Action]:
        """By method and path."""
        listing = {("GET", place): partial(self._listed, place) for place in _PLACES}
        return {**listing, ("GET", "exports"): self._exports, ("GET", "changes"): self._changes}

    def named_actions(self) -> dict[tuple[str, str], NamedAction]:
        """By method and first part of the path; they are given the rest of it."""
        defining = {("PUT", place): partial(self._define, place) for place in _PLACES}
        forgetting = {("DELETE", place): partial(self._forget, place) for place in _PLACES}
        return {**defining, **forgetting}

    def _exports(self, _request: Request) -> Any:
        self._engine.catch_up(_READ_PATIENCE)
        return {"exports": [self._described(item) for item in all_exports(self._store)]}

    def _described(self, item: Export) -> dict[str, Any]:
        times = ("initiated_at", "snapshot_at", "finished_at", "ended_at", "dies_at")
        moments = {name: getattr(item, name) for name in times}
        return {
            "token": str(item.token),
            "user_id": item.user_id,
            "family": item.family,
            "name": item.name,
            "request": item.spec,
            "state": item.state,
            "rows": item.rows,
            "bytes": item.bytes,
            "kept_alive": bool(item.kept_alive),
            "files_kept": bool(item.files_kept),
            **{name: None if at is None else iso(at) for name, at in moments.items()},
            "callbacks": attempts_of(self._store, item),
        }

    def _changes(self, request: Request) -> Any:
        """When each profile was changed last, which may be after its `LastModifiedDate`."""
        since = request.query.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) < 16):
            raise bad_request("since must be milliseconds since 1970.")
        sql = "SELECT profile_id, changed_at FROM profile_changes WHERE changed_at >= ?"
        rows = self._store.rows(f"{sql} ORDER BY profile_id", (int(since),))
        names = ("profile_id", "changed_at")
        return {"changes": [dict(zip(names, row, strict=True)) for row in rows]}

    def _listed(self, place: str, _request: Request) -> Any:
        return {place: self._catalogue.listed(_PLACES[place])}

    def _define(self, place: str, request: Request, name: str) -> Any:
        self._catalogue.define(_PLACES[place], name, request.body)
        return self._listed(place, request)

    def _forget(self, place: str, request: Request, name: str) -> Any:
        self._catalogue.forget(_PLACES[place], name)
        return self._listed(place, request)
