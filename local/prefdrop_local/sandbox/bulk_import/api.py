"""The five operations of bulk import, each from an authenticated call to its answer's body."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.books import Entry
from prefdrop_local.sandbox.bulk_import.engine import Engine
from prefdrop_local.sandbox.bulk_import.exceptions import exceptions_page
from prefdrop_local.sandbox.bulk_import.imports import (
    OPEN,
    QUEUED,
    RUNNING,
    Import,
    create_import,
    import_of_token,
    imports_in_state,
    save_import,
)
from prefdrop_local.sandbox.bulk_import.limiter import count_request
from prefdrop_local.sandbox.bulk_import.spec import parse_spec
from prefdrop_local.sandbox.bulk_import.staging import Judged, judge, store
from prefdrop_local.sandbox.bulk_import.status import initiated_object, status_object
from prefdrop_local.sandbox.bulk_import.validation import RecordValidator
from prefdrop_local.sandbox.calls import Call, Operation, require_json
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.messages import Request
from prefdrop_local.sandbox.problem import ProblemError, bad_request, forbidden, not_authorized
from prefdrop_local.sandbox.profiles.repository import Profiles
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store, take_number

_TOO_LARGE_PAGE = (
    "<html><head><title>404.13 - Not Found</title></head><body>The request filtering module is "
    "configured to deny a request that exceeds the request content length.</body></html>"
)
_BAD_TOKEN = "The access token is not valid."
_READ_PATIENCE = 1.0
"""Seconds that a read lets due processing finish before it looks."""


class BulkImport:
    """The Integration API's bulk import of one account."""

    def __init__(
        self, database: Store, account: Account, clock: Clock, engine: Engine,
        settings: Callable[[], Settings],
    ) -> None:  # fmt: skip
        self._store = database
        self._account = account
        self._clock = clock
        self._engine = engine
        self._settings = settings

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "import.initiate": self.initiate,
            "import.stage": self.stage,
            "import.execute": self.execute,
            "import.status": self.status,
            "import.exceptions": self.exceptions,
        }

    def initiate(self, call: Call) -> dict[str, Any]:
        """Define an import and give out its access token."""
        self._permit(call)
        require_json(call.request)
        spec = parse_spec(call.request.body, self._account)
        if self._settings().reason_code == "ignored":
            spec = msgspec.structs.replace(spec, reason_code=None)
        if spec.action == "Delete" and not call.caller.user.delete_profiles:
            raise forbidden("The user may not delete profiles.")
        settings, now = self._settings(), self._clock.now()
        lives = settings.token_hours * 3600
        says = (settings.expires_hours or settings.token_hours) * 3600
        with self._store.transaction() as database:
            count_request(database, settings, now, begins_import=True)
            item = create_import(database, call.caller.user_id, spec, now, lives, says)
        call.entry.token, call.entry.applied = str(item.token), True
        return initiated_object(item, settings)

    def stage(self, call: Call) -> dict[str, Any]:
        """Judge and keep the records of one request."""
        item = self._import(call)
        settings = self._settings()
        _refuse_large(call.request, settings)
        require_json(call.request)
        self._count(settings)
        validator = RecordValidator(self._account, call.caller.user, item.spec, self._is_held)
        wrong_types = settings.type_faults == "request"
        records = judge(call.request.body, validator, refuse_wrong_types=wrong_types)
        with self._store.transaction() as database:
            item = self._open_import(call, "Data can no longer be staged")
            if item.received + len(records) > settings.part_records:
                raise bad_request(f"An import takes at most {settings.part_records} records.")
            if settings.stage_while_running == "refused" and item.spec.match_type:
                self._refuse_while_running()
            self._keep(database, item, records, call.entry)
        answer = status_object(item, settings)
        return answer | _own_counters(records) if settings.stage_counters == "request" else answer

    def execute(self, call: Call) -> dict[str, Any]:
        """Put the import into the queue."""
        self._import(call)
        settings = self._settings()
        self._count(settings)
        with self._store.transaction() as database:
            item = self._open_import(call, "The import was already executed")
            if not item.received:
                raise bad_request("Nothing was staged for this import.")
            item.state, item.executed_at = QUEUED, self._clock.now()
            item.execution = take_number(database, "execution")
            save_import(database, item)
            call.entry.applied = True
        self._engine.nudge()
        return status_object(item, settings)

    def status(self, call: Call) -> dict[str, Any]:
        """How far the import is."""
        return status_object(self._import(call), self._settings())

    def exceptions(self, call: Call) -> dict[str, Any]:
        """A page of the records that failed."""
        item = self._import(call)
        return exceptions_page(self._store, item, call.request.query, self._settings())

    def _permit(self, call: Call) -> None:
        if not call.caller.user.bulk_import:
            raise forbidden("The user may not import profiles.")

    def _import(self, call: Call) -> Import:
        """The import of the path's token. Raises 403 or, for a bad or dead token, 401."""
        self._permit(call)
        self._engine.catch_up(_READ_PATIENCE)
        item = import_of_token(self._store, call.token)
        if item is None or self._clock.now() >= item.dies_at:
            raise not_authorized(_BAD_TOKEN)
        return item

    def _open_import(self, call: Call, refusal: str) -> Import:
        """The import as it is inside the transaction, if open for staging (else 400; O-11)."""
        item = import_of_token(self._store, call.token)
        if item is None:
            raise not_authorized(_BAD_TOKEN)
        if item.state not in OPEN:
            raise bad_request(f"{refusal}; its status is {item.state}.")
        return item

    def _refuse_while_running(self) -> None:
        if imports_in_state(self._store, *RUNNING):
            raise bad_request("Another import is running; stage data when it has ended.")

    def _count(self, settings: Settings) -> None:
        """Count a stage or execute request against the daily limit, whatever becomes of it."""
        with self._store.transaction() as database:
            count_request(database, settings, self._clock.now(), begins_import=False)

    def _keep(
        self, database: sqlite3.Connection, item: Import, records: list[Judged], entry: Entry
    ) -> None:
        entry.sequence = item.received + 1 if records else 0
        per_request = self._settings().exception_numbers == "request"
        store(database, item, records, self._clock.now(), numbers_begin_anew=per_request)
        entry.records, entry.applied = len(records), True

    def _is_held(self, type_name: str, value: str) -> bool:
        with self._store.transaction() as database:
            return Profiles(database).holder((type_name.lower(), value.lower())) is not None


def _refuse_large(request: Request, settings: Settings) -> None:
    if request.length <= settings.body_limit:
        return
    if settings.oversize_answer == "404.13":
        raise ProblemError(404, _TOO_LARGE_PAGE, {"Content-Type": "text/html"})
    status = int(settings.oversize_answer)
    raise ProblemError(status, f"The request body is above {settings.body_limit} bytes.")


def _own_counters(records: list[Judged]) -> dict[str, int]:
    """What one stage request would count if counters were not cumulative."""
    failed = sum(record.failed is not None for record in records)
    return {
        "TotalRecordsReceived": len(records),
        "ValidationSuccessful": len(records) - failed,
        "ValidationFailed": failed,
    }
