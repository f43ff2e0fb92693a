"""Bulk import: what goes out on each route, and what comes back typed."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from prefdrop.mypreferences import (
    Client,
    ExceptionRecord,
    GarbledAnswer,
    ImportSpec,
    ImportStatus,
    Misconfigured,
    Reason,
)
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer

SPEC = ImportSpec(
    name="crm-nightly-0142",
    data_stage_duration=5,
    match_criteria="AlternateIdType",
    match_value="CrmContactId",
)
STATUS = {
    "AccessToken": 704418,
    "Status": "Processing",
    "Expires": "2026-01-15T22:30:00Z",
    "TotalRecordsReceived": 10,
    "ValidationSuccessful": 9,
    "ValidationFailed": 1,
    "Processed": 5,
    "Pending": 2,
    "Exceptions": 1,
    "NotHonored": 1,
    "Name": "crm-nightly-0142",
}
DATE = {"Date": "Thu, 15 Jan 2026 10:30:00 GMT"}


def test_initiate_posts_every_setting_and_returns_the_token(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(
        answer(200, {"AccessToken": 704418, "Status": "Initiated", "Expires": None}, DATE)
    )

    status = client.imports.initiate(SPEC)

    request = vendor.received[0]
    assert (request.method, request.path) == ("POST", "/Profiles/v4/Async/DEMO_CLIENT/Import")
    assert request.json == {
        "Name": "crm-nightly-0142",
        "DataStageDuration": 5,
        "ImportAction": "Add",
        "MatchCriteria": "AlternateIdType",
        "MatchValue": "CrmContactId",
        "RefreshAlternateIds": False,
        "RefreshContacts": False,
        "RefreshCustomFields": False,
        "RefreshGroups": False,
        "RefreshTags": False,
        "AllowPriorConsents": False,
    }
    assert status == ImportStatus(
        access_token="704418",
        status="Initiated",
        date=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
    )


def test_a_delete_carries_its_reason_code(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"AccessToken": 1}))

    client.imports.initiate(ImportSpec(name="x", import_action="Delete", reason_code="GDPR"))

    assert vendor.received[0].json["ImportAction"] == "Delete"
    assert vendor.received[0].json["ReasonCode"] == "GDPR"


def test_import_spec_that_the_vendor_must_refuse_is_refused(subtests: pytest.Subtests) -> None:
    for settings, what in [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"data_stage_duration": 11}, "data_stage_duration"),
        ({"data_stage_duration": -1}, "data_stage_duration"),
        ({"import_action": "Replace"}, "import_action"),
        ({"match_criteria": "ProfileId", "match_value": "x"}, "match_criteria"),
        ({"match_criteria": "AlternateIdType"}, "match_value"),
        ({"match_value": "CrmContactId"}, "match_criteria"),
        ({"reason_code": "x" * 257}, "reason_code"),
    ]:
        with subtests.test(settings=settings), pytest.raises(Misconfigured, match=what):
            ImportSpec(**{"name": "crm", **settings})  # type: ignore[arg-type]


def test_stage_execute_and_status_return_the_counters(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(*[answer(200, STATUS, DATE)] * 3)

    staged = client.imports.stage("704418", b"{}", timeout=5)
    executed = client.imports.execute("704418")
    followed = client.imports.status("704418")

    assert [(r.method, r.path.removeprefix("/Profiles/v4/")) for r in vendor.received] == [
        ("POST", "Async/DEMO_CLIENT/Import/704418/Stage"),
        ("POST", "Async/DEMO_CLIENT/Import/704418/Execute"),
        ("GET", "Async/DEMO_CLIENT/Import/704418/Status"),
    ]
    assert vendor.received[1].headers["content-length"] == "0"
    assert staged == executed == followed
    assert followed == ImportStatus(
        access_token="704418",
        status="Processing",
        expires=datetime(2026, 1, 15, 22, 30, tzinfo=UTC),
        date=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
        total_records_received=10,
        validation_successful=9,
        validation_failed=1,
        processed=5,
        pending=2,
        exceptions=1,
        not_honored=1,
    )


def test_import_state_in_each_spelling_is_understood(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for word, status, final in [
        ("Complete", "Completed", True),
        ("Completed", "Completed", True),
        ("COMPLETED", "Completed", True),
        ("failed", "Failed", True),
        ("queued", "Queued", False),
        ("Paused", "Paused", False),
    ]:
        with subtests.test(word=word):
            vendor.forget()
            vendor.script(answer(200, {**STATUS, "Status": word}))

            answered = client.imports.status("1")

            assert (answered.status, answered.final) == (status, final)


def test_access_token_of_any_form_goes_back_as_it_came(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for token, opaque in [
        (704418, "704418"),
        (9_223_372_036_854_775_807, "9223372036854775807"),
        ("704418", "704418"),
        ("ab/c?d", "ab/c?d"),
        (0, "0"),
    ]:
        with subtests.test(token=token):
            vendor.forget()
            vendor.script(answer(200, {"accesstoken": token}), answer(200, STATUS))

            status = client.imports.initiate(SPEC)
            client.imports.status(status.access_token)

            assert status.access_token == opaque
            assert vendor.received[1].path.endswith(
                f"/Import/{opaque.replace('/', '%2F').replace('?', '%3F')}/Status"
            )


@pytest.mark.parametrize(
    "members", [{}, {"AccessToken": None}, {"AccessToken": ""}, {"AccessToken": []}]
)
def test_an_initiate_without_a_token_is_garbled(
    vendor: ScriptedVendor, client: Client, members: object
) -> None:
    vendor.script(answer(200, members))

    with pytest.raises(GarbledAnswer, match="AccessToken"):
        client.imports.initiate(SPEC)


@pytest.mark.parametrize(
    ("expires", "hours"),
    [("2026-01-15T16:30:00Z", 6), ("2026-01-15T22:30:00Z", 12)],
)
def test_both_lives_of_a_token_are_believed(
    vendor: ScriptedVendor, client: Client, expires: str, hours: int
) -> None:
    vendor.script(answer(200, {"AccessToken": 1, "Expires": expires}, DATE))

    status = client.imports.initiate(SPEC)

    assert status.expires is not None
    assert status.date is not None
    assert (status.expires - status.date).total_seconds() == hours * 3600


def test_date_without_a_zone_is_us_eastern(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for text, moment in [
        ("2026-01-15T22:30:00Z", "2026-01-15T22:30:00"),
        ("2026-01-15T22:30:00.1234567Z", "2026-01-15T22:30:00.123456"),
        ("2026-01-15T17:30:00-05:00", "2026-01-15T22:30:00"),
        ("2026-01-15T17:30:00", "2026-01-15T22:30:00"),
        ("2026-07-15T17:30:00.5", "2026-07-15T21:30:00.5"),
        ("2026-01-15 17:30", "2026-01-15T22:30:00"),
        ("2026-01-15", "2026-01-15T05:00:00"),
        ("2026-11-01T01:30:00", "2026-11-01T05:30:00"),
    ]:
        with subtests.test(text=text):
            vendor.forget()
            vendor.script(answer(200, {"AccessToken": 1, "Expires": text}))

            status = client.imports.initiate(SPEC)

            assert status.expires == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_date_that_cannot_be_read_is_unknown(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for expires in ["", "tomorrow", 17, None, "9999-12-31T23:59:59"]:
        with subtests.test(expires=expires):
            vendor.forget()
            vendor.script(answer(200, {"AccessToken": 1, "Expires": expires}))

            assert client.imports.initiate(SPEC).expires is None


def test_member_names_and_numbers_are_read_leniently(
    vendor: ScriptedVendor, client: Client
) -> None:
    body = b'\xef\xbb\xbf{"STATUS":"staging","totalRecordsReceived":"12","processed":3.0}'
    vendor.script(answer(200, body))

    status = client.imports.status("704418")

    assert (status.status, status.total_records_received, status.processed) == ("Staging", 12, 3)
    assert status.access_token == "704418"


def test_counter_that_is_no_number_is_garbled_and_not_zero(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for value in [True, "many", -1, 1.5, {}]:
        with subtests.test(value=value):
            vendor.forget()
            vendor.script(answer(200, {"TotalRecordsReceived": value}))

            with pytest.raises(GarbledAnswer, match="TotalRecordsReceived"):
                client.imports.stage("1", b"{}", timeout=5)


def test_exceptions_are_asked_for_by_page(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"Count": 0, "HasMore": False, "UserProfilePreferences": []}))

    page = client.imports.exceptions("704418", offset=501, limit=250)

    assert vendor.received[0].path.endswith("/Import/704418/Exceptions?limit=250&offset=501")
    assert (page.count, page.has_more, page.offset, page.limit) == (0, False, 501, 250)


def test_an_exception_is_parted_into_the_staged_record_and_its_reasons(
    vendor: ScriptedVendor, client: Client
) -> None:
    echoed = {
        "SequenceNumber": 7,
        "DefaultLocale": "en_US",
        "CustomerName": {"FirstName": "Ana", "Exceptions": ["Too short"]},
        "Emails": [
            {"EmailAddress": "ana@example.test", "Exceptions": []},
            {
                "EmailAddress": "ana",
                "Edited": {"UserId": 1},
                "exceptions": [{"Code": "Regex", "Message": "Invalid e-mail address"}],
                "EmailPreferences": [
                    {"FilterId": "NOPE", "Exceptions": [{"Code": 404, "Message": "Unknown filter"}]}
                ],
            },
        ],
        "Edited": None,
        "Exceptions": [{"code": "Rec", "message": "Record refused"}],
    }
    vendor.script(answer(200, {"Count": 1, "HasMore": False, "UserProfilePreferences": [echoed]}))

    record = client.imports.exceptions("1").records[0]

    assert record == ExceptionRecord(
        sequence=7,
        record={
            "DefaultLocale": "en_US",
            "CustomerName": {"FirstName": "Ana"},
            "Emails": [
                {"EmailAddress": "ana@example.test"},
                {"EmailAddress": "ana", "EmailPreferences": [{"FilterId": "NOPE"}]},
            ],
        },
        reasons=[
            Reason("CustomerName", "", "Too short"),
            Reason("Emails[1]", "Regex", "Invalid e-mail address"),
            Reason("Emails[1].EmailPreferences[0]", "404", "Unknown filter"),
            Reason("", "Rec", "Record refused"),
        ],
    )


def test_reason_of_any_shape_is_kept_whole(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for item, reason in [
        ("plain words", Reason("", "", "plain words")),
        ({"Message": "m"}, Reason("", "", "m")),
        ({"Code": "c", "Message": "m", "Field": "City"}, Reason("", "c", 'm {"Field":"City"}')),
        ({"ErrorText": "t", "Id": 3}, Reason("", "", '{"ErrorText":"t","Id":3}')),
        ({"Code": "c", "Message": None}, Reason("", "c", '{"Code":"c","Message":null}')),
        (17, Reason("", "", "17")),
        (["a", 1], Reason("", "", '["a",1]')),
    ]:
        with subtests.test(item=item):
            vendor.forget()
            vendor.script(answer(200, {"Records": [{"ProfileId": 1, "Exceptions": [item]}]}))

            assert client.imports.exceptions("1").records[0].reasons == [reason]


@pytest.mark.parametrize("value", [None, [], {"Code": "c", "Message": "m"}, "words"])
def test_reasons_need_not_come_in_a_collection(
    vendor: ScriptedVendor, client: Client, value: object
) -> None:
    vendor.script(answer(200, {"Records": [{"ProfileId": 1, "Exceptions": value}]}))

    record = client.imports.exceptions("1").records[0]

    assert len(record.reasons) == (1 if value else 0)
    assert (record.sequence, record.record) == (None, {"ProfileId": 1})


def test_page_without_what_it_counts_is_garbled(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for page in [
        {"Count": 2, "UserProfilePreferences": [{}]},
        {"Count": 1, "UserProfilePreferences": ["text"]},
        {"Count": 1, "One": [{}], "Another": [{}]},
        {"Count": 1},
        [{}],
    ]:
        with subtests.test(page=page):
            vendor.forget()
            vendor.script(*[answer(200, page)] * 4)

            with pytest.raises(GarbledAnswer):
                client.imports.exceptions("1")


def test_paging_goes_on_by_what_came_until_there_is_no_more(
    vendor: ScriptedVendor, client: Client
) -> None:
    def page(count: int, more: bool) -> dict[str, object]:
        records = [{"ProfileId": n} for n in range(count)]
        # TotalResults as the vendor documents it: capped at the limit, so of no use.
        return {"Count": count, "HasMore": more, "TotalResults": 3, "Records": records}

    vendor.script(
        answer(200, page(3, True)), answer(200, page(2, True)), answer(200, page(1, False))
    )

    pages = list(client.imports.iter_exceptions("1", limit=3))

    assert [page.count for page in pages] == [3, 2, 1]
    assert [r.path.partition("?")[2] for r in vendor.received] == [
        "limit=3&offset=1",
        "limit=3&offset=4",
        "limit=3&offset=6",
    ]


def test_paging_ends_at_an_empty_page_even_if_more_is_promised(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, {"Count": 0, "hasmore": True, "UserProfilePreferences": []}))

    assert [page.count for page in client.imports.iter_exceptions("1")] == [0]


@pytest.mark.parametrize(("offset", "limit"), [(0, 1), (1, 0), (1, 3201)])
def test_a_page_that_cannot_be_is_not_asked_for(client: Client, offset: int, limit: int) -> None:
    with pytest.raises(Misconfigured, match="no page"):
        client.imports.exceptions("1", offset=offset, limit=limit)


def test_printing_a_result_shows_no_token_and_no_persons_data(
    vendor: ScriptedVendor, client: Client
) -> None:
    echoed = {"CustomerType": "Ana", "SequenceNumber": 3, "Exceptions": ["Ana is no type"]}
    vendor.script(answer(200, STATUS), answer(200, {"Records": [echoed]}))

    status = client.imports.status("704418")
    page = client.imports.exceptions("704418")

    assert "704418" not in repr(status)
    assert "total_records_received=10" in repr(status)
    assert "Ana" not in repr(page)
    assert "sequence=3" in repr(page)


def test_results_can_be_stored_as_json() -> None:
    status = ImportStatus(access_token="1", expires=datetime(2026, 1, 15, tzinfo=UTC))

    assert msgspec.json.decode(msgspec.json.encode(status), type=ImportStatus) == status
