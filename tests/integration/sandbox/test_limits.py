"""Sizes, counts and the rolling limit of the account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


def _padded(size: int) -> bytes:
    """A valid stage body of exactly that many bytes."""
    start = b'{"UserProfilePreferences":[{"AlternateIds":[{"AlternateIdType":"CrmContactId",'
    start += b'"AlternateId":"C-1"}]}]'
    return start + b" " * (size - len(start) - 1) + b"}"


@pytest.mark.parametrize(
    ("size", "status"), [(25_000_000, 200), (25_000_001, 413), (28_000_001, 413)]
)
def test_a_body_above_25_mb_is_too_large(vendor: Vendor, size: int, status: int) -> None:
    token = vendor.initiate()

    answer = vendor.imports("POST", f"/{token}/Stage", data=_padded(size))

    assert answer.status_code == status
    assert vendor.status(token)["TotalRecordsReceived"] == (1 if status == 200 else 0)
    assert vendor.books()["requests"][1]["bytes"] == size


def test_the_body_limit_can_be_lowered_but_not_above_the_absolute_one(vendor: Vendor) -> None:
    vendor.switch(body_limit=1000)
    token = vendor.initiate()

    assert vendor.imports("POST", f"/{token}/Stage", data=_padded(1001)).status_code == 413
    assert vendor.imports("POST", f"/{token}/Stage", data=_padded(1000)).status_code == 200
    answer = requests.patch(
        vendor.process.admin_url + "settings", json={"body_limit": 28_000_001}, timeout=60
    )
    assert answer.status_code == 400


def test_an_oversize_body_can_be_answered_as_a_bare_web_server_would(vendor: Vendor) -> None:
    vendor.switch(body_limit=1000, oversize_answer="404.13")

    answer = vendor.imports("POST", f"/{vendor.initiate()}/Stage", data=_padded(1001))

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html")
    assert answer.text.startswith("<html>")


def test_a_chunked_body_is_measured_too(vendor: Vendor) -> None:
    vendor.switch(body_limit=1000)
    token = vendor.initiate()

    def answer(*pieces: bytes) -> int:
        return vendor.imports("POST", f"/{token}/Stage", data=iter(pieces)).status_code

    assert answer(_padded(900)[:500], _padded(900)[500:]) == 200
    assert answer(_padded(1001)) == 413


def test_a_compressed_body_is_not_taken(vendor: Vendor) -> None:
    token = vendor.initiate()

    answer = vendor.send(token, [], headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


def test_an_import_takes_no_more_records_than_its_cap(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(part_records=3)
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"), contact("C-2"))

    answer = vendor.send(token, [contact("C-3"), contact("C-4")])

    assert answer.status_code == 400
    assert vendor.stage(token, contact("C-3"))["TotalRecordsReceived"] == 3


def test_the_daily_limit_counts_imports_and_says_when_a_slot_frees(vendor: Vendor) -> None:
    vendor.switch(daily_limit=2)
    vendor.stop_clock()
    vendor.initiate()
    vendor.advance(hours=1)
    vendor.initiate()

    refused = vendor.imports("POST", json={"Name": "n"})

    assert refused.status_code == 429
    assert refused.json()["Message"]
    assert int(refused.headers["Retry-After"]) == 23 * 3600
    vendor.advance(seconds=23 * 3600)
    assert vendor.imports("POST", json={"Name": "n"}).status_code == 200
    assert vendor.imports("POST", json={"Name": "n"}).status_code == 429


def test_a_refused_request_uses_no_slot(vendor: Vendor) -> None:
    vendor.switch(daily_limit=1)

    assert vendor.imports("POST", json={}).status_code == 400
    assert vendor.imports("POST", json={"Name": "n"}).status_code == 200


def test_with_unit_import_staging_is_free(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(daily_limit=1)
    token = vendor.initiate()

    for number in range(3):
        vendor.stage(token, contact(f"C-{number}"))

    assert vendor.execute(token)["TotalRecordsReceived"] == 3


def test_with_unit_request_staging_and_executing_count(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(daily_limit=3, daily_unit="request")
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    vendor.stage(token, contact("C-2"))

    refused = vendor.send(token, [contact("C-3")])

    assert refused.status_code == 429
    assert "Retry-After" in refused.headers
    assert vendor.imports("POST", f"/{token}/Execute").status_code == 429
    assert vendor.status(token)["TotalRecordsReceived"] == 2


def test_a_refusal_can_leave_open_when_a_slot_frees(vendor: Vendor) -> None:
    vendor.switch(daily_limit=0, retry_after=False)

    refused = vendor.imports("POST", json={"Name": "n"})

    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers


def test_a_limit_of_nothing_refuses_everything(vendor: Vendor) -> None:
    vendor.switch(daily_limit=0)

    assert vendor.imports("POST", json={"Name": "n"}).status_code == 429
