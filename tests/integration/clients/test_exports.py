"""Bulk export of the client against the sandbox: segments come out whole, in full or since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from prefdrop.mypreferences import (
    Client,
    ExportSpec,
    ExportStatus,
    Forbidden,
    NotFound,
    TokenRefused,
)
from prefdrop.mypreferences.bulk_export_dates import covering, rounded_up
from tests.integration.clients.conftest import Admin, Connect
from tests.integration.clients.people import bring, person
from tests.workbench import poll


def ended(client: Client, token: str) -> ExportStatus:
    """The export's final status; the vendor offers nothing but asking again."""
    return poll(lambda: (status := client.exports.status(token)).final and status)


def exported(client: Client, spec: ExportSpec | None = None) -> list[dict[str, Any]]:
    token = client.exports.initiate_segment("AllProfiles", spec)
    assert ended(client, token).ready
    pages = client.exports.iter_pages(token, "segment", limit=3)
    return [msgspec.json.decode(record) for page in pages for record in page.records]


def names(profiles: list[dict[str, Any]]) -> list[str]:
    return [profile["AlternateIds"][0]["AlternateId"] for profile in profiles]


def test_a_segment_comes_out_page_by_page_and_is_committed(client: Client, admin: Admin) -> None:
    bring(client, *map(person, range(7)))

    token = client.exports.initiate_segment("AllProfiles")
    status = ended(client, token)
    pages = list(client.exports.iter_pages(token, "segment", limit=3))
    again = client.exports.retrieve(token, "segment", offset=4, limit=3)
    client.exports.commit(token)

    assert (status.status, status.row_count) == ("Complete", 7)
    assert status.byte_count is not None
    assert [(page.offset, page.count, page.total, page.has_more) for page in pages] == [
        (1, 3, 7, True),
        (4, 3, 7, True),
        (7, 1, 7, False),
    ]
    assert list(map(bytes, again.records)) == list(map(bytes, pages[1].records))
    records = [msgspec.json.decode(record) for page in pages for record in page.records]
    stored = admin("profiles")["profiles"]
    assert [record["ProfileId"] for record in records] == [each["ProfileId"] for each in stored]
    assert [record["Emails"][0]["EmailAddress"] for record in records] == [
        f"person.{number}@example.test" for number in range(7)
    ]


def test_what_is_committed_or_read_to_its_end_without_keep_alive_is_gone(client: Client) -> None:
    bring(client, person(1), person(2))
    committed = client.exports.initiate_segment("AllProfiles")
    ended(client, committed)
    read = client.exports.initiate_segment("AllProfiles")
    ended(client, read)

    client.exports.retrieve(committed, "segment")
    client.exports.commit(committed)
    first = client.exports.retrieve(read, "segment", limit=1, keep_alive=False)
    last = client.exports.retrieve(read, "segment", offset=2, limit=1, keep_alive=False)

    assert (first.has_more, last.has_more) == (True, False)
    for token in (committed, read):
        with pytest.raises(TokenRefused, match="initiate the export again"):
            client.exports.retrieve(token, "segment")


def test_a_segment_group_and_restrictions_narrow_an_export(client: Client, admin: Admin) -> None:
    gold = {"CustomFields": [{"Name": "Tier", "Value": "Gold"}]}
    bring(client, person(1, **gold), person(2), person(3))
    admin("segment_groups/Not%20gold", {
        "first": "AllProfiles",
        "then": [{"operator": "EXCEPT", "segment": "Gold members"}],
    }, "PUT")  # fmt: skip

    token = client.exports.initiate_segment_group("Not gold")
    ended(client, token)
    page = client.exports.retrieve(token, "segment_group")
    by_alternate_id = ExportSpec(
        match_criteria="AlternateId", match_type="CrmContactId", values=("C-3", "C-9")
    )
    by_email = ExportSpec(match_criteria="EmailAddress", values=("PERSON.1@example.test",))

    assert names([msgspec.json.decode(record) for record in page.records]) == ["C-2", "C-3"]
    assert names(exported(client, by_alternate_id)) == ["C-3"]
    assert names(exported(client, by_email)) == ["C-1"]


def test_a_covering_date_misses_no_change_at_any_millisecond_around_a_boundary(
    client: Client, admin: Admin
) -> None:
    admin("clock", {"stopped": True})
    for number in range(12):
        bring(client, person(number))
        admin("clock", {"advance": 0.001})
    moments = {
        change["profile_id"]: datetime.fromtimestamp(0, UTC)
        + timedelta(milliseconds=change["changed_at"])
        for change in admin("changes")["changes"]
    }

    assert len(moments) == 12
    for moment in moments.values():
        since = exported(client, ExportSpec(last_date_time=covering(moment)))
        asked = exported(client, ExportSpec(last_date_time=moment))

        due = {number for number, changed in moments.items() if changed >= moment}
        assert due <= {profile["ProfileId"] for profile in since}
        late = {number for number, changed in moments.items() if changed >= rounded_up(moment)}
        assert {profile["ProfileId"] for profile in asked} == late
    assert len({later - earlier for earlier, later in pairwise(sorted(moments.values()))}) == 1


def test_what_the_vendor_refuses_says_why(client: Client, connect: Connect) -> None:
    with pytest.raises(NotFound, match="segment"):
        client.exports.initiate_segment("Nobody")
    with pytest.raises(NotFound):
        client.exports.initiate_segment_group("Nobody")
    with pytest.raises(Forbidden, match="permission"):
        connect("demo.no.export").exports.initiate_segment("AllProfiles")
    with pytest.raises(TokenRefused, match="initiate the export again"):
        client.exports.status("999999999")


@pytest.mark.parametrize(
    "settings",
    [
        {"token_type": "string", "export_expires": True, "page_inclusive_quirk": True},
        {"token_type": "int", "export_limit_max": 2, "expires_zone": "eastern"},
    ],
    ids=str,
)
def test_both_readings_of_the_contract_are_understood(
    client: Client, admin: Admin, settings: dict[str, Any]
) -> None:
    admin("settings", settings, "PATCH")
    bring(client, *map(person, range(7)))

    assert names(exported(client)) == [f"C-{number}" for number in range(7)]
    token = client.exports.initiate_segment("AllProfiles")
    assert (ended(client, token).expires is not None) is bool(settings.get("export_expires"))


def test_an_export_that_fails_says_so(client: Client, admin: Admin) -> None:
    admin("settings", {"fail_exports": True}, "PATCH")

    status = ended(client, client.exports.initiate_segment("AllProfiles"))

    assert (status.status, status.ready) == ("Error", False)


def test_an_expired_token_is_refused(client: Client, admin: Admin) -> None:
    token = client.exports.initiate_segment("AllProfiles")
    admin("clock", {"advance": 13 * 3600})

    with pytest.raises(TokenRefused):
        client.exports.retrieve(token, "segment")
