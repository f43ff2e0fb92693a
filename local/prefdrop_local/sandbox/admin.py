"""The endpoint under `/_sandbox/` for tests and tools: look inside, switch, move the clock.

    GET   health
    GET   profiles?offset=0&limit=1000     {total, offset, profiles}: whole, by ProfileId
    GET   deletions                        {deletions}: what was removed, why, by which token
    GET   books?since=0                    {requests, tokens}: see `books`
    GET   imports                          {imports}: totals and the request of each
    GET   imports/TOKEN?offset=0&limit=1000    one of them, with staged records as they were sent
    GET   settings     PATCH settings      {name: value}; see `settings`
    GET   clock        POST  clock         {"advance": seconds, "stopped": true or false}
    GET   faults                           rules with calls and strikes, and what is held
    PUT   faults       DELETE faults       {"seed": 7, "rules": [...]}; see `faults.rules`
    POST  faults/release                   apply held requests now: all, or {"nth": 2} alone
    GET   users                            {users}: whom there is, and who can authenticate
    PUT   users/NAME                       {"secret": ...}, "oauth_client_id", "oauth_client_secret"
    GET   openapi.json                     what is served, as an OpenAPI document
    GET   exports                          {exports}: state, snapshot and callbacks of each
    GET   segments                         {segments}; also segment_groups
    PUT   segments/NAME   DELETE ...       see `bulk_export.segments`; also segment_groups/NAME
    GET   changes?since=0                  {changes}: ProfileId and milliseconds since 1970
    GET   events?since=0&limit=1000        {events, next}: of changes, each with its deliveries
    GET   events/idle?timeout=10           waits until all is delivered; see `events.admin`
    POST  events/release                   what delivery faults hold or delay is due now
    GET   events/faults                    rules with what they counted; also PUT and DELETE
    GET   subscriptions                    {subscriptions}: with handshake and deliveries
    POST  seed                             {"profiles": 1000, "seed": 7}: invented ones are added
    POST  reset                            as after the start, without faults

All bodies are JSON. A stopped clock moves by `advance` alone; what falls due is done on return,
except deliveries of events: for these, ask `events/idle`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

import msgspec

from prefdrop_local.sandbox.books import totals
from prefdrop_local.sandbox.bulk_import.engine import Engine
from prefdrop_local.sandbox.bulk_import.imports import Import, all_imports, import_of_token
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.faults.rules import RuleSet, read_rules
from prefdrop_local.sandbox.messages import Request
from prefdrop_local.sandbox.problem import ProblemError, bad_request, not_found
from prefdrop_local.sandbox.profiles.repository import profile_count, profiles_page
from prefdrop_local.sandbox.profiles.seeding import seed_profiles
from prefdrop_local.sandbox.routing import ADMIN_BASE
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

if TYPE_CHECKING:
    from prefdrop_local.sandbox.sandbox import Sandbox

_READ_PATIENCE = 2.0


class ClockOrder(msgspec.Struct, forbid_unknown_fields=True):
    """What `POST clock` takes."""

    advance: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Seconds to move forward."""
    stopped: bool | None = None
    """Whether the clock stands still between advances."""


