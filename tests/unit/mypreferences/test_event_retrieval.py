"""The Events API: each way to ask, and every way in which its answer may come."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from prefdrop.mypreferences import (
    Client,
    Event,
    Forbidden,
    GarbledAnswer,
    Misconfigured,
    NotFound,
    events_retrieval,
)
from prefdrop.mypreferences.errors import AnswerTooLarge
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer

BASE = "/Profiles/v4/DEMO_CLIENT/Events"
START = datetime(2026, 1, 15, 5, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=-5)))
END = datetime(2026, 1, 16, tzinfo=UTC)
EVENT = {"EventId": "e-1", "EventType": "consent.updated"}


def test_events_are_asked_for_in_each_way(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(*[answer(200, [EVENT])] * 3, answer(200, EVENT))

    found = [
        client.events.of_account(),
        client.events.of_profile(9100231),
        client.events.of_subscription(42),
        [client.events.get("e-1")],
    ]

    assert [request.path for request in vendor.received] == [
        BASE,
        f"{BASE}/Profile/9100231",
        f"{BASE}/Subscription/42",
        f"{BASE}/e-1",
    ]
    assert [[event.event_id for event in events] for events in found] == [["e-1"]] * 4


def test_every_restriction_is_sent_by_its_documented_name(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, []))

    client.events.of_profile(
        "C-000981/x",
        event_type="profile.updated full",
        start_at=START,
        end_at=END,
        source_group_ids=[7, "8"],
        locale="en_US",
        subscribed_only=False,
    )

    parts = urlsplit(vendor.received[0].path)
    assert parts.path == f"{BASE}/Profile/C-000981%2Fx"
    assert parse_qsl(parts.query) == [
        ("eventType", "profile.updated full"),
        ("startAt", "2026-01-15T10:00:00.123Z"),
        ("endAt", "2026-01-16T00:00:00.000Z"),
        ("sourceGroupIds[0]", "7"),
        ("sourceGroupIds[1]", "8"),
        ("locale", "en_US"),
        ("subscribedOnly", "false"),
    ]


@pytest.mark.parametrize(
    ("which", "what"),
    [
        ({"start_at": datetime(2026, 1, 15)}, "startAt has no time zone"),
        ({"end_at": datetime(2026, 1, 15)}, "endAt has no time zone"),
        ({"start_at": END, "end_at": END}, "not before"),
        ({"start_at": END, "end_at": START}, "not before"),
    ],
)
def test_a_time_that_the_vendor_would_misread_or_refuse_is_not_sent(
    client: Client, which: dict[str, Any], what: str
) -> None:
    with pytest.raises(Misconfigured, match=what):
        client.events.of_account(**which)


def test_a_misspelt_restriction_is_no_missing_one(client: Client) -> None:
    with pytest.raises(TypeError):
        client.events.of_account(event_typ="x")  # type: ignore[call-arg]


def test_a_subscriptions_events_are_all_subscribed(client: Client) -> None:
    with pytest.raises(Misconfigured, match="subscribed_only"):
        client.events.of_subscription(42, subscribed_only=False)


def test_retrieval_without_events_is_empty(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [
        b"null",
        [],
        {"Events": []},
        {"Events": None},
        {"Count": 0},
        {"count": "0", "HasMore": False},
    ]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(answer(200, body))

            found = client.events.of_account()

            assert (list(found), found.not_understood, found.has_more) == ([], (), False)


def test_answer_with_more_beside_its_events_says_so(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"Events": [EVENT], "Deleted": [EVENT], "Count": 1}))

    found = client.events.of_account()

    assert (list(found) != [], found.answered) == (True, 1)
    assert found.around is not None
    assert json.loads(found.around.raw) == {"Deleted": [EVENT], "Count": 1}


def test_only_an_answer_that_says_so_by_its_status_may_be_empty(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(204, b""), *[answer(200, b" ")] * 4)

    assert list(client.events.of_account()) == []
    with pytest.raises(GarbledAnswer):
        client.events.of_account()


@pytest.mark.parametrize(
    "body",
    [
        {"Events": [EVENT], "HasMore": True},
        b"\xef\xbb\xbf" + json.dumps({"Events": [EVENT], "HasMore": True}).encode(),
        {"Events": [EVENT], "Count": 1, "TotalResults": 500},
        {"Events": [EVENT, 7], "totalResults": "3"},
    ],
    ids=["says so", "behind a byte order mark", "by its total", "by a total in words"],
)
def test_an_answer_says_whether_the_vendor_holds_more(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    found = client.events.of_account()

    assert (len(found), found.has_more) == (1, True)


def test_a_total_of_what_is_there_is_no_more(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"Events": [EVENT, 7], "HasMore": False, "TotalResults": 2}))

    found = client.events.of_account()

    assert (found.answered, found.has_more) == (2, False)


def test_an_answer_that_is_too_large_is_given_up_at_once_and_never_held_whole(
    vendor: ScriptedVendor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_retrieval, "LARGEST_ANSWER", 100_000)
    vendor.script(answer(200, [{**EVENT, "Data": "x" * 200_000}]), answer(200, [EVENT]))

    with pytest.raises(AnswerTooLarge, match="shorter time"):
        client.events.of_account()

    assert len(client.events.of_account()) == 1
    assert len(vendor.received) == 2


def test_one_item_that_is_no_event_does_not_hide_the_others(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, [EVENT, {"EventType": "x"}, {"EventId": "e-2"}]))

    found = client.events.of_account()

    assert [event.event_id for event in found] == ["e-1", "e-2"]
    assert [item.position for item in found.not_understood] == [1]


@pytest.mark.parametrize("body", [b"<html>", {"Hello": "world"}, 7, {"Events": {"a": 1}}], ids=str)
def test_an_answer_that_is_no_list_of_events_is_garbled(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    with pytest.raises(GarbledAnswer, match=r"events\.of_account"):
        client.events.of_account()


@pytest.mark.parametrize("body", [EVENT, [EVENT], {"Events": [{"EventId": "e-0"}, EVENT]}])
def test_one_event_may_come_alone_or_in_a_list(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    event = client.events.get("e-1")

    assert isinstance(event, Event)
    assert event.event_type == "consent.updated"


@pytest.mark.parametrize(
    ("status", "body"), [(404, {"Message": "No such event"}), (200, []), (200, {"EventId": "e-2"})]
)
def test_an_event_that_the_vendor_does_not_hold_is_not_found(
    vendor: ScriptedVendor, client: Client, status: int, body: object
) -> None:
    vendor.script(answer(status, body))

    with pytest.raises(NotFound) as raised:
        client.events.get("e-1")

    assert (raised.value.route, raised.value.status) == ("events.get", status)
    assert raised.value.hint


def test_reads_are_tried_again_and_refusals_are_not(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(503), answer(200, []), answer(403, {"Message": "Event Data"}))

    client.events.of_account()
    with pytest.raises(Forbidden, match="permission"):
        client.events.of_account()

    assert len(vendor.received) == 3


def test_a_refusal_that_may_quote_an_alternate_id_is_not_shown(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(404, {"Message": "No profile ana@example.test"}))

    with pytest.raises(NotFound) as raised:
        client.events.of_profile("ana@example.test")

    assert "ana@" not in str(raised.value)
