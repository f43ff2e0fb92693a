"""Reads the body of a create or replace request against the account's configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mypreferences_assumptions import SELECTORS, Selector
from prefdrop_local.guard import is_loopback
from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.events.kinds import entity_of, known_kind
from prefdrop_local.sandbox.events.subscription import ALTERNATE_ID_TYPE, ITEMS, Item, Spec
from prefdrop_local.sandbox.problem import bad_request
from prefdrop_local.sandbox.settings import Settings

_STATES = ("Active", "Paused", "Inactive")
_LONGEST = 2000
_Members = dict[str, Any]


def parse_subscription(body: bytes, account: Account, settings: Settings) -> Spec:
    """Read a subscription. Raises a 400 `ProblemError` that names what is wrong."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("The request body is not valid JSON.") from None
    members = _folded(decoded, "The request body")
    return Spec(
        name=_required(members, "Name"),
        description=_text(members, "Description"),
        locale_id=_text(members, "LocaleId"),
        url=_url(_required(members, "Url"), settings),
        state=_one_of(members, "State", _STATES) or "Paused",
        is_minimized=_flag(members, "IsMinimized", default=False),
        is_active=_flag(members, "IsActive", default=True),
        catch_up=_flag(members, "CatchUpOnResume", default=False),
        alternate_id_type=_one_of(members, ALTERNATE_ID_TYPE, account.alternate_id_types),
        items=_items(members, account),
    )


def _folded(value: Any, what: str) -> _Members:
    """Members under lower-case names; nulls count as absent."""
    if not isinstance(value, dict):
        raise bad_request(f"{what} must be a JSON object.")
    return {name.lower(): item for name, item in value.items() if item is not None}


def _text(members: _Members, name: str) -> str:
    value = members.get(name.lower(), "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise bad_request(f"{name} must be a string of at most {_LONGEST} characters.")
    return value


def _required(members: _Members, name: str) -> str:
    if not (value := _text(members, name).strip()):
        raise bad_request(f"{name} is required.")
    return value


def _one_of(members: _Members, name: str, known: Iterable[str]) -> str:
    """One of the known values as it is configured, or empty where none is given."""
    value = _text(members, name)
    return _configured(value, known, name) if value else ""


def _configured(value: str, known: Iterable[str], name: str) -> str:
    for one in known:
        if one.lower() == value.lower():
            return one
    raise bad_request(f"{name}: {value!r} is not active in this account or not known.")


def _flag(members: _Members, name: str, *, default: bool) -> bool:
    """A boolean, or its text: the vendor's pages show both."""
    value = members.get(name.lower(), default)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise bad_request(f"{name} must be true or false.")
    return value


def _url(url: str, settings: Settings) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  (reading it checks it)
    except ValueError:
        raise bad_request("Url is not a valid address.") from None
    if parts.scheme == "https" and host:
        return url
    if parts.scheme == "http" and settings.allow_http_loopback and is_loopback(host):
        return url
    raise bad_request("Url must be an https address.")


def _items(members: _Members, account: Account) -> tuple[Item, ...]:
    items = members.get(ITEMS.lower())
    if not isinstance(items, list) or not items:
        raise bad_request(f"{ITEMS} must name at least one event type.")
    return tuple(_item(_folded(item, f"Each of {ITEMS}"), account) for item in items)


def _item(members: _Members, account: Account) -> Item:
    text = _required(members, "EventType")
    kind = known_kind(text)
    if kind is None:
        raise bad_request(f"EventType {text!r} is not known.")
    entity = entity_of(kind)
    if _required(members, "Entity").lower() != entity.lower():
        raise bad_request(f"EventType {kind!r} belongs to the Entity {entity}.")
    selector = SELECTORS.get(entity)
    return Item(entity, kind, _chosen(members, selector, account) if selector else None)


def _chosen(members: _Members, selector: Selector, account: Account) -> tuple[str, ...] | None:
    """The selector's values; None where it is left out or asks for everything."""
    values = members.get(selector.name.lower())
    if values is None:
        return None
    if not isinstance(values, list) or not values:
        raise bad_request(f"{selector.name} must be an array of at least one name.")
    known = (selector.everything, *_selectable(selector.name, account))
    names = tuple(_configured(str(value), known, selector.name) for value in values)
    return None if selector.everything in names else names


def _selectable(selector: str, account: Account) -> Iterable[str]:
    contact_types = (
        *account.email_types, *account.phone_types, *account.address_types,
        *account.alternate_id_types, *account.customer_types,
    )  # fmt: skip
    found: dict[str, Iterable[str]] = {
        SELECTORS["Preferences"].name: account.filters,
        SELECTORS["Consents"].name: account.consents,
        SELECTORS["Contacts"].name: contact_types,
        SELECTORS["CustomFields"].name: account.custom_fields,
        SELECTORS["Groups"].name: account.groups,
    }
    return found[selector]
