"""Exceptions pages that change while they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


@pytest.fixture
def token(vendor: Vendor, contact: Contact) -> str:
    """An import of two stage requests; records 1, 3, 5 and 6, 8, 10 failed."""
    token = vendor.initiate()
    records = [
        contact(f"C-{n}", **({"CustomerType": "X"} if n in (1, 3, 5, 6, 8, 10) else {}))
        for n in range(1, 11)
    ]
    vendor.stage(token, *records[:5])
    vendor.stage(token, *records[5:])
    return token


def change(vendor: Vendor, kind: str, seed: int = 7, **options: Any) -> None:
    """Let pages change."""
    rule = {"route": "import.exceptions", "kind": kind, **options}
    vendor.admin("PUT", "faults", json={"seed": seed, "rules": [rule]})


def read(vendor: Vendor, token: str, limit: int = 2) -> list[list[int]]:
    """The sequence numbers on each page, as a caller pages who goes by the book."""
    pages, offset, more = [], 1, True
    while more:
        page = vendor.exceptions(token, limit=limit, offset=offset)
        records = page["UserProfilePreferences"]
        assert page["Count"] == len(records) <= limit
        pages.append([record["SequenceNumber"] for record in records])
        offset += len(records)
        more = page["HasMore"] and bool(records)
    return pages


TRUE_PAGES = [[1, 3], [5, 6], [8, 10]]


def test_a_page_can_repeat_the_end_of_the_page_before(vendor: Vendor, token: str) -> None:
    change(vendor, "repeat", **{"from": 2})
    assert read(vendor, token) == [[1, 3], [3, 5], [6, 8], [10]]

    change(vendor, "repeat", records=2, **{"from": 2})
    assert read(vendor, token) == [[1, 3], [1, 3], [5, 6], [8, 10]]


def test_what_one_repeating_page_pushes_out_is_missing_until_the_next_reading(
    vendor: Vendor, token: str
) -> None:
    change(vendor, "repeat", nth=2)

    assert read(vendor, token) == [[1, 3], [3, 5], [8, 10]]
    assert read(vendor, token) == TRUE_PAGES


def test_the_order_can_change_between_pages(vendor: Vendor, token: str) -> None:
    readings = []
    for seed in (7, 7, 8):
        change(vendor, "shuffle", seed=seed)
        readings.append([read(vendor, token) for _ in range(8)])

    assert readings[0] == readings[1] != readings[2]
    assert readings[0][0] != readings[0][1]
    seen = {number for reading in readings[0] for page in reading for number in page}
    assert seen == {1, 3, 5, 6, 8, 10}
    assert any(len({n for page in reading for n in page}) < 6 for reading in readings[0])


def test_a_whole_reading_in_one_page_only_changes_its_order(vendor: Vendor, token: str) -> None:
    change(vendor, "shuffle")

    [page] = read(vendor, token, limit=100)

    assert page != sorted(page)
    assert sorted(page) == [1, 3, 5, 6, 8, 10]


def test_dropped_records_come_back_on_a_later_reading(vendor: Vendor, token: str) -> None:
    change(vendor, "drop", records=2, nth=1)

    [short], [whole] = (read(vendor, token, limit=100) for _ in range(2))

    assert len(short) == 4
    assert set(short) < set(whole) == {1, 3, 5, 6, 8, 10}


def test_all_records_of_a_page_can_be_dropped(vendor: Vendor, token: str) -> None:
    change(vendor, "drop", records=100, nth=1)

    assert read(vendor, token, limit=100) == [[]]


def test_a_page_can_hold_an_unknown_record(vendor: Vendor, token: str) -> None:
    change(vendor, "unknown_row")

    page = vendor.exceptions(token)

    assert page["Count"] == 7
    *known, unknown = page["UserProfilePreferences"]
    assert [record["SequenceNumber"] for record in known] == [1, 3, 5, 6, 8, 10]
    assert unknown["SequenceNumber"] == 1_000_010
    assert unknown["AlternateIds"][0]["AlternateIdType"] == "CrmContactId"
    assert unknown["Exceptions"][0]["Code"] == "Unknown"
    assert vendor.status(token)["ValidationFailed"] == 6


def test_a_full_page_makes_room_for_an_unknown_record(vendor: Vendor, token: str) -> None:
    change(vendor, "unknown_row", nth=2)

    assert read(vendor, token) == [[1, 3], [5, 1_000_010], [8, 10]]


def test_sequence_numbers_can_count_per_stage_request(vendor: Vendor, token: str) -> None:
    change(vendor, "wrong_sequence")

    assert read(vendor, token) == [[1, 3], [5, 1], [3, 5]]


def test_changes_go_together_and_with_a_cut(vendor: Vendor, token: str) -> None:
    route = {"route": "import.exceptions"}
    rules = [
        {**route, "kind": "cut", "nth": 2},
        {**route, "kind": "wrong_sequence"},
        {**route, "kind": "unknown_row"},
        {**route, "kind": "word", "members": "lower"},
    ]
    vendor.admin("PUT", "faults", json={"rules": rules})

    page = vendor.exceptions(token)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        vendor.exceptions(token)

    assert (page["count"], page["hasmore"]) == (7, False)
    numbers = [record["SequenceNumber"] for record in page["userprofilepreferences"]]
    assert numbers == [1, 3, 5, 1, 3, 5, 1_000_010]
    assert [item["fault"] for item in vendor.books()["requests"]][-2:] == [
        "wrong_sequence+unknown_row+word", "cut+wrong_sequence+unknown_row+word",
    ]  # fmt: skip


def test_a_refused_reading_is_not_changed(vendor: Vendor, token: str) -> None:
    change(vendor, "shuffle")

    answer = vendor.imports("GET", "/1/Exceptions")

    assert answer.status_code == 401
    assert answer.json()["Message"]


def test_nothing_that_is_stored_changes(vendor: Vendor, token: str) -> None:
    for kind in ("repeat", "shuffle", "drop", "unknown_row", "wrong_sequence"):
        change(vendor, kind)
        read(vendor, token)
    vendor.admin("DELETE", "faults")

    assert read(vendor, token) == TRUE_PAGES
