"""Bulk export: what goes out on each route, and what comes back, page by page and whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, strategies as st

from prefdrop.mypreferences import (
    BadRequest,
    Client,
    ExportPage,
    ExportSpec,
    ExportStatus,
    Forbidden,
    GarbledAnswer,
    Misconfigured,
    NoAnswer,
    TokenRefused,
)
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.bulk_export_results import parse_page
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer, hang_up

DATE = {"Date": "Thu, 15 Jan 2026 10:30:00 GMT"}
PAGE = {
    "Count": 2,
    "HasMore": True,
    "Limit": 2,
    "Offset": 1,
    "TotalResults": 5,
    "UserProfilePreferences": [{"ProfileId": 1}, {"ProfileId": 2}],
}


def test_initiate_names_the_segment_in_the_path_and_sends_only_what_is_asked(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(*[answer(200, {"AccessToken": 9001})] * 2)

    segment = client.exports.initiate_segment("News/weekly é")
    group = client.exports.initiate_segment_group("All but EU", ExportSpec())

    assert (segment, group) == ("9001", "9001")
    assert [(r.method, r.path.removeprefix("/Profiles/v4/"), r.json) for r in vendor.received] == [
        ("POST", "Async/DEMO_CLIENT/Export/Segment/News%2Fweekly%20%C3%A9", {}),
        ("POST", "Async/DEMO_CLIENT/Export/SegmentGroup/All%20but%20EU", {}),
    ]


def test_initiate_sends_every_restriction(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"accesstoken": " t-1 "}))
    eastern = timezone(timedelta(hours=-5))

    token = client.exports.initiate_segment(
        "news",
        ExportSpec(
            last_date_time=datetime(2026, 1, 15, 5, 29, 58, 123_999, tzinfo=eastern),
            match_criteria="AlternateId",
            match_type="CrmContactId",
            values=("C-1", "C-2"),
            callback_url="https://hooks.example.test/callbacks/exports/key",
        ),
    )

    assert token == "t-1"
    assert vendor.received[0].json == {
        "LastDateTime": "2026-01-15T10:29:58.123Z",
        "MatchCriteria": "AlternateId",
        "MatchType": "CrmContactId",
        "Values": ["C-1", "C-2"],
        "CallbackURL": "https://hooks.example.test/callbacks/exports/key",
    }


def test_a_whole_second_is_sent_with_its_milliseconds_too() -> None:
    spec = ExportSpec(last_date_time=datetime(2026, 1, 15, tzinfo=UTC))

    assert json.loads(spec.body()) == {"LastDateTime": "2026-01-15T00:00:00.000Z"}


def test_export_spec_that_the_vendor_must_refuse_is_refused(subtests: pytest.Subtests) -> None:
    for settings, what in [
        ({"last_date_time": datetime(2026, 1, 15)}, "time zone"),
        ({"match_criteria": "Name", "values": ("x",)}, "match_criteria"),
        ({"match_criteria": "ProfileId"}, "values"),
        ({"values": (1,)}, "match_criteria"),
        ({"match_criteria": "AlternateId", "values": ("x",)}, "match_type"),
        ({"match_type": "Home"}, "match_type"),
        ({"callback_url": "ftp://example.test"}, "callback_url"),
        ({"callback_url": "https://[example.test"}, "callback_url"),
    ]:
        with subtests.test(settings=settings), pytest.raises(Misconfigured, match=what):
            ExportSpec(**settings)  # type: ignore[arg-type]


def test_export_initiate_without_a_token_is_unclear(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [{}, {"AccessToken": None}, {"AccessToken": True}, [1], b"ok"]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(answer(200, body))

            with pytest.raises(GarbledAnswer) as raised:
                client.exports.initiate_segment("news")

            assert raised.value.hint


def test_initiate_and_commit_are_sent_once(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(hang_up, hang_up)

    with pytest.raises(NoAnswer, match="Initiate the export again"):
        client.exports.initiate_segment("news")
    with pytest.raises(NoAnswer):
        client.exports.commit("9001")

    assert len(vendor.received) == 2


def test_a_refusal_that_may_quote_the_values_asked_for_is_not_shown(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(*[answer(403, {"Message": "ana@example.test is not yours"})] * 2)
    spec = ExportSpec(match_criteria="EmailAddress", values=("ana@example.test",))

    with pytest.raises(Forbidden) as restricted:
        client.exports.initiate_segment("news", spec)
    with pytest.raises(Forbidden) as whole:
        client.exports.initiate_segment("news")

    assert "ana@" not in str(restricted.value)
    assert "ana@" in str(whole.value)


def test_no_text_shows_the_callbacks_address_or_the_values_asked_for(
    vendor: ScriptedVendor, client: Client
) -> None:
    spec = ExportSpec(callback_url="https://hooks.example.test/callbacks/exports/k3y-k3y")
    restricted = ExportSpec(match_criteria="EmailAddress", values=("ana@example.test",))
    vendor.script(answer(400, {"Message": f"{spec.callback_url} is not reachable"}))

    with pytest.raises(BadRequest, match="not reachable") as raised:
        client.exports.initiate_segment("news", spec)

    assert "k3y" not in str(raised.value) + raised.value.vendor_message + repr(spec)
    assert "ana@" not in repr(restricted)


def test_status_tells_the_state_and_the_size(vendor: ScriptedVendor, client: Client) -> None:
    body = {
        "AccessToken": 9001,
        "Status": "Complete",
        "RowCount": 5,
        "ByteCount": "1024",
        "Expires": "2026-01-15T22:30:00Z",
    }
    vendor.script(answer(503), answer(200, body, DATE))

    status = client.exports.status("9001")

    assert vendor.received[1].path == "/Profiles/v4/Async/DEMO_CLIENT/Export/9001/Status"
    assert status == ExportStatus(
        status="Complete",
        row_count=5,
        byte_count=1024,
        expires=datetime(2026, 1, 15, 22, 30, tzinfo=UTC),
        date=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
    )
    assert "9001" not in repr(status)


def test_export_state_in_each_spelling_is_understood(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for word, status, ready, final in [
        ("Processing", "Processing", False, False),
        ("COMPLETE", "Complete", True, True),
        ("Completed", "Complete", True, True),
        ("retrieved", "Retrieved", False, True),
        ("Expired", "Expired", False, True),
        ("Error", "Error", False, True),
        ("failed", "Failed", False, True),
        ("Queued", "Queued", False, False),
    ]:
        with subtests.test(word=word):
            vendor.forget()
            vendor.script(answer(200, {"Status": word, "RowCount": None, "Expires": ""}))

            found = client.exports.status("1")

            assert (found.status, found.ready, found.final) == (status, ready, final)
            assert (found.row_count, found.byte_count, found.expires) == (None, None, None)


def test_a_status_without_a_state_is_garbled(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"AccessToken": 1, "Status": ""}))

    with pytest.raises(GarbledAnswer, match="Status"):
        client.exports.status("1")


@pytest.mark.parametrize(
    ("family", "path"),
    [("segment", "Export/Segment/9001"), ("segment_group", "Export/SegmentGroup/9001")],
)
def test_a_page_is_asked_for_with_its_place_and_kept_alive(
    vendor: ScriptedVendor, client: Client, family: str, path: str
) -> None:
    vendor.script(answer(200, {**PAGE, "Offset": 3}), answer(200, PAGE))

    client.exports.retrieve("9001", family, offset=3, limit=2)  # type: ignore[arg-type]
    client.exports.retrieve("9001", family, keep_alive=False)  # type: ignore[arg-type]

    assert [request.path.removeprefix("/Profiles/v4/") for request in vendor.received] == [
        f"Async/DEMO_CLIENT/{path}?limit=2&offset=3&keepAlive=true",
        f"Async/DEMO_CLIENT/{path}?limit=1000&offset=1&keepAlive=false",
    ]


def test_the_records_of_a_page_stay_the_bytes_that_the_vendor_sent(
    vendor: ScriptedVendor, client: Client
) -> None:
    body = (
        b'\xef\xbb\xbf{"hasmore":"false", "COUNT":"2", "userprofilepreferences":'
        b' [ {"ProfileId" : 1,"x":1.50} , {"Name":"Zo\xc3\xab", "y":12345678901234567890123} ]}'
    )
    vendor.script(answer(200, body))

    page = client.exports.retrieve("9001", "segment")

    assert [bytes(record) for record in page.records] == [
        b'{"ProfileId" : 1,"x":1.50}',
        b'{"Name":"Zo\xc3\xab", "y":12345678901234567890123}',
    ]
    assert (page.count, page.has_more, page.offset, page.limit) == (2, False, 1, 1000)
    assert page.total is None
    assert "Zo" not in repr(page)


@pytest.mark.parametrize(("total", "has_more"), [(5, True), ("2", False)])
def test_without_a_word_on_more_the_grand_total_tells(
    vendor: ScriptedVendor, client: Client, total: object, has_more: bool
) -> None:
    vendor.script(answer(200, {**PAGE, "HasMore": None, "TotalResults": total}))

    assert client.exports.retrieve("9001", "segment").has_more is has_more


def test_pages_follow_each_other_until_there_is_no_more(
    vendor: ScriptedVendor, client: Client
) -> None:
    second = {**PAGE, "Offset": 3}
    last = {**PAGE, "Offset": 5, "Count": 1, "HasMore": False}
    vendor.script(answer(200, PAGE), answer(503), answer(200, second))
    vendor.script(answer(200, {**last, "UserProfilePreferences": [{"ProfileId": 5}]}))

    pages = list(client.exports.iter_pages("9001", "segment", limit=2))

    assert [(page.offset, page.count, page.total) for page in pages] == [
        (1, 2, 5),
        (3, 2, 5),
        (5, 1, 5),
    ]
    assert msgspec.json.decode(pages[2].records[0]) == {"ProfileId": 5}


def test_a_page_that_the_vendor_makes_smaller_is_followed_by_the_next_profile(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, {**PAGE, "Limit": 2}))
    vendor.script(answer(200, {**PAGE, "Offset": 3, "HasMore": False, "TotalResults": 4}))

    pages = list(client.exports.iter_pages("9001", "segment", limit=3000))

    assert "offset=3&" in vendor.received[1].path
    assert [page.limit for page in pages] == [2, 2]


@pytest.mark.parametrize(
    "body",
    [
        {"Count": 0, "HasMore": False, "UserProfilePreferences": []},
        {"Count": 0, "HasMore": False, "UserProfilePreferences": None},
        {"Count": 0},
        {"Profiles": []},
    ],
    ids=str,
)
def test_an_empty_export_has_one_empty_page(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    assert list(client.exports.iter_pages("9001", "segment")) == [
        ExportPage(count=0, has_more=False, offset=1, limit=1000, total=None, records=[])
    ]


def test_export_page_that_could_hide_a_gap_is_garbled(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [
        {**PAGE, "Count": 3},
        {**PAGE, "Offset": 2},
        {**PAGE, "UserProfilePreferences": [{"ProfileId": 1}, 2], "Count": 2},
        {**PAGE, "UserProfilePreferences": None},
        {"Count": 0, "HasMore": True, "UserProfilePreferences": []},
        {**PAGE, "HasMore": "yes"},
        {**PAGE, "HasMore": 2},
        {**PAGE, "HasMore": False},
        {"Count": 0, "HasMore": False, "TotalResults": 5, "UserProfilePreferences": []},
        {"Count": 2, "HasMore": False},
        {"Count": 1, "UserProfilePreferences": [{"ProfileId": 1}]},
        {"One": [], "Two": []},
        [{"ProfileId": 1}],
        b'{"Count":1,"UserProfilePreferences":[{"Name":"\xff"}]}',
        b'{"Count":1,"UserProfilePreferences":[{"Name":1}',
        b'{"Count":1,"UserProfilePreferences":[' + b'{"a":' * 50_000 + b"}" * 50_000 + b"]}",
        b"",
    ]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(answer(200, body))

            with pytest.raises(GarbledAnswer) as raised:
                client.exports.retrieve("9001", "segment")

            assert "ProfileId" not in str(raised.value)
            assert "9001" not in str(raised.value)


MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "Count": st.integers(-1, 3) | st.text(max_size=2) | st.none(),
        "HasMore": st.booleans() | st.text(max_size=5) | st.none(),
        "Offset": st.integers(0, 3) | st.none(),
        "userProfilePreferences": st.none()
        | st.lists(st.dictionaries(st.text(max_size=3), st.integers(), max_size=2), max_size=3),
        "More": st.lists(st.integers(), max_size=2),
    },
)


@given(st.binary(max_size=100) | MEMBERS.map(lambda members: json.dumps(members).encode()))
def test_any_answer_is_a_page_without_a_gap_or_garbled(body: bytes) -> None:
    answered = Answer("export.segment.retrieve", 200, {}, body)

    try:
        page = parse_page(answered, offset=1, limit=10)
    except GarbledAnswer:
        return

    assert page.offset == 1
    assert page.count == len(page.records)
    assert page.records or not page.has_more
    assert all(isinstance(msgspec.json.decode(record), dict) for record in page.records)


@pytest.mark.parametrize(("offset", "limit"), [(0, 1000), (1, 0), (1, 3201)])
def test_a_page_that_cannot_be_is_not_asked_for(client: Client, offset: int, limit: int) -> None:
    with pytest.raises(Misconfigured, match="no page"):
        client.exports.retrieve("9001", "segment", offset=offset, limit=limit)


def test_an_unknown_family_is_not_asked_for(client: Client) -> None:
    with pytest.raises(Misconfigured, match="segment_group"):
        client.exports.retrieve("9001", "group")  # type: ignore[arg-type]


@pytest.mark.parametrize(("keep", "word"), [(False, "false"), (True, "true")])
def test_commit_says_whether_to_keep_the_files(
    vendor: ScriptedVendor, client: Client, keep: bool, word: str
) -> None:
    vendor.script(answer(200))

    client.exports.commit("9001", keep_files=keep)

    request = vendor.received[0]
    path = f"/Profiles/v4/Async/DEMO_CLIENT/Export/Commit/9001?keepFiles={word}"
    assert (request.method, request.path) == ("POST", path)


def test_a_token_that_the_vendor_does_not_know_is_refused_as_the_exports(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(*[answer(401, {"Message": "The token 9001 is invalid"})] * 6)

    for call in (
        client.exports.status,
        lambda token: client.exports.retrieve(token, "segment"),
        client.exports.commit,
    ):
        with pytest.raises(TokenRefused, match="initiate the export again") as raised:
            call("9001")
        assert "9001" not in str(raised.value) + raised.value.vendor_message
