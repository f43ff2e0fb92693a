"""Subscriptions: no change of one loses anything else of it, and none deletes it by accident."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import (
    BadRequest,
    Client,
    Conflict,
    EventSelection,
    GarbledAnswer,
    Misconfigured,
    NoAnswer,
    NotFound,
    Subscription,
    select_all_events,
    select_event,
)
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.resources import body_of
from prefdrop.mypreferences.subscriptions import _all
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer, hang_up

HELD: dict[str, Any] = {
    "Id": 42,
    "Name": "consent-feed",
    "Description": "to event hub",
    "LocaleID": "en_US",
    "Url": "https://hooks.example.test/mypref",
    "State": "Active",
    "IsMinimized": "False",
    "IsActive": True,
    "CatchUpOnResume": True,
    "Subscriptions": [
        {"Entity": "Preferences", "EventType": "preference.updated", "Filters": ["NEWS"]},
        {"Entity": "Tags", "EventType": "tag.added", "Tags": ["VIP"]},
    ],
    "RetryPolicy": {"Max": 3},
    "Owner": None,
}
SENT: dict[str, Any] = {
    "Name": "consent-feed",
    "Description": "to event hub",
    "LocaleId": "en_US",
    "Url": "https://hooks.example.test/mypref",
    "State": "Active",
    "IsMinimized": False,
    "IsActive": True,
    "CatchUpOnResume": True,
    "Subscriptions": HELD["Subscriptions"],
    "RetryPolicy": {"Max": 3},
    "Owner": None,
}
"""HELD as it is sent back: without its id, in the documented types, the unknown as it came."""

NEW = Subscription(
    name="consent-feed",
    url="https://hooks.example.test/mypref",
    subscriptions=(select_event("consent.updated"),),
)


def test_a_subscription_is_read_in_the_vendors_two_spellings(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, [HELD]))

    (found,) = client.subscriptions.list()

    assert vendor.received[0].path == "/Profiles/v4/DEMO_CLIENT/Events/Subscriptions"
    assert found == Subscription(
        id=42,
        name="consent-feed",
        description="to event hub",
        locale_id="en_US",
        url="https://hooks.example.test/mypref",
        state="Active",
        is_minimized=False,
        is_active=True,
        catch_up_on_resume=True,
        subscriptions=(
            EventSelection(
                entity="Preferences", event_type="preference.updated", filters=("NEWS",)
            ),
            EventSelection(entity="Tags", event_type="tag.added", more={"Tags": ["VIP"]}),
        ),
        more={"RetryPolicy": {"Max": 3}, "Owner": None},
    )
    assert found.delivers


@pytest.mark.parametrize(
    "body",
    [
        [HELD, {**HELD, "Id": 43}],
        {"Subscriptions": [HELD, {**HELD, "Id": 43}]},
        {"count": 2, "subscriptions": [HELD, {**HELD, "Id": 43}]},
        [HELD, {**HELD, "Id": 44, "IsActive": False}, {**HELD, "Id": "43", "IsActive": None}],
    ],
    ids=range(4),
)
def test_a_list_may_be_held_by_an_object_and_leaves_out_what_is_deleted(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    assert [found.id for found in client.subscriptions.list()] == [42, 43]


def test_account_without_subscriptions_has_an_empty_list(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [b"", b"null", [], {"Subscriptions": []}, {"Count": 0}]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(*[answer(200, body)] * 2)

            assert client.subscriptions.list() == ()
            with pytest.raises(NotFound, match="42"):
                client.subscriptions.get(42)


@pytest.mark.parametrize("body", [HELD, [HELD], [{**HELD, "Id": 41}, {**HELD, "Id": "42"}]])
def test_one_is_asked_for_by_its_id_in_the_query(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(503), answer(200, body))

    assert client.subscriptions.get(42).id == 42
    assert vendor.received[1].path.endswith("/Events/Subscriptions?subscriptionId=42")


def test_a_list_that_is_none_is_garbled(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, "ok"))

    with pytest.raises(GarbledAnswer, match="list of subscriptions"):
        client.subscriptions.list()


def test_subscription_state_in_each_spelling_is_understood(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for state, read, delivers in [
        ("active", "Active", True),
        ("PAUSED", "Paused", False),
        ("Inactive", "Inactive", False),
        ("Throttled", "Throttled", False),
        (None, None, False),
        ("", None, False),
    ]:
        with subtests.test(state=state):
            vendor.forget()
            vendor.script(answer(200, [{**HELD, "State": state}]))

            (found,) = client.subscriptions.list()

            assert (found.state, found.delivers) == (read, delivers)


def test_a_new_one_is_active_unless_it_says_otherwise(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(*[answer(201, HELD)] * 2)

    created = client.subscriptions.create(NEW)
    client.subscriptions.create(msgspec.structs.replace(NEW, state="Paused", id=7))

    assert created.id == 42
    assert (vendor.received[0].method, vendor.received[0].json) == (
        "POST",
        {
            "Name": "consent-feed",
            "Url": "https://hooks.example.test/mypref",
            "State": "Active",
            "IsActive": True,
            "Subscriptions": [
                {
                    "Entity": "Consents",
                    "EventType": "consent.updated",
                    "ConsentTypes": ["AllConsents"],
                }
            ],
        },
    )
    assert vendor.received[1].json["State"] == "Paused"
    assert "Id" not in vendor.received[1].json


def test_the_id_of_a_new_one_may_come_in_its_location(
    vendor: ScriptedVendor, client: Client
) -> None:
    where = {"Location": "https://pm.example.test/DEMO_CLIENT/Events/Subscriptions/42"}
    vendor.script(answer(201, b"", where), answer(200, [HELD]))

    assert client.subscriptions.create(NEW).id == 42


def test_a_new_one_without_an_id_is_unclear(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(201, {}))

    with pytest.raises(GarbledAnswer, match="Id"):
        client.subscriptions.create(NEW)


def test_a_creation_is_sent_once(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(hang_up, answer(409, {"Message": "Subscribed already"}))

    with pytest.raises(NoAnswer):
        client.subscriptions.create(NEW)
    with pytest.raises(Conflict, match="Subscribed already"):
        client.subscriptions.create(NEW)

    assert len(vendor.received) == 2


def test_subscription_that_the_vendor_must_refuse_is_not_sent(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for changes, what in [
        ({"is_active": False}, "use delete"),
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"subscriptions": ()}, "selects no events"),
        ({"state": "Stopped"}, "state"),
        ({"url": None}, "https"),
        ({"url": "http://hooks.example.test/"}, "https"),
        ({"url": "https://[hooks"}, "https"),
        ({"url": "hooks.example.test"}, "https"),
    ]:
        with subtests.test(changes=changes):
            vendor.forget()
            wrong = msgspec.structs.replace(NEW, **changes)
            vendor.script(answer(200, [HELD]))

            with pytest.raises(Misconfigured, match=what):
                client.subscriptions.create(wrong)
            with pytest.raises(Misconfigured, match=what):
                client.subscriptions.replace(42, wrong)

            assert [request.method for request in vendor.received if request.method != "GET"] == []


def test_a_server_on_this_machine_may_be_told_without_tls(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(201, HELD))

    client.subscriptions.create(msgspec.structs.replace(NEW, url="http://127.0.0.1:8080/hook"))

    assert vendor.received[0].json["Url"] == "http://127.0.0.1:8080/hook"


def test_pausing_changes_the_state_alone(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, [HELD]), answer(200, {**HELD, "State": "Paused"}))

    paused = client.subscriptions.pause(42)

    put = vendor.received[1]
    assert (put.method, put.path) == ("PUT", "/Profiles/v4/DEMO_CLIENT/Events/Subscriptions/42")
    assert put.json == {**SENT, "State": "Paused"}
    assert paused.state == "Paused"


@pytest.mark.parametrize(
    ("catch_up", "sent"), [(True, True), (False, False), (None, True)], ids=str
)
def test_resuming_changes_the_state_and_what_it_is_told_of_catching_up(
    vendor: ScriptedVendor, client: Client, catch_up: bool | None, sent: bool
) -> None:
    vendor.script(answer(200, [{**HELD, "State": "Inactive"}]), answer(200, HELD))

    client.subscriptions.resume(42, catch_up)

    assert vendor.received[1].json == {**SENT, "State": "Active", "CatchUpOnResume": sent}


def test_a_replacement_keeps_what_we_do_not_know_and_empties_what_it_leaves_out(
    vendor: ScriptedVendor, client: Client
) -> None:
    wanted = Subscription(
        name="renamed",
        url="https://hooks.example.test/other",
        subscriptions=(select_event("tag.added"), select_event("consent.updated", "Marketing")),
        more={"RetryPolicy": {"Max": 9}},
    )
    vendor.script(answer(200, [{**HELD, "State": "Paused"}]), answer(200, HELD))

    client.subscriptions.replace(42, wanted)

    assert vendor.received[1].json == {
        "Name": "renamed",
        "Url": "https://hooks.example.test/other",
        "State": "Paused",
        "IsActive": True,
        "Subscriptions": [
            {"Entity": "Tags", "EventType": "tag.added", "Tags": ["VIP"]},
            {
                "Entity": "Consents",
                "EventType": "consent.updated",
                "ConsentTypes": ["Marketing"],
            },
        ],
        "RetryPolicy": {"Max": 9},
        "Owner": None,
    }


def test_a_member_of_a_wrong_type_at_the_vendor_never_overrules_a_change(
    vendor: ScriptedVendor, client: Client
) -> None:
    odd = {**HELD, "State": {"Word": "Active"}, "IsActive": ["?"], "Description": {"en": "x"}}
    vendor.script(*[answer(200, [odd]), answer(200, HELD)] * 2)

    client.subscriptions.pause(42)
    client.subscriptions.replace(42, NEW)

    paused, replaced = vendor.received[1].json, vendor.received[3].json
    assert (paused["State"], paused["IsActive"]) == ("Paused", True)
    assert paused["Description"] == {"en": "x"}
    assert replaced["IsActive"] is True
    assert "Description" not in replaced


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(
    unknown=st.dictionaries(st.text(max_size=6).map("X-{}".format), JSON, max_size=3),
    odd=st.dictionaries(st.sampled_from(["State", "IsActive", "isminimized", "Url"]), JSON),
    is_active=st.booleans(),
)
def test_whatever_the_vendor_holds_is_sent_back_and_stays_alive(
    unknown: dict[str, Any], odd: dict[str, Any], is_active: bool
) -> None:
    body = msgspec.json.encode([{**HELD, **odd, **unknown, "IsActive": is_active}])
    (held,) = _all(Answer("subscriptions.list", 200, {}, body))

    sent = msgspec.json.decode(body_of(msgspec.structs.replace(held, is_active=True)))

    assert {name: sent[name] for name in unknown} == unknown
    assert sent["IsActive"] is True
    assert sent["Subscriptions"] == HELD["Subscriptions"]
    assert (sent["Name"], sent["RetryPolicy"]) == (HELD["Name"], HELD["RetryPolicy"])


def test_only_delete_deletes_and_sends_the_rest_as_it_is(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, [HELD]), answer(204), answer(200, []))

    client.subscriptions.delete(42)
    with pytest.raises(NotFound):
        client.subscriptions.delete(42)

    puts = [request.json for request in vendor.received if request.method == "PUT"]
    assert puts == [{**SENT, "IsActive": False}]


def test_a_change_that_is_answered_with_nothing_is_read_again(
    vendor: ScriptedVendor, client: Client
) -> None:
    for body in (b"", b"3", {"Message": "updated"}):
        vendor.script(answer(200, [HELD]), answer(200, body))
        vendor.script(answer(200, [{**HELD, "State": "Paused"}]))

        assert client.subscriptions.pause(42).state == "Paused"


def test_a_change_whose_answer_is_lost_is_not_sent_again(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, [HELD]), hang_up)

    with pytest.raises(NoAnswer, match="read what it was to change"):
        client.subscriptions.pause(42)

    assert len(vendor.received) == 2


def test_nothing_is_changed_that_does_not_exist(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(*[answer(200, [{**HELD, "IsActive": "false"}])] * 4)

    for change in (
        client.subscriptions.pause,
        client.subscriptions.resume,
        client.subscriptions.delete,
        lambda number: client.subscriptions.replace(number, NEW),
    ):
        with pytest.raises(NotFound):
            change(42)

    assert {request.method for request in vendor.received} == {"GET"}


def test_event_type_of_any_entity_has_its_selector(subtests: pytest.Subtests) -> None:
    for event_type in assumptions.EVENT_KINDS:
        with subtests.test(event_type=event_type):
            sent = select_event(event_type).members()

            entity = assumptions.EVENT_KINDS[event_type].entity
            selector = assumptions.SELECTORS.get(entity)
            expected = {selector.name: [selector.everything]} if selector else {}
            assert sent == {"Entity": entity, "EventType": event_type, **expected}


def test_a_selection_can_be_narrowed_where_its_entity_has_a_selector() -> None:
    narrowed = select_event("preference.added", "NEWS_WEEKLY", "OFFERS")

    assert narrowed.filters == ("NEWS_WEEKLY", "OFFERS")
    with pytest.raises(Misconfigured, match="cannot be narrowed"):
        select_event("profile.created", "x")
    with pytest.raises(Misconfigured, match=r"preference\.addde"):
        select_event("preference.addde")


def test_everything_can_be_selected() -> None:
    assert len(select_all_events()) == len(assumptions.EVENT_KINDS)


def test_a_state_of_the_vendors_own_invention_survives_a_replacement(
    vendor: ScriptedVendor, client: Client
) -> None:
    odd = {**HELD, "State": "Throttled"}
    vendor.script(answer(200, [odd]), answer(200, [odd]), answer(200, odd))

    read = client.subscriptions.get(42)
    client.subscriptions.replace(42, msgspec.structs.replace(read, name="renamed"))

    assert vendor.received[2].json["State"] == "Throttled"


def test_no_text_shows_the_address_that_the_vendor_calls(
    vendor: ScriptedVendor, client: Client
) -> None:
    keyed = msgspec.structs.replace(NEW, url="https://hooks.example.test/mypreferences/k3y-k3y")
    quoted = {
        "Message": "Url https://hooks.example.test/mypreferences/k3y-k3y (/mypreferences/k3y-k3y)"
    }
    vendor.script(answer(400, quoted), answer(200, [HELD]), answer(400, quoted))

    with pytest.raises(BadRequest, match=r"Url \*\*\* \(\*\*\*\)") as created:
        client.subscriptions.create(keyed)
    with pytest.raises(BadRequest) as replaced:
        client.subscriptions.replace(42, keyed)

    assert "k3y" not in str(created.value) + created.value.vendor_message
    assert "k3y" not in str(replaced.value) + repr(keyed)
