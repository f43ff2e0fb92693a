"""The operations on subscriptions: list, create, replace, and delete by replacing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.calls import Call, Operation, created, require_json
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.events.history import History
from prefdrop_local.sandbox.events.spec import parse_subscription
from prefdrop_local.sandbox.events.subscription import ITEMS, Spec, Subscription
from prefdrop_local.sandbox.events.subscriptions import Subscriptions, create, delete, update
from prefdrop_local.sandbox.messages import Response
from prefdrop_local.sandbox.problem import ProblemError, bad_request, forbidden, not_found
from prefdrop_local.sandbox.queries import Query
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store

_UNKNOWN = "The subscription was not found."


class SubscriptionCalls:
    """The Integration API's subscriptions. `changed` is called after each change."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, settings: Callable[[], Settings],
        changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._account = account
        self._clock = clock
        self._settings = settings
        self._changed = changed
        self._history = History(store, clock)
        self._subscriptions = Subscriptions(store)

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {
            "subscriptions.list": self.list,
            "subscriptions.create": self.create,
            "subscriptions.replace": self.replace,
        }

    def list(self, call: Call) -> dict[str, Any]:
        """All subscriptions, paused ones among them, or the one that is asked for."""
        permit(call)
        number = Query(call).whole("subscriptionId", default=0)
        found = [self._known(number)] if number else self._subscriptions.all()
        return {ITEMS: [item.shown() for item in found]}

    def create(self, call: Call) -> Response:
        """A new subscription; its handshake comes right after, if it is active."""
        spec = self._spec(call)
        if not spec.is_active:
            raise bad_request("A new subscription cannot have IsActive false; pause it with State.")
        with self._store.transaction() as database:
            self._refuse_overlap(spec, None)
            item = create(database, spec, self._history.last(), self._clock.now())
        call.entry.applied = True
        self._changed()
        return created(item.shown(), f"{call.request.path.rstrip('/')}/{item.id}")

    def replace(self, call: Call) -> dict[str, Any]:
        """Replace all of a subscription; `IsActive` false deletes it."""
        spec = self._spec(call)
        with self._store.transaction() as database:
            item = self._known(_number(call.values["subscriptionId"]))
            if spec.is_active:
                self._refuse_overlap(spec, item)
            item.replace(spec, self._history.last(), self._clock.now())
            if spec.is_active:
                update(database, item)
            else:
                delete(database, item)
        call.entry.applied = True
        self._changed()
        return item.shown()

    def _spec(self, call: Call) -> Spec:
        permit(call)
        require_json(call.request)
        return parse_subscription(call.request.body, self._account, self._settings())

    def _known(self, number: int) -> Subscription:
        item = self._subscriptions.get(number)
        if item is None:
            raise not_found(_UNKNOWN)
        return item

    def _refuse_overlap(self, spec: Spec, own: Subscription | None) -> None:
        for other in self._subscriptions.all():
            if own is not None and other.id == own.id:
                continue
            shared = other.spec.kinds & spec.kinds
            if shared and _same_address(other.spec.url, spec.url):
                raise ProblemError(
                    409,
                    f"Subscription {other.id} already brings {min(shared)} to the same Url.",
                )


def permit(call: Call) -> None:
    """Raise 403 unless the user's group has Event Data -> View."""
    if not call.caller.user.event_data_view:
        raise forbidden("The user may not view event data.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise not_found(_UNKNOWN)
    return int(text)


def _same_address(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc.lower(), first.path or "/", first.query) == (
        second.scheme, second.netloc.lower(), second.path or "/", second.query,
    )  # fmt: skip
