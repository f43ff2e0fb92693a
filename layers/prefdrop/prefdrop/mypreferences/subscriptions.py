"""Subscriptions: which events the vendor sends to which address.

The vendor's update is a PUT that replaces everything, what is left out becomes empty, and
`IsActive=false` deletes (vendor documentation). So every change here is read-modify-write: what the
vendor holds is read first, members that we don't know are sent back as they came, and nothing but
`delete` ever says that a subscription is not active.

There is no version to compare, so of two changes at the same moment one may get lost; make changes
from one place at a time.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.answers import Answer, any_case, lacking
from prefdrop.mypreferences.errors import GarbledAnswer, Misconfigured, NotFound
from prefdrop.mypreferences.operations import Operations, address_to_hide
from prefdrop.mypreferences.resources import body_of, read_all
from prefdrop.mypreferences.routes import is_loopback
from prefdrop.mypreferences.subscriptions_models import ACTIVE, PAUSED, STATES, Subscription

_CANONICAL = {state.lower(): state for state in STATES}
_MODELLED = {field.encode_name.lower() for field in msgspec.structs.fields(Subscription)}


class Subscriptions(Operations):
    """The subscriptions of one account; `Client.subscriptions` is where to get it."""

    def list(self) -> tuple[Subscription, ...]:
        """All subscriptions, paused ones included, deleted ones not. A read: retried."""
        return self._read(None)

    def get(self, subscription_id: int | str) -> Subscription:
        """One subscription; raises NotFound if there is none. A read: retried."""
        for subscription in self._read(subscription_id):
            if str(subscription.id) == str(subscription_id):
                return subscription
        raise NotFound(
            f"MyPreferences has no subscription {subscription_id}.",
            hint="List the subscriptions to see which there are.",
            route="subscriptions.list",
        )

    def create(self, subscription: Subscription) -> Subscription:
        """Create a subscription and get it with its id. Sent once.

        Raises Conflict if another one sends one of these events to the same URL already, so after
        an unclear error it may be done again: `list` has the first one then.
        """
        wanted = msgspec.structs.replace(
            _checked(subscription), id=None, is_active=True, state=subscription.state or ACTIVE
        )
        answer = self._send(
            "subscriptions.create",
            body=body_of(wanted),
            hidden=address_to_hide(wanted.url or ""),
        )
        created = _one(answer)
        if created is not None and created.id is not None:
            return created
        if location := answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]:
            return self.get(location)
        raise lacking(answer, "the Id of the subscription")

    def replace(self, subscription_id: int | str, subscription: Subscription) -> Subscription:
        """Make a subscription what `subscription` says: what that leaves out becomes empty.

        Only its state, where that is left out, and members that we don't know stay as the vendor
        holds them. Raises NotFound if there is none, Misconfigured if it says `is_active=False`.
        """
        current = self.get(subscription_id)
        wanted = _checked(subscription, held_state=current.state)
        return self._put(subscription_id, _merged(current, wanted))

    def pause(self, subscription_id: int | str) -> Subscription:
        """Let a subscription deliver nothing until it is resumed; all else stays as it is."""
        return self._change(subscription_id, state=PAUSED)

    def resume(self, subscription_id: int | str, catch_up: bool | None = None) -> Subscription:
        """Let a subscription deliver again; all else stays as it is.

        With `catch_up` also what happened while it was paused, up to 15 days back; None leaves
        that as the subscription itself says.
        """
        if catch_up is None:
            return self._change(subscription_id, state=ACTIVE)
        return self._change(subscription_id, state=ACTIVE, catch_up_on_resume=catch_up)

    def delete(self, subscription_id: int | str) -> None:
        """Delete a subscription for good; raises NotFound if there is none."""
        current = self.get(subscription_id)
        deleted = msgspec.structs.replace(current, id=None, is_active=False)
        self._send_put(subscription_id, deleted)

    def _read(self, subscription_id: int | str | None) -> tuple[Subscription, ...]:
        answer = self._send("subscriptions.list", query=[("subscriptionId", subscription_id)])
        return tuple(each for each in _all(answer) if each.is_active is not False)

    def _change(self, subscription_id: int | str, **members: Any) -> Subscription:
        current = self.get(subscription_id)
        return self._put(subscription_id, msgspec.structs.replace(current, **members))

    def _put(self, subscription_id: int | str, subscription: Subscription) -> Subscription:
        kept = msgspec.structs.replace(subscription, id=None, is_active=True)
        return _one(self._send_put(subscription_id, kept)) or self.get(subscription_id)

    def _send_put(self, subscription_id: int | str, subscription: Subscription) -> Answer:
        return self._send(
            "subscriptions.replace",
            subscriptionId=str(subscription_id),
            body=body_of(subscription),
            hidden=address_to_hide(subscription.url or ""),
        )


def _checked(subscription: Subscription, *, held_state: str | None = None) -> Subscription:
    """`subscription` if the vendor may accept it; raises Misconfigured for anything else.

    `held_state` may be a state of the vendor's own invention, which it has already.
    """
    for wrong, what in (
        (subscription.is_active is False, "is_active=False would delete it; use delete"),
        (not (subscription.name or "").strip(), "it needs a name"),
        (not subscription.subscriptions, "it selects no events"),
        (
            subscription.state not in (None, held_state, *STATES),
            f"its state must be one of {', '.join(STATES)}",
        ),
        (not _deliverable(subscription.url or ""), "its url must be https"),
    ):
        if wrong:
            raise Misconfigured(f"The subscription cannot be sent: {what}.")
    return subscription


def _deliverable(url: str) -> bool:
    """https; http on this machine too, which the sandbox can be told to accept."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def _merged(current: Subscription, wanted: Subscription) -> Subscription:
    """`wanted` with its unknown members over those that the vendor holds, item by item too."""
    held = {(item.entity, item.event_type): item.more for item in current.subscriptions}
    unknown = {name: each for name, each in current.more.items() if name.lower() not in _MODELLED}
    return msgspec.structs.replace(
        wanted,
        state=wanted.state or current.state,
        more={**unknown, **wanted.more},
        subscriptions=tuple(
            msgspec.structs.replace(
                item, more={**held.get((item.entity, item.event_type), {}), **item.more}
            )
            for item in wanted.subscriptions
        ),
    )


def _all(answer: Answer) -> tuple[Subscription, ...]:
    """The subscriptions of a list: an array, an object that holds it, or a single one."""
    if not answer.body.strip():
        return ()
    decoded = answer.json()
    if isinstance(decoded, dict):
        members = any_case(decoded)
        if "url" in members:
            decoded = [decoded]
        else:
            # A list's name is that of a subscription's own items (O-15), which have no url.
            decoded = members.get(assumptions.NAMES["subscriptions.records"].value.lower())
    if decoded is None:
        return ()
    if not isinstance(decoded, list):
        raise lacking(answer, "a list of subscriptions")
    return tuple(map(_canonical, read_all(Subscription, decoded)))


def _one(answer: Answer) -> Subscription | None:
    """The subscription in the answer to a change, or None if it holds none."""
    try:
        found = _all(answer)
    except GarbledAnswer:
        # The change was made, and what it made can be read again.
        return None
    return found[0] if len(found) == 1 else None


def _canonical(subscription: Subscription) -> Subscription:
    word = subscription.state or ""
    return msgspec.structs.replace(
        subscription, state=_CANONICAL.get(word.strip().lower(), word) or None
    )
