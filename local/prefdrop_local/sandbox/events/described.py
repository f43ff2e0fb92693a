"""The operations of events and subscriptions, described."""

from __future__ import annotations

from mypreferences_assumptions import NAMES, SELECTORS
from prefdrop_local.sandbox.openapi.description import (
    ANYTHING,
    DATE,
    FLAG,
    NUMBER,
    TEXT,
    Described,
    Parameter,
    array,
    mapping,
    one_of,
    whole,
)

_OBJECT = mapping({})
_EVENT = mapping(
    {
        "EventId": TEXT, "EventType": TEXT, "Subject": TEXT, "Entity": TEXT,
        "SubscriptionId": NUMBER, "Name": TEXT, "Description": TEXT,
        "ProfileId": {"type": ["integer", "string"]}, "Data": _OBJECT, "PreviousData": _OBJECT,
        **{
            NAMES[f"event.{name}"].value: TEXT
            for name in ("occurred_at", "queued_at", "recorded_at", "recorded_by")
        },
    },
    ("EventId", "EventType", "Entity", "ProfileId"),
)  # fmt: skip
_ITEM = mapping(
    {
        "Entity": TEXT,
        "EventType": TEXT,
        **{selector.name: array(TEXT) for selector in SELECTORS.values()},
    },
    ("Entity", "EventType"),
)
_SUBSCRIPTION = {
    "Name": {**TEXT, "minLength": 1},
    "Description": TEXT,
    "LocaleId": TEXT,
    "Url": {**TEXT, "format": "uri"},
    "State": one_of("Active", "Paused", "Inactive"),
    "IsMinimized": FLAG,
    "IsActive": FLAG,
    "CatchUpOnResume": FLAG,
    NAMES["subscription.alternate_id_type"].value: TEXT,
    "Subscriptions": array(_ITEM, 1),
}
_NEEDS = ("Name", "Url", "Subscriptions")
_SENT = mapping(_SUBSCRIPTION, _NEEDS)
_SHOWN = mapping({"Id": NUMBER, **_SUBSCRIPTION, "IsMinimized": ANYTHING}, ("Id", *_NEEDS))
_EVENTS = whole({NAMES["events.records"].value: array(_EVENT)})
_WINDOW = (
    Parameter("eventType", TEXT),
    Parameter("startAt", DATE),
    Parameter("endAt", DATE),
    Parameter("locale", TEXT),
)
_MORE = "sourceGroupIds[0], sourceGroupIds[1] …"
_ONLY = Parameter("subscribedOnly", FLAG)
_WRITES = (400, 403, 409, 415)

DESCRIBED: dict[str, Described] = {
    "events.of_account": Described(
        "Events of all profiles, of up to 15 days.", {200: _EVENTS}, (400, 403), (*_WINDOW, _ONLY),
        more_query=_MORE,
    ),
    "events.of_profile": Described(
        "Events of one profile.", {200: _EVENTS}, (400, 403), (*_WINDOW, _ONLY), more_query=_MORE
    ),
    "events.of_subscription": Described(
        "Events of one subscription.", {200: _EVENTS}, (400, 403), _WINDOW, more_query=_MORE
    ),
    "events.get": Described(
        "One event.", {200: _EVENT}, (400, 403), (Parameter("locale", TEXT),)
    ),
    "subscriptions.list": Described(
        "All subscriptions, or one.",
        {200: whole({NAMES["subscriptions.records"].value: array(_SHOWN)})}, (400, 403),
        (Parameter("subscriptionId", {**NUMBER, "minimum": 1}),),
    ),
    "subscriptions.create": Described("A new subscription.", {201: _SHOWN}, _WRITES, body=_SENT),
    "subscriptions.replace": Described(
        "Replaces a subscription; `IsActive` false deletes it.", {200: _SHOWN}, _WRITES, body=_SENT
    ),
}  # fmt: skip
