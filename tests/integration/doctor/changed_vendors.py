"""Vendors who differ from what is assumed, each a sandbox, and what the doctor finds of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import requests

from mypreferences_assumptions import NAMES, ROUTES, Route
from prefdrop.mypreferences import PnAuthInfo3
from prefdrop_cli.doctor.assumptions.confirming import confirmations
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation
from prefdrop_cli.doctor.probing import Prober
from prefdrop_cli.doctor.vendor_account import VendorAccount
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox


class Change(NamedTuple):
    """One row of the table of assumptions that is another one at the vendor."""

    name: str
    number: str
    assume: str
    """The sandbox's option."""


RELATED = (
    {"custom_field.name", "custom_field.value", "configuration.name", "custom_field.kind",
     "custom_field.max_length", "custom_field_kind.text"},
    {"custom_field.picklist", "custom_field_kind.selectlist"},
    {"query.phone_number", "query.phone_type"},
    {"picklists.items", "picklist.values", "picklist.value"},
    {"group.type", "group.name", "group_types.items", "group_names.items"},
    {"group_types.list", "group_profiles.by_email", "group_profiles.by_phone", "group_names.list"},
    {"configuration.type_name", "email_type.pattern"},
    {"filters.items", "programs.items", "program.type", "configuration.custom_properties"},
    {"subscriptions.records", "subscription.alternate_id_type"},
    {"event.occurred_at", "event.queued_at", "event.recorded_at", "event.recorded_by"},
)  # fmt: skip
"""What cannot be told apart, or told at all, where the other is changed too."""

ALONE = {"stage.records"}
"""Without it no record can be staged, so nothing else of records is told."""


def moved(route: Route) -> str:
    """The route's path with its last fixed word changed."""
    parts = route.path.split("/")
    last = max(at for at, part in enumerate(parts) if not part.startswith("{"))
    parts[last] += "Moved"
    return "/".join(parts)


def changed_routes() -> list[Change]:
    """Every assumed route, moved."""
    return [
        Change(name, route.number, f"{name}={moved(route)}")
        for name, route in ROUTES.items()
        if route.number
    ]


def changed_names() -> list[Change]:
    """Every assumed name, as another word."""
    return [
        Change(name, row.number, f"{name}=Other{row.value}")
        for name, row in NAMES.items()
        if row.number
    ]


def grouped(changes: Iterable[Change]) -> list[list[Change]]:
    """The changes put together to as few vendors as their relations allow."""
    groups: list[list[Change]] = []
    for change in changes:
        fitting = (g for g in groups if not any(_related(change.name, one.name) for one in g))
        group = next(fitting, None) if change.name not in ALONE else None
        if group is None:
            groups.append(group := [])
        group.append(change)
    return groups


def _related(one: str, other: str) -> bool:
    return other in ALONE or any(one in names and other in names for names in RELATED)


@contextmanager
def vendor(*assumed: str, **options: object) -> Iterator[SandboxProcess]:
    """A sandbox with something of everything that a read can show."""
    with start_sandbox(handshake="none", assume=list(assumed), **options) as sandbox:
        _fill(sandbox, list(assumed))
        yield sandbox


def account_of(sandbox: SandboxProcess) -> VendorAccount:
    """The sandbox's account, as the doctor is told of it."""
    user = sandbox.credentials
    secret = {"auth": "pnauthinfo3", "user_id": user["user_id"], "secret": user["secret"]}
    return VendorAccount(sandbox.url, user["client_id"], secret)


def found(sandbox: SandboxProcess, *, chunk_bytes: int = 1_000) -> list[Confirmation]:
    """All that the doctor finds out about a vendor, with leave to write."""
    prober = Prober(account_of(sandbox))
    try:
        return list(confirmations(prober, writes=True, chunk_bytes=chunk_bytes))
    finally:
        prober.close()


def wrong(facts: Iterable[Confirmation]) -> set[tuple[str, str]]:
    """Number and name of each fact that did not hold."""
    return {
        (one.number, match[1] if (match := re.match(r"(?:route|name) (\S+)", one.fact)) else "")
        for one in facts
        if one.outcome == "did not hold"
    }


def _fill(sandbox: SandboxProcess, assumed: list[str]) -> None:
    """A person, whose creation is several kinds of events, and a subscription.

    The subscription names an alternate id type as this vendor calls it. Where subscriptions are
    made elsewhere, there is none.
    """
    user = sandbox.credentials
    auth = PnAuthInfo3(user["client_id"], user["user_id"], user["secret"])
    header = {"Authorization": auth.header()}
    account = f"{sandbox.url}{user['client_id']}"
    person = {"DefaultLocale": "en_US", "CustomerName": {"LastName": "Ruiz"}}
    requests.post(f"{account}/Profile", json=person, headers=header, timeout=60).raise_for_status()
    named = dict(one.split("=", 1) for one in assumed)
    member = named.get("subscription.alternate_id_type", "AlternateIdType")
    subscription = {
        "Name": "audit",
        "Url": "https://hooks.example.test/",
        "State": "Paused",
        member: "CrmContactId",
        "Subscriptions": [{"Entity": "ProfileActions", "EventType": "profile.created"}],
    }
    requests.post(f"{account}/Events/Subscriptions", json=subscription, headers=header, timeout=60)
