"""Pages, and how reading them ends an export."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.bulk_export.exporter import Exporter
from tests.integration.sandbox.caller import Json


def shown(page: Json) -> tuple[int, int, bool, list[int]]:
    """Offset, count, whether there is more, and the ids."""
    ids = [record["ProfileId"] for record in page["UserProfilePreferences"]]
    return page["Offset"], page["Count"], page["HasMore"], ids


def test_pages_are_counted_from_one_and_know_the_grand_total(exporter: Exporter) -> None:
    ids = exporter.seed(5)
    token = exporter.initiate()

    pages = [exporter.page(token, limit=2, offset=offset) for offset in (1, 3, 5)]

    assert [shown(page) for page in pages] == [
        (1, 2, True, ids[:2]), (3, 2, True, ids[2:4]), (5, 1, False, ids[4:]),
    ]  # fmt: skip
    assert [(page["TotalResults"], page["Limit"]) for page in pages] == [(5, 2)] * 3


def test_a_page_holds_a_thousand_records_unless_told_otherwise(exporter: Exporter) -> None:
    exporter.seed(1_200)
    token = exporter.initiate()

    assert exporter.page(token)["Count"] == 1_000
    exporter.vendor.switch(export_limit_max=1_100)
    page = exporter.page(token, limit=5_000, keepAlive="true")
    assert (page["Count"], page["Limit"], page["HasMore"]) == (1_100, 1_100, True)


def test_a_page_may_hold_one_record_too_many(exporter: Exporter) -> None:
    ids = exporter.seed(5)
    exporter.vendor.switch(page_inclusive_quirk=True)

    assert shown(exporter.page(exporter.initiate(), limit=2)) == (1, 3, True, ids[:3])


def test_page_with_a_wrong_query_is_refused(subtests: pytest.Subtests, exporter: Exporter) -> None:
    for query in [
        {"limit": 0},
        {"limit": "ten"},
        {"offset": 0},
        {"offset": -1},
        {"keepAlive": "yes"},
    ]:
        with subtests.test(query=query):
            token = exporter.initiate()

            assert exporter.try_page(token, **query).status_code == 400
            assert exporter.state(token) == "Complete"


def test_records_are_whole_profiles_with_what_is_read_only(exporter: Exporter) -> None:
    exporter.seed(1)

    [record] = exporter.export()

    assert [record] == exporter.vendor.profiles()
    [preference, *_] = record["Emails"][0]["EmailPreferences"]
    assert {"ProgramId", "ChannelId", "PreferenceStatus", "LastModifiedDate"} <= set(preference)


def test_the_token_dies_with_the_last_block(exporter: Exporter) -> None:
    exporter.seed(4)
    token = exporter.initiate()
    assert exporter.page(token, limit=2)["HasMore"]
    assert exporter.page(token, limit=2)["HasMore"]
    assert exporter.state(token) == "Complete"

    exporter.page(token, limit=2, offset=3)

    assert exporter.state(token) == "Retrieved"
    assert exporter.try_page(token).status_code == 401
    assert exporter.commit(token, keepFiles="false").status_code == 401


def test_an_empty_export_ends_with_its_only_block(exporter: Exporter) -> None:
    token = exporter.initiate()

    assert shown(exporter.page(token)) == (1, 0, False, [])
    assert exporter.status(token) == {
        "AccessToken": int(token), "Status": "Retrieved", "RowCount": 0, "ByteCount": 0,
    }  # fmt: skip


def test_a_block_behind_the_last_is_empty_and_is_a_last_one(exporter: Exporter) -> None:
    exporter.seed(2)
    token = exporter.initiate()

    assert shown(exporter.page(token, offset=7, keepAlive="true")) == (7, 0, False, [])
    assert exporter.state(token) == "Complete"
    exporter.page(token, offset=7)
    assert exporter.state(token) == "Retrieved"


@pytest.mark.parametrize("keep", ["true", "True"])
def test_with_keep_alive_the_data_can_be_read_again_until_commit(
    exporter: Exporter, keep: str
) -> None:
    exporter.seed(2)
    token = exporter.initiate()
    first = exporter.page(token, keepAlive=keep)
    assert exporter.page(token, keepAlive=keep) == first
    assert exporter.state(token) == "Complete"

    answer = exporter.commit(token, keepFiles="false")

    assert (answer.status_code, answer.content) == (200, b"")
    assert exporter.state(token) == "Retrieved"
    assert exporter.try_page(token, keepAlive=keep).status_code == 401
    assert exporter.commit(token, keepFiles="false").status_code == 401


@pytest.mark.parametrize(("keep_files", "kept"), [("true", True), ("false", False)])
def test_a_commit_says_whether_files_are_kept_and_is_a_retrieval_in_both_cases(
    exporter: Exporter, keep_files: str, kept: bool
) -> None:
    token = exporter.initiate()
    exporter.page(token, keepAlive="true")

    exporter.commit(token, keepFiles=keep_files)

    described = exporter.described(token)
    assert (described["state"], described["files_kept"]) == ("Retrieved", kept)


@pytest.mark.parametrize("query", [{}, {"keepFiles": ""}, {"keepFiles": "maybe"}])
def test_a_commit_must_say_what_becomes_of_files(exporter: Exporter, query: Any) -> None:
    token = exporter.initiate()
    exporter.page(token, keepAlive="true")

    assert exporter.commit(token, **query).status_code == 400
    assert exporter.state(token) == "Complete"


def test_a_commit_is_for_what_was_retrieved_with_keep_alive(exporter: Exporter) -> None:
    exporter.seed(2)
    token = exporter.initiate()
    exporter.page(token, limit=1)

    assert exporter.commit(token, keepFiles="false").status_code == 400
    assert exporter.state(token) == "Complete"


def test_other_methods_are_not_allowed(exporter: Exporter) -> None:
    token = exporter.initiate()

    assert exporter.call("DELETE", f"{token}/Status").status_code == 405
    assert exporter.call("PUT", f"Segment/{token}").status_code == 405
    assert exporter.call("GET", f"Commit/{token}").status_code == 405
