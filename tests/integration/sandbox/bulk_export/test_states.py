"""From Processing to the end of an export, over time."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.bulk_export.exporter import ALL, Exporter


@pytest.fixture
def slow(exporter: Exporter) -> Exporter:
    """Exports take ten seconds of a clock that stands still."""
    exporter.vendor.switch(export_seconds=10)
    exporter.vendor.stop_clock()
    exporter.seed(3)
    return exporter


def test_the_size_is_known_once_the_export_is_complete(slow: Exporter) -> None:
    token = slow.initiate()
    empty = {"AccessToken": int(token), "RowCount": None, "ByteCount": None}
    assert slow.status(token) == {**empty, "Status": "Processing"}
    slow.vendor.advance(seconds=9.9)
    assert slow.status(token) == {**empty, "Status": "Processing"}

    slow.vendor.advance(seconds=0.1)

    complete = slow.status(token)
    page = slow.try_page(token).content
    records = page[page.index(b"[") + 1 : page.rindex(b"]")]
    assert (complete["Status"], complete["RowCount"]) == ("Complete", 3)
    assert complete["ByteCount"] == len(records) - 2  # The commas between them are the page's.


def test_what_is_processing_cannot_be_retrieved_or_committed(slow: Exporter) -> None:
    token = slow.initiate()

    assert slow.try_page(token).status_code == 400
    assert slow.commit(token, keepFiles="false").status_code == 400
    slow.vendor.advance(seconds=10)
    assert slow.page(token)["Count"] == 3


def test_exports_do_not_wait_for_each_other(slow: Exporter) -> None:
    first = slow.initiate()
    slow.vendor.advance(seconds=6)
    second = slow.initiate()
    slow.vendor.advance(seconds=4)

    assert (slow.state(first), slow.state(second)) == ("Complete", "Processing")


def test_what_is_not_retrieved_in_time_expires(slow: Exporter) -> None:
    token = slow.initiate()
    slow.vendor.advance(hours=11.9)
    assert slow.state(token) == "Complete"

    slow.vendor.advance(hours=0.1)

    status = slow.status(token)
    assert (status["Status"], status["RowCount"]) == ("Expired", 3)
    assert slow.try_page(token).status_code == 401
    assert slow.commit(token, keepFiles="true").status_code == 401


def test_what_is_retrieved_does_not_expire_any_more(slow: Exporter) -> None:
    token = slow.initiate()
    slow.vendor.advance(seconds=10)
    slow.page(token)

    slow.vendor.advance(hours=13)

    assert slow.state(token) == "Retrieved"


def test_the_life_of_a_token_can_be_switched(slow: Exporter) -> None:
    slow.vendor.switch(export_token_hours=1)
    token = slow.initiate()

    slow.vendor.advance(hours=1)

    assert slow.state(token) == "Expired"


def test_a_dead_token_may_have_no_status(slow: Exporter) -> None:
    slow.vendor.switch(export_dead_status="401")
    token = slow.initiate()
    slow.vendor.advance(seconds=10)
    assert slow.state(token) == "Complete"

    slow.page(token)

    assert slow.call("GET", f"{token}/Status").status_code == 401


def test_the_status_may_tell_when_the_token_expires(slow: Exporter) -> None:
    slow.vendor.switch(export_expires=True)
    token = slow.initiate()
    assert slow.status(token)["Expires"] == ""

    slow.vendor.advance(seconds=10)

    assert slow.status(token)["Expires"][:19] == slow.described(token)["dies_at"][:19]


def test_exports_can_be_made_to_end_in_error(slow: Exporter) -> None:
    slow.vendor.switch(fail_exports=True)
    token = slow.initiate()
    slow.vendor.advance(seconds=10)

    assert slow.state(token) == "Error"
    assert slow.try_page(token).status_code == 400
    slow.vendor.advance(hours=13)
    assert slow.state(token) == "Error"


def test_tokens_that_are_none_are_refused(exporter: Exporter) -> None:
    exporter.seed(1)
    foreign = exporter.vendor.initiate()
    own = exporter.initiate()

    for token in (foreign, "0", "x", "9" * 30):
        assert exporter.call("GET", f"{token}/Status").status_code == 401
        assert exporter.try_page(token).status_code == 401
        assert exporter.commit(token, keepFiles="false").status_code == 401
    assert exporter.vendor.imports("GET", f"/{own}/Status").status_code == 401


def test_tokens_are_of_one_family(exporter: Exporter) -> None:
    exporter.define_group("Everyone", ALL)
    segment, group = exporter.initiate(), exporter.initiate("Everyone", "SegmentGroup")

    assert exporter.try_page(segment, "SegmentGroup").status_code == 401
    assert exporter.try_page(group, "Segment").status_code == 401
    assert exporter.page(group, "SegmentGroup")["Count"] == 0


def test_tokens_can_be_texts(exporter: Exporter) -> None:
    exporter.vendor.switch(token_type="string")

    token = exporter.try_initiate().json()["AccessToken"]

    assert isinstance(token, str)
    assert exporter.status(token)["AccessToken"] == token


def test_another_client_has_no_exports(exporter: Exporter) -> None:
    answer = exporter.vendor.call("POST", "Async/OTHER_CLIENT/Export/Segment/AllProfiles")

    assert answer.status_code == 404