class ReleaseOrder(msgspec.Struct, forbid_unknown_fields=True):
    """What `POST faults/release` takes."""

    nth: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Which held request, counted from the last reset; None: all."""


class SeedOrder(msgspec.Struct, forbid_unknown_fields=True):
    """What `POST seed` takes."""

    profiles: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
    """How many are added."""
    seed: int = 0
    """The same again for the same seed and the same number of profiles there were."""


class Admin:
    """Answers admin requests; needs no credentials, since the sandbox serves this machine only."""

    def __init__(
        self, sandbox: Sandbox, store: Store, engine: Engine, first_settings: Settings
    ) -> None:
        self._sandbox = sandbox
        self._store = store
        self._engine = engine
        self._first_settings = first_settings
        self._actions: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "health"): self._health,
            ("GET", "profiles"): self._profiles,
            ("GET", "deletions"): self._deletions,
            ("GET", "books"): self._books,
            ("GET", "imports"): self._imports,
            ("GET", "settings"): self._settings,
            ("PATCH", "settings"): self._change_settings,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._advance_clock,
            ("GET", "faults"): self._faults,
            ("PUT", "faults"): self._replace_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "faults/release"): self._release,
            ("POST", "reset"): self._reset,
            ("POST", "seed"): self._seed,
            **sandbox.data.admin.actions(),
            **sandbox.exports.admin.actions(),
            **sandbox.events.admin.actions(),
        }
        self._named: dict[tuple[str, str], Callable[[Request, str], Any]] = {
            ("GET", "imports"): self._one_import,
            **sandbox.data.admin.named_actions(),
            **sandbox.exports.admin.named_actions(),
        }

    def answer(self, request: Request) -> Any:
        """Do what an admin request asks. Raises a `ProblemError` for wrong ones."""
        path = request.path[len(ADMIN_BASE) :].strip("/")
        name, _, token = path.partition("/")
        if token and (named := self._named.get((request.method, name))):
            return named(request, unquote(token))
        action = self._actions.get((request.method, path))
        if action is None:
            raise not_found(f"The sandbox has no {request.method} {ADMIN_BASE}{path}.")
        return action(request)

    def _health(self, _request: Request) -> Any:
        return {"status": "ok", "client_id": self._sandbox.account.client_id}

    def _profiles(self, request: Request) -> Any:
        self._engine.catch_up(_READ_PATIENCE)
        offset, limit = _paging(request)
        profiles = profiles_page(self._store, offset, limit)
        return {"total": profile_count(self._store), "offset": offset, "profiles": profiles}

    def _deletions(self, _request: Request) -> Any:
        names = ("profile_id", "token", "reason_code", "user_id", "deleted_at")
        rows = self._store.rows(f"SELECT {', '.join(names)} FROM deletions ORDER BY profile_id")
        return {"deletions": [dict(zip(names, row, strict=True)) for row in rows]}

    def _books(self, request: Request) -> Any:
        self._engine.catch_up(_READ_PATIENCE)
        return self._sandbox.books.pages(_whole(request, "since", 0))

    def _imports(self, _request: Request) -> Any:
        self._engine.catch_up(_READ_PATIENCE)
        return {"imports": [_described(item) for item in all_imports(self._store)]}

    def _one_import(self, request: Request, token: str) -> Any:
        """An import with a page of its staged records, as they were sent."""
        self._engine.catch_up(_READ_PATIENCE)
        item = import_of_token(self._store, token)
        if item is None:
            raise not_found("No import has this token.")
        offset, limit = _paging(request)
        rows = self._store.rows(
            "SELECT id, valid, record FROM staged WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            (item.row_id(offset), item.row_id(item.received), limit),
        )
        records = [
            {"sequence": item.row_number(row), "valid": bool(valid), "record": msgspec.Raw(record)}
            for row, valid, record in rows
        ]
        return {**_described(item), "offset": offset, "records": records}

    def _settings(self, _request: Request) -> Any:
        return self._sandbox.settings()

    def _change_settings(self, request: Request) -> Any:
        try:
            changed = self._sandbox.settings().patched(_object(request))
        except msgspec.ValidationError as error:
            raise bad_request(str(error)) from None
        self._sandbox.change_settings(changed)
        return changed

    def _clock(self, _request: Request) -> Any:
        clock = self._sandbox.clock
        return {"now": iso(clock.now()), "ahead": round(clock.ahead, 3)}

    def _advance_clock(self, request: Request) -> Any:
        """Advance, stop or run the clock, and finish everything that is due by then."""
        try:
            order = msgspec.convert(_object(request), ClockOrder)
        except msgspec.ValidationError as error:
            raise bad_request(str(error)) from None
        clock = self._sandbox.clock
        if order.stopped is not None:
            (clock.stop if order.stopped else clock.run)()
        clock.advance(order.advance)
        self._engine.catch_up(None)
        self._sandbox.exports.catch_up(None)
        self._sandbox.events.nudge()
        return self._clock(request)

    def _faults(self, _request: Request) -> Any:
        return self._sandbox.faults.described()

    def _replace_faults(self, request: Request) -> Any:
        try:
            rules = read_rules(request.body)
        except ValueError as error:
            raise bad_request(str(error)) from None
        self._sandbox.faults.replace(rules)
        return self._faults(request)

    def _clear_faults(self, request: Request) -> Any:
        self._sandbox.faults.replace(RuleSet())
        return self._faults(request)

    def _release(self, request: Request) -> Any:
        """Apply held requests; the answer comes when they are applied."""
        try:
            order = msgspec.convert(_object(request) if request.body else {}, ReleaseOrder)
        except msgspec.ValidationError as error:
            raise bad_request(str(error)) from None
        held = self._sandbox.faults.held
        if order.nth is None:
            released = held.release_all()
        elif one := held.release(order.nth):
            released = [one]
        else:
            raise not_found(f"No request is held under the number {order.nth}.")
        return {"released": released, "held": len(held)}

    def _seed(self, request: Request) -> Any:
        """Add invented profiles; no events come of it."""
        try:
            order = msgspec.convert(_object(request), SeedOrder)
        except msgspec.ValidationError as error:
            raise bad_request(str(error)) from None
        self._engine.catch_up(None)
        account, now = self._sandbox.account, self._sandbox.clock.now()
        first = seed_profiles(self._store, account, now, order.profiles, order.seed)
        return {"profiles": order.profiles, "first": first, "last": first + order.profiles - 1}

    def _reset(self, _request: Request) -> Any:
        """As after the start: no data, no faults, real time, first settings."""
        self._sandbox.faults.reset()
        self._sandbox.events.reset()
        self._engine.while_idle(self._forget)
        self._sandbox.clock.reset()
        self._sandbox.forget_tokens()
        self._sandbox.change_settings(self._first_settings)
        return {"status": "ok"}

    def _forget(self) -> None:
        events, exports = self._sandbox.events, self._sandbox.exports
        events.while_idle(lambda: exports.while_idle(self._store.clear))
        self._sandbox.data.begin_anew()


def _described(item: Import) -> dict[str, Any]:
    return {**totals(item), "request": item.spec.echo()}


def _object(request: Request) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(request.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad_request("Send a JSON object.") from None
    return decoded


def _paging(request: Request) -> tuple[int, int]:
    return _whole(request, "offset", 0), _whole(request, "limit", 1000)


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise ProblemError(400, f"{name} must be a whole number.")
    return int(text)
