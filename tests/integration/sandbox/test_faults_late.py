"""Requests that are applied after their connection died."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


@pytest.fixture
def token(vendor: Vendor) -> str:
    """An import whose first stage request will be held."""
    token = vendor.initiate()
    hold(vendor, nth=1)
    return token


def hold(vendor: Vendor, route: str = "import.stage", **options: Any) -> None:
    """Let requests be applied late."""
    rule = {"route": route, "kind": "late", **options}
    vendor.admin("PUT", "faults", json={"rules": [rule]})


def lose(vendor: Vendor, token: str, *records: Json) -> None:
    """Stage some records in a request whose connection is reset."""
    with pytest.raises(requests.ConnectionError):
        vendor.send(token, records)


def release(vendor: Vendor, nth: int | None = None) -> Json:
    """Let what is held arrive."""
    return vendor.admin("POST", "faults/release", json=None if nth is None else {"nth": nth})


def received(vendor: Vendor, token: str) -> int:
    """Records the vendor says it has."""
    return int(vendor.status(token)["TotalRecordsReceived"])


def staged(vendor: Vendor, token: str) -> list[str]:
    """The staged records' own ids in staging order."""
    records = vendor.admin("GET", f"imports/{token}")["records"]
    return [item["record"]["AlternateIds"][0]["AlternateId"] for item in records]


def test_a_held_request_is_applied_when_it_is_released(
    vendor: Vendor, contact: Contact, token: str
) -> None:
    lose(vendor, token, contact("C-1"), contact("C-2"))
    request = vendor.books()["requests"][-1]
    assert (request["late"], request["applied"], request["status"]) == (True, False, 0)
    assert received(vendor, token) == 0
    assert vendor.admin("GET", "faults")["held_requests"] == [
        {"nth": 1, "request": 2, "route": "import.stage", "token": token}
    ]

    released = release(vendor)

    assert released == {
        "released": [
            {"nth": 1, "request": 2, "route": "import.stage", "token": token, "status": 200,
             "applied": True}
        ],
        "held": 0,
    }  # fmt: skip
    assert received(vendor, token) == 2
    request = vendor.books()["requests"][1]
    assert (request["fault"], request["late"], request["applied"]) == ("late", True, True)
    assert request["started"] <= request["applied_at"]
    assert request["ended"] is None


def test_a_late_request_and_its_resend_are_both_applied(
    vendor: Vendor, contact: Contact, token: str
) -> None:
    lose(vendor, token, contact("C-1"))
    vendor.stage(token, contact("C-1"))

    release(vendor)

    assert staged(vendor, token) == ["C-1", "C-1"]
    entries = [item for item in vendor.books()["requests"] if item["route"] == "import.stage"]
    assert [(item["late"], item["sequence"]) for item in entries] == [(True, 2), (False, 1)]


def test_held_requests_can_be_released_one_by_one_in_any_order(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    hold(vendor, times=3)
    for name in ("C-1", "C-2", "C-3"):
        lose(vendor, token, contact(name))

    release(vendor, 3)
    release(vendor, 1)
    release(vendor)

    assert staged(vendor, token) == ["C-3", "C-1", "C-2"]
    entries = sorted(vendor.books()["requests"][1:4], key=lambda item: item["sequence"])
    assert [item["n"] for item in entries] == [4, 2, 3]
    answer = requests.post(vendor.process.admin_url + "faults/release", json={"nth": 1}, timeout=60)
    assert answer.status_code == 404


def test_a_late_request_comes_by_itself_after_its_seconds(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    hold(vendor, nth=1, seconds=0.05)

    lose(vendor, token, contact("C-1"))

    while vendor.admin("GET", "faults")["held"]:
        continue
    assert staged(vendor, token) == ["C-1"]


def test_a_late_request_can_slip_in_right_before_another(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    hold(vendor, nth=1, before="import.execute")
    lose(vendor, token, contact("C-1"))
    vendor.stage(token, contact("C-1"))
    assert received(vendor, token) == 1

    executed = vendor.execute(token)

    assert executed["TotalRecordsReceived"] == 2
    assert vendor.admin("GET", "faults")["held"] == 0


def test_a_late_request_can_wait_for_the_nth_call_after_it(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    hold(vendor, nth=1, before="import.stage", before_nth=2)
    lose(vendor, token, contact("C-1"))
    vendor.admin("DELETE", "faults")

    for name in ("C-2", "C-3", "C-4"):
        vendor.stage(token, contact(name))

    assert staged(vendor, token) == ["C-2", "C-1", "C-3", "C-4"]


def test_a_late_stage_of_an_executed_import_is_refused(
    vendor: Vendor, contact: Contact, token: str
) -> None:
    lose(vendor, token, contact("C-1"))
    vendor.stage(token, contact("C-1"))
    vendor.execute(token)

    [late] = release(vendor)["released"]

    assert (late["status"], late["applied"]) == (400, False)
    assert received(vendor, token) == 1
    request = vendor.books()["requests"][1]
    assert (request["status"], request["late"], request["applied_at"]) == (400, True, None)


def test_a_late_stage_under_a_dead_token_is_refused(
    vendor: Vendor, contact: Contact, token: str
) -> None:
    lose(vendor, token, contact("C-1"))
    vendor.advance(hours=13)

    [late] = release(vendor)["released"]

    assert (late["status"], late["applied"]) == (401, False)
    assert vendor.books()["tokens"][0]["received"] == 0


def test_an_execute_can_come_late(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    hold(vendor, "import.execute", nth=1)
    with pytest.raises(requests.ConnectionError):
        vendor.execute(token)
    assert vendor.status(token)["Status"] == "Staging"

    release(vendor)

    assert vendor.status(token)["Status"] == "Completed"


def test_what_is_held_outlives_its_rule_but_no_reset(
    vendor: Vendor, contact: Contact, token: str
) -> None:
    lose(vendor, token, contact("C-1"))
    assert vendor.admin("DELETE", "faults")["held"] == 1

    vendor.reset()

    assert vendor.admin("GET", "faults")["held"] == 0
    assert release(vendor) == {"released": [], "held": 0}
    assert vendor.initiate() == token
    assert received(vendor, token) == 0
