"""Events are read leniently, one by one, and no body whatever makes the parser fail."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prefdrop.mypreferences.events import Event, NotUnderstood, Parsed, parse_events

DOCUMENTED: dict[str, Any] = {
    "EventId": "5b0f5c1e-0a52-4f0b-9c56-2d1d6f6e9a10",
    "EventType": "contacts.email.updated",
    "Subject": "",
    "Entity": "Contacts",
    "SubscriptionId": 42,
    "Name": "Email updated",
    "Description": "An email was updated",
    "ProfileId": 9100231,
    "Data": {"EmailAddressType": "Home", "EmailAddress": "new@example.test"},
    "PreviousData": {"EmailAddressType": "Home", "EmailAddress": "old@example.test"},
    "EventDate": "2026-01-15T10:29:58.120Z",
    "CreateDate": "2026-01-15T10:29:59Z",
    "RecordedDate": "2026-01-15T05:30:00",
    "RecordedBy": "demo.api.user",
}


def body_of(content: object) -> bytes:
    return json.dumps(content).encode()


def only_event(body: bytes) -> Event:
    (item,) = parse_events(body).items
    assert isinstance(item, Event)
    return item


def only_failure(body: bytes) -> NotUnderstood:
    (item,) = parse_events(body).items
    assert isinstance(item, NotUnderstood)
    return item


def test_a_documented_event_is_read_whole() -> None:
    body = body_of(DOCUMENTED)

    assert only_event(body) == Event(
        event_id="5b0f5c1e-0a52-4f0b-9c56-2d1d6f6e9a10",
        event_type="contacts.email.updated",
        entity="Contacts",
        subject="",
        name="Email updated",
        description="An email was updated",
        subscription_id=42,
        profile_id=9100231,
        data={"EmailAddressType": "Home", "EmailAddress": "new@example.test"},
        previous_data={"EmailAddressType": "Home", "EmailAddress": "old@example.test"},
        occurred_at=datetime(2026, 1, 15, 10, 29, 58, 120_000, tzinfo=UTC),
        queued_at=datetime(2026, 1, 15, 10, 29, 59, tzinfo=UTC),
        recorded_at=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
        recorded_by="demo.api.user",
        raw=body,
    )


def test_an_event_needs_nothing_but_its_id() -> None:
    assert only_event(b'{"EventId": "e-1"}') == Event(event_id="e-1", raw=b'{"EventId": "e-1"}')


@pytest.mark.parametrize("spell", [str.lower, str.upper, lambda name: name[0].lower() + name[1:]])
def test_members_are_known_in_any_case(spell: Any) -> None:
    event = only_event(body_of({spell(name): value for name, value in DOCUMENTED.items()}))

    assert (event.event_id, event.profile_id) == (DOCUMENTED["EventId"], 9100231)
    assert event.occurred_at is not None
    assert event.previous_data == DOCUMENTED["PreviousData"]


def test_unknown_members_and_the_very_spelling_stay_in_the_raw_event() -> None:
    body = b'{"EventId":"e-1", "Later": {"x": 1.50}, "EventId2":2}'

    assert only_event(body).raw == body


def test_event_member_of_another_type_is_read_if_it_makes_sense(subtests: pytest.Subtests) -> None:
    for members, expected in [
        ({"EventId": 17}, {"event_id": "17"}),
        ({"ProfileId": "C-000981"}, {"profile_id": "C-000981"}),
        ({"ProfileId": "0042"}, {"profile_id": "0042"}),
        ({"ProfileId": 9.0}, {"profile_id": 9}),
        ({"ProfileId": True}, {"profile_id": None}),
        ({"ProfileId": " "}, {"profile_id": None}),
        ({"ProfileId": {"Id": 1}}, {"profile_id": None}),
        ({"SubscriptionId": "42"}, {"subscription_id": "42"}),
        ({"EventType": None, "Entity": 7}, {"event_type": "", "entity": "7"}),
        ({"EventType": ["x"]}, {"event_type": ""}),
        ({"Data": "text"}, {"data": "text"}),
        ({"Data": [1]}, {"data": [1]}),
        ({"EventDate": "soon"}, {"occurred_at": None}),
        ({"EventDate": 1768472998}, {"occurred_at": None}),
        (
            {"EventDate": "0001-01-01T00:00:00"},
            {"occurred_at": datetime(1, 1, 1, 4, 56, 2, tzinfo=UTC)},
        ),
    ]:
        with subtests.test(members=members):
            event = only_event(body_of({"EventId": "e-1", **members}))

            assert {name: getattr(event, name) for name in expected} == expected


def test_body_that_holds_events_in_any_form_is_read(subtests: pytest.Subtests) -> None:
    for body in [
        b'[{"EventId":"a"},{"EventId":"b"}]',
        b'\xef\xbb\xbf [{"EventId":"a"},{"EventId":"b"}]\n',
        b'{"Events":[{"EventId":"a"},{"EventId":"b"}]}',
        b'{"Count":2,"events":[{"eventid":"a"},{"EVENTID":"b"}],"HasMore":false}',
        b'[{"id":"1","data":{"EventId":"a"}},{"specversion":"1.0","data":{"eventId":"b"}}]',
    ]:
        with subtests.test(body=body):
            assert [event.event_id for event in parse_events(body).events] == ["a", "b"]


def test_an_enveloped_event_keeps_its_envelope_in_raw() -> None:
    body = b'{"id":"1","data":{"EventId":"a","Data":{"x":1}}}'

    event = only_event(body)

    assert (event.event_id, event.data, event.raw) == ("a", {"x": 1}, body)


def test_an_event_with_a_member_of_the_collections_name_is_an_event() -> None:
    assert only_event(b'{"EventId":"a","Events":[{"EventId":"b"}]}').event_id == "a"


def test_each_item_of_an_array_succeeds_or_fails_for_itself() -> None:
    body = b'[{"EventId":"a"}, 7, {"EventType":"x"}, {"EventId":"\xff"}, {"EventId":"b"}]'

    parsed = parse_events(body)

    assert [event.event_id for event in parsed.events] == ["a", "b"]
    assert [(item.position, item.raw) for item in parsed.not_understood] == [
        (1, b"7"),
        (2, b'{"EventType":"x"}'),
        (3, b'{"EventId":"\xff"}'),
    ]


def test_body_that_is_no_event_comes_back_whole_with_a_reason(subtests: pytest.Subtests) -> None:
    for body, reason in [
        (b"", "not JSON"),
        (b"\x00", "not JSON"),
        (b"EventId=1", "not JSON"),
        (b'{"EventId":"a"', "not JSON"),
        (b'{"EventId":"a"} x', "not JSON"),
        (b'[{"EventId":"a"}', "not JSON"),
        (b'{"EventId":"\\ud800"}', "not JSON"),
        (b'{"EventId":"\xff"}', "not JSON"),
        ('{"EventId":"a"}'.encode("utf-16"), "not JSON"),
        (b'{"EventId":"a","Data":1e999}', "not JSON"),
        (b'{"EventId":"a","Data":NaN}', "not JSON"),
        (b'{"EventId":"a","Data":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply"),
        (b"[" * 500_000 + b"]" * 500_000, "nested too deeply"),
        (b"null", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"{}", "no EventId"),
        (b'{"EventId":null}', "no EventId"),
        (b'{"EventId":""}', "no EventId"),
        (b'{"EventId":"  "}', "no EventId"),
        (b'{"EventId":{"a":1}}', "no EventId"),
        (b'{"EventId":true}', "no EventId"),
        (b'{"id":"1","data":{"x":1}}', "no EventId"),
        (b'{"Events":{"EventId":"a"}}', "no EventId"),
        (body_of({"EventId": "x" * 513}), "more than 512 characters"),
        (b'{"EventId":' + b"1" * 6000 + b"}", ""),
    ]:
        with subtests.test(body=body):
            failure = only_failure(body)

            assert reason in failure.reason
            assert failure.raw == body


def test_an_empty_array_holds_nothing() -> None:
    assert parse_events(b"[]") == parse_events(b'{"Events": []}') == Parsed([])


def test_neither_an_event_nor_a_failure_shows_a_person() -> None:
    event = only_event(body_of(DOCUMENTED))
    failure = only_failure(b"ana@example.test")

    assert "example.test" not in repr(event) + repr(failure)
    assert "9100231" not in repr(event)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_fail(body: bytes) -> None:
    parsed = parse_events(body)

    assert all(item.raw in body for item in parsed.items)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*DOCUMENTED, "eventid", "events", "data"])
            | st.text(string.ascii_letters, max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_json_comes_each_item_is_an_event_with_an_id_or_kept_whole(content: Any) -> None:
    body = body_of(content)

    parsed = parse_events(body)

    assert all(event.event_id.strip() and event.raw in body for event in parsed.events)
    if isinstance(content, list):
        assert len(parsed.items) == len(content)


def test_the_parser_loads_no_http_client() -> None:
    script = "import sys, prefdrop.mypreferences.events; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    ).stdout.split()

    assert not {"requests", "urllib3", "boto3", "zoneinfo", "ssl"} & set(loaded)
