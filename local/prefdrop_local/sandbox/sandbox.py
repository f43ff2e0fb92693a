"""The sandbox as a whole: takes a request, gives an answer."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import msgspec

from mypreferences_assumptions import OAUTH_TOKEN_PATH
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.admin import Admin
from prefdrop_local.sandbox.auth.gate import Gate
from prefdrop_local.sandbox.auth.oauth2 import TokenOffice
from prefdrop_local.sandbox.books import Books, Entry
from prefdrop_local.sandbox.bulk_export.area import ExportArea
from prefdrop_local.sandbox.bulk_import.api import BulkImport
from prefdrop_local.sandbox.bulk_import.engine import Engine
from prefdrop_local.sandbox.bulk_import.exceptions import all_exceptions
from prefdrop_local.sandbox.bulk_import.imports import end_token, import_of_token
from prefdrop_local.sandbox.calls import JSON, Call, Operation
from prefdrop_local.sandbox.clock import Clock, iso
from prefdrop_local.sandbox.data_area import DataArea
from prefdrop_local.sandbox.events.area import EventArea
from prefdrop_local.sandbox.faults.layer import Faults
from prefdrop_local.sandbox.faults.pages import Listing
from prefdrop_local.sandbox.faults.rules import RuleSet
from prefdrop_local.sandbox.messages import Request, Response
from prefdrop_local.sandbox.problem import ProblemError, not_found
from prefdrop_local.sandbox.profiles.journal import Journals
from prefdrop_local.sandbox.routing import ADMIN_BASE, TOKEN_ROUTE, match_route
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_TOKEN_PATH = "/" + OAUTH_TOKEN_PATH.value


class Sandbox:
    """One account at one vendor. Safe to be called from many threads."""

    def __init__(
        self, account: Account, settings: Settings, database: str = ":memory:",
        faults: RuleSet | None = None,
    ) -> None:  # fmt: skip
        self.account = account
        self.clock = Clock()
        self._store = Store(database)
        self._settings = settings
        self.books = Books(self._store, self.clock)
        self.faults = Faults(self.clock, faults or RuleSet())
        self._office = TokenOffice(account, self.clock)
        self._gate = Gate(account, self.clock, self._office)
        self.journals = Journals(self.clock, self.settings)
        self._engine = Engine(self._store, account, self.clock, self.settings, self.journals)
        imports = BulkImport(self._store, account, self.clock, self._engine, self.settings)
        self.exports = ExportArea(
            self._store, account, self.clock, self.settings, self._engine.catch_up
        )
        self.events = EventArea(
            self._store, account, self.clock, self.settings, self.journals, self._engine.catch_up
        )
        self.data = DataArea(
            self._store, account, self.clock, self.journals, self.settings, self._engine.catch_up
        )
        self._operations: dict[str, Operation] = {
            **imports.operations(),
            **self.data.operations(),
            **self.exports.operations(),
            **self.events.operations(),
        }
        self._admin = Admin(self, self._store, self._engine, settings)
        self._engine.start()
        self.exports.start()
        self.events.start()

    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._settings

    def change_settings(self, settings: Settings) -> None:
        """Put other settings in force."""
        self._settings = settings
        self._engine.nudge()
        self.exports.nudge()
        self.events.nudge()

    def forget_tokens(self) -> None:
        """Revoke all OAuth tokens."""
        self._office.forget()

    def expire_token(self, token: str) -> None:
        """Let an import's or an export's access token die now."""
        self.exports.expire_token(token)
        # The engine writes imports back whole, so it must not hold an older copy meanwhile.
        self._engine.while_idle(lambda: end_token(self._store, token, self.clock.now()))

    def listing(self, token: str) -> Listing:
        """All failed records of a token that is known."""
        item = import_of_token(self._store, token)
        assert item is not None
        return Listing(
            all_exceptions(self._store, item),
            self.books.first_numbers(token),
            item.received,
            item.spec.match_type or next(iter(self.account.alternate_id_types)),
        )

    def close(self) -> None:
        """Stop processing and close the database."""
        self.faults.reset()
        self.events.stop()
        self.exports.stop()
        self._engine.stop()
        self._store.close()

    def is_admin(self, request: Request) -> bool:
        """Whether the request is for the sandbox itself; such requests stay out of the books."""
        return request.path.startswith(ADMIN_BASE)

    def admin(self, request: Request) -> Response:
        """Answer a request to the admin endpoint."""
        return _answered(lambda: self._admin.answer(request))

    def open(self, request: Request) -> Entry:
        """Enter an arrived vendor request into the books."""
        if request.path == _TOKEN_PATH:
            return self.books.open(request.method, TOKEN_ROUTE, "", request.length)
        match = match_route(request.method, request.path)
        name, token = (match.name, match.values.get("accessToken", "")) if match else ("", "")
        return self.books.open(request.method, name, token, request.length)

    def handle(self, request: Request, entry: Entry) -> Response:
        """Do what a vendor request asks and make its answer, which the caller then sends.

        All effects are stored when this returns, so an answer can be lost without losing them.
        """
        if latency := self._settings.latency_ms:
            time.sleep(latency / 1000)
        if request.path == _TOKEN_PATH:
            response = self._office.answer(request, self._settings)
            response.headers.setdefault("Content-Type", JSON)
        else:
            response = _answered(lambda: self._operate(request, entry))
        entry.status = response.status
        entry.applied_at = iso(self.clock.now()) if entry.applied else None
        self.books.settle(entry)
        return response

    def _operate(self, request: Request, entry: Entry) -> Any:
        match = match_route(request.method, request.path)
        if match is None:
            raise not_found("No HTTP resource was found that matches the request.")
        caller = self._gate.caller(request, match.values["clientId"], self._settings)
        entry.user_id = caller.user_id
        if not match.name:
            allow = {"Allow": ", ".join(match.methods)}
            raise ProblemError(405, f"The resource does not support {request.method}.", allow)
        return self._operations[match.name](Call(request, caller, match.values, entry))


def _answered(work: Callable[[], Any]) -> Response:
    """The answer to some work: its result as JSON if not an answer itself, or its problem."""
    try:
        result = work()
        if isinstance(result, Response):
            return result
        return Response(200, msgspec.json.encode(result), {"Content-Type": JSON})
    except ProblemError as problem:
        return _refusal(problem)
    except Exception as error:
        # Where it happened, but not the error's text: that may quote a record.
        places = "".join(traceback.format_tb(error.__traceback__))
        print(f"sandbox: {type(error).__name__} at\n{places}", file=sys.stderr)
        return _refusal(ProblemError(500, "An unexpected condition was met."))


def _refusal(problem: ProblemError) -> Response:
    return Response(problem.status, problem.body, {"Content-Type": JSON, **problem.headers})
