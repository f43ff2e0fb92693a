"""The operations of bulk export, each from an authenticated call to its answer's body."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_export.catalogue import Catalogue, Family
from prefdrop_local.sandbox.bulk_export.engine import ExportEngine
from prefdrop_local.sandbox.bulk_export.exports import (
    COMPLETE,
    FAILED,
    RETRIEVED,
    Export,
    create_export,
    end_export,
    export_of_token,
    save_export,
)
from prefdrop_local.sandbox.bulk_export.history import take_snapshot
from prefdrop_local.sandbox.bulk_export.pages import read_page, read_query
from prefdrop_local.sandbox.bulk_export.records import shown_to
from prefdrop_local.sandbox.bulk_export.spec import parse_spec
from prefdrop_local.sandbox.bulk_export.status import status_object, token_member
from prefdrop_local.sandbox.calls import JSON, Call, Operation, require_json
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.problem import bad_request, forbidden, not_authorized, not_found
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_BAD_TOKEN = "The access token is not valid."
_NOT_PERMITTED = "The user may not export profiles."
_READ_PATIENCE = 1.0
"""Seconds that a read lets due processing finish before it looks."""
_NAME_PARTS: dict[Family, str] = {"segment": "segmentName", "segment_group": "segmentGroupName"}


class BulkExport:
    """The Integration API's bulk export of one account."""

    def __init__(
        self, database: Store, account: Account, clock: Clock, engine: ExportEngine,
        catalogue: Catalogue, settings: Callable[[], Settings], settle: Callable[[float], None],
    ) -> None:  # fmt: skip
        """`settle` finishes, within some seconds, what should already have changed profiles."""
        self._store = database
        self._account = account
        self._clock = clock
        self._engine = engine
        self._catalogue = catalogue
        self._settings = settings
        self._settle = settle

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        families: tuple[Family, ...] = ("segment", "segment_group")
        initiating = {f"export.{name}.initiate": partial(self.initiate, name) for name in families}
        retrieving = {f"export.{name}.retrieve": partial(self.retrieve, name) for name in families}
        rest = {"export.status": self.status, "export.commit": self.commit}
        return {**initiating, **retrieving, **rest}

    def initiate(self, family: Family, call: Call) -> dict[str, Any]:
        """Define an export and give out its access token.

        A user who may not export is refused at once, but with a segment group learns it from the
        status `Failed`, as the vendor documents for that family alone.
        """
        if family == "segment":
            self._permit(call)
        if call.request.length:
            require_json(call.request)
        settings, name = self._settings(), call.values[_NAME_PARTS[family]]
        if not self._catalogue.has(family, name):
            raise not_found("The segment was not found.")
        loopback_http = settings.allow_http_loopback
        spec = parse_spec(call.request.body, self._account, loopback_http=loopback_http)
        self._settle(_READ_PATIENCE)
        lives = settings.export_token_hours * 3600
        with self._store.transaction() as database:
            now = self._clock.now()
            item = create_export(database, call.caller.user_id, family, name, spec, now, lives)
            if settings.export_snapshot == "initiate":
                item.snapshot, item.snapshot_at = take_snapshot(database), now
                save_export(database, item)
        call.entry.token, call.entry.applied = str(item.token), True
        self._engine.nudge()
        return token_member(item, settings)

    def status(self, call: Call) -> dict[str, Any]:
        """How far the export is; also of one whose token is dead, unless switched off."""
        self._engine.catch_up(_READ_PATIENCE)
        item, settings = self._export(call), self._settings()
        if settings.export_dead_status == "401" and item.is_dead(self._clock.now()):
            raise not_authorized(_BAD_TOKEN)
        if not call.caller.user.export:
            if item.family == "segment":
                raise forbidden(_NOT_PERMITTED)
            item.state = FAILED
        return status_object(item, settings)

    def retrieve(self, family: Family, call: Call) -> Response:
        """A page of records. The last one ends the token, unless it is to be kept alive."""
        self._engine.catch_up(_READ_PATIENCE)
        settings = self._settings()
        with self._store.transaction() as database:
            item = self._usable(call)
            if item.family != family:
                raise not_authorized(_BAD_TOKEN)
            wanted = read_query(Query(call), settings)
            show = shown_to(call.caller.user, self._account, settings, item.snapshot_at or 0)
            page = read_page(database, item, wanted, show, settings)
            if wanted.keep_alive and not item.kept_alive:
                item.kept_alive = 1
                save_export(database, item)
            elif page.is_last and not wanted.keep_alive:
                end_export(database, item, RETRIEVED, self._clock.now())
                call.entry.applied = True
        self._engine.nudge()
        return Response(200, page.body, {"Content-Type": JSON})

    def commit(self, call: Call) -> Response:
        """End an export that was retrieved with `keepAlive`."""
        self._engine.catch_up(_READ_PATIENCE)
        with self._store.transaction() as database:
            item = self._usable(call)
            query = Query(call)
            query.required("keepFiles")
            item.files_kept = int(query.flag("keepFiles", default=False))
            if not item.kept_alive:
                raise bad_request("Nothing was retrieved with keepAlive=true.")
            end_export(database, item, RETRIEVED, self._clock.now())
        call.entry.applied = True
        self._engine.nudge()
        return Response(200)

    def _permit(self, call: Call) -> None:
        if not call.caller.user.export:
            raise forbidden(_NOT_PERMITTED)

    def _export(self, call: Call) -> Export:
        item = export_of_token(self._store, call.token)
        if item is None:
            raise not_authorized(_BAD_TOKEN)
        return item

    def _usable(self, call: Call) -> Export:
        """The export of the path's token, if its data can be read.

        Raises 403 for users without permission, 401 for a bad or dead token, and 400 for an export
        that is not complete.
        """
        self._permit(call)
        item = self._export(call)
        if item.state == FAILED:
            raise forbidden(_NOT_PERMITTED)
        if item.is_dead(self._clock.now()):
            raise not_authorized(_BAD_TOKEN)
        if item.state != COMPLETE:
            raise bad_request(f"The export cannot be read; its status is {item.state}.")
        return item
