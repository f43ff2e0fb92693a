"""A user's mistake ends in a sentence that says what to do, and in nothing half-done."""

from __future__ import annotations

import json

import pytest

from tests.workbench import FEED, Workbench, people


def assert_nothing_was_sent(bench: Workbench) -> None:
    assert bench.vendor("books")["requests"] == []
    assert bench.profiles() == []


def test_a_missing_feed_is_named_with_the_command_that_pushes_it(bench: Workbench) -> None:
    report = bench.run(people(1), feed="nobody-made-it")

    assert report["status"] == "Failed"
    assert report["error"]["code"] == "FeedMissing"
    assert "nobody-made-it" in report["error"]["message"]
    assert "feeds push" in report["error"]["hint"]
    assert_nothing_was_sent(bench)


@pytest.mark.parametrize(
    ("feed", "body", "code", "says"),
    [
        ("[import\n", people(1), "FeedError", "line 1"),
        (FEED.replace("email =", "mail ="), people(1), "SourceError", "mail"),
        (FEED, "id,first,email,news,extra\nC-1,A,a@example.test,Y,x\n", "SourceError", "extra"),
        (FEED, "", "SourceError", "empty"),
        (FEED, b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(200), "SourceError", "people.csv"),
    ],
    ids=["broken feed", "missing column", "unknown column", "empty file", "another format"],
)
def test_a_wrong_feed_or_file_fails_with_the_place_of_the_fault(
    bench: Workbench, feed: str, body: str | bytes, code: str, says: str
) -> None:
    bench.push_feed(feed, "wrong")

    report = bench.run(body, feed="wrong")

    assert report["status"] == "Failed"
    assert report["error"]["code"] == code
    assert says in json.dumps(report["error"])
    assert report["rows_read"] == 0
    assert_nothing_was_sent(bench)


def test_a_file_without_a_row_is_stopped_by_a_gate_that_says_how_to_allow_it(
    bench: Workbench,
) -> None:
    report = bench.run("id,first,email,news\n")

    assert report["status"] == "Aborted"
    assert "min_records" in report["cause"]
    assert_nothing_was_sent(bench)


def test_a_file_without_a_row_completes_where_the_feed_allows_it(bench: Workbench) -> None:
    bench.push_feed(FEED + "min_records = 0\n", "may-be-empty")

    report = bench.run("id,first,email,news\n", feed="may-be-empty")

    assert (report["status"], report["rows_read"], report["chunks"]) == ("Completed", 0, 0)
    assert_nothing_was_sent(bench)


def test_a_file_of_nothing_but_wrong_rows_is_reported_without_asking_the_vendor(
    bench: Workbench,
) -> None:
    report = bench.run("id,first,email,news\nC-1,A,no-address,Y\nC-2,B,b@example.test,perhaps\n")

    assert (report["status"], report["rejected_local"]) == ("Aborted", 2)
    assert [r["_row"] for r in bench.rejects(report)] == ["1", "2"]
    assert_nothing_was_sent(bench)


def test_too_many_rejects_stop_the_import_before_anything_is_executed(bench: Workbench) -> None:
    bench.push_feed(FEED.replace("= 100", "= 10"), "strict")

    report = bench.run(people(8) + "C-9,A,no-address,Y\nC-10,B,b@example.test,?\n", feed="strict")

    assert report["status"] == "Aborted"
    assert "2 of 10 rows (20.0 %)" in report["cause"]
    assert len(bench.rejects(report)) == 2
    assert bench.requests_to("import.execute") == []
    assert bench.profiles() == []


def test_the_next_import_gets_its_turn_after_one_that_failed(bench: Workbench) -> None:
    bench.run(people(1), feed="nobody-made-it")
    bench.run("id,first,email,news\n")

    assert bench.run(people(2))["status"] == "Completed"
