"""The sandbox's own endpoint: books, imports, settings, clock, reset."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


def test_the_books_hold_every_request_in_order_with_what_it_did(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"), contact("C-2", CustomerType="X"))
    vendor.send(token, ["no object"])
    vendor.execute(token)
    vendor.status(token)
    vendor.call("GET", "no/such/route")
    vendor.imports("GET", "/1/Status")

    entries = vendor.books()["requests"]

    assert [
        (entry["route"], entry["status"], entry["applied"], entry["records"]) for entry in entries
    ] == [
        ("import.initiate", 200, True, 0), ("import.stage", 200, True, 2),
        ("import.stage", 400, False, 0), ("import.execute", 200, True, 0),
        ("import.status", 200, False, 0), ("", 404, False, 0), ("import.status", 401, False, 0),
    ]  # fmt: skip
    assert [entry["n"] for entry in entries] == list(range(1, 8))
    assert [entry["token"] for entry in entries] == [token] * 5 + ["", "1"]
    assert all(entry["started"] <= entry["ended"] for entry in entries[:-1])


def test_the_books_total_each_token(vendor: Vendor, contact: Contact) -> None:
    old = {
        "ConsentType": "Marketing", "ConsentVersion": "1.0", "Locale": "en_US", "ConsentStatus": 1,
    }  # fmt: skip
    token = vendor.run(
        contact("C-1"), contact("C-2", CustomerType="X"), contact("C-3", Consents=[old])
    )["token"]

    [totals] = vendor.books()["tokens"]

    assert totals | {
        "token": token, "state": "Completed", "received": 3, "ok": 2, "failed": 1, "processed": 1,
        "exceptions": 1, "not_honored": 0, "pending": 0,
    } == totals  # fmt: skip
    moments = [
        totals[f"{name}_at"] for name in ("initiated", "first_staged", "executed", "started")
    ]
    assert moments == sorted(moments)


def test_the_books_tell_which_other_imports_were_under_way(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.switch(queued_seconds=10)
    vendor.stop_clock()
    first = vendor.initiate()
    vendor.stage(first, contact("C-1"))
    second = vendor.initiate()
    vendor.execute(first)
    vendor.stage(second, contact("C-2"))
    vendor.advance(seconds=20)
    vendor.execute(second)

    entries = vendor.books()["requests"]

    assert [(entry["running"], entry["staging"]) for entry in entries] == [
        ([], []), ([], []), ([], [first]), ([], []), ([first], []), ([], []),
    ]  # fmt: skip


def test_the_books_can_be_read_from_a_request_on(vendor: Vendor) -> None:
    for _ in range(3):
        vendor.initiate()

    entries = vendor.admin("GET", "books?since=2")["requests"]

    assert [entry["n"] for entry in entries] == [3]


def test_a_request_whose_body_breaks_off_is_in_the_books_and_changes_nothing(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    address = urlsplit(vendor.process.url)
    path = f"{address.path}Async/DEMO_CLIENT/Import/{token}/Stage"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {vendor.header()}\r\n"
    head += 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"UserPro'
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""

    entry = vendor.books()["requests"][1]
    assert (entry["route"], entry["status"], entry["applied"]) == ("import.stage", 0, False)
    assert vendor.status(token)["TotalRecordsReceived"] == 0


def test_staged_records_can_be_read_back_as_they_were_sent(
    vendor: Vendor, contact: Contact
) -> None:
    records = [contact(f"C-{n}", note=n, CustomerType="X" if n == 2 else "Customer")
               for n in range(1, 6)]  # fmt: skip
    token = vendor.initiate(Name="mine")
    vendor.stage(token, *records[:3])
    vendor.stage(token, *records[3:])

    first = vendor.admin("GET", f"imports/{token}?limit=3")
    rest = vendor.admin("GET", f"imports/{token}?offset=3")

    found = first["records"] + rest["records"]
    assert [item["record"] for item in found] == records
    assert [item["sequence"] for item in found] == [1, 2, 3, 4, 5]
    assert [item["valid"] for item in found] == [True, False, True, True, True]
    assert first["request"]["Name"] == "mine"
    assert [item["token"] for item in vendor.admin("GET", "imports")["imports"]] == [token]


def test_profiles_come_in_pages_in_order_of_their_ids(vendor: Vendor, contact: Contact) -> None:
    vendor.run(*(contact(f"C-{n}") for n in range(5)))

    page = vendor.admin("GET", "profiles?offset=1&limit=2")

    assert page["total"] == 5
    assert [item["ProfileId"] for item in page["profiles"]] == [9100002, 9100003]


def test_setting_that_is_wrong_is_refused_by_name(
    subtests: pytest.Subtests, vendor: Vendor
) -> None:
    for change in [
        {"daily_unit": "minute"}, {"token_hours": 0}, {"no_such": 1}, {"queued_seconds": -1},
        {"body_limit": "25 MB"}, [],
    ]:  # fmt: skip
        with subtests.test(change=change):
            before = vendor.admin("GET", "settings")

            answer = requests.patch(vendor.process.admin_url + "settings", json=change, timeout=60)

            assert answer.status_code == 400
            assert all(name in answer.json()["Message"] for name in change)
            assert vendor.admin("GET", "settings") == before


@pytest.mark.parametrize("order", [{"advance": -1}, {"advance": "1"}, {"back": 1}])
def test_the_clock_goes_forward_only(vendor: Vendor, order: Json) -> None:
    answer = requests.post(vendor.process.admin_url + "clock", json=order, timeout=60)

    assert answer.status_code == 400


def test_a_stopped_clock_goes_on_where_it_stood(vendor: Vendor) -> None:
    vendor.stop_clock()
    vendor.advance(hours=1)
    stopped = vendor.admin("GET", "clock")["now"]
    assert vendor.admin("GET", "clock")["now"] == stopped

    running = vendor.admin("POST", "clock", json={"stopped": False})

    assert running["now"] >= stopped
    assert 3500 < running["ahead"] < 3601


def test_reset_forgets_everything(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(latency_ms=1)
    token = vendor.run(contact("C-1"))["token"]
    vendor.advance(hours=1)

    vendor.reset()

    assert vendor.profiles() == []
    assert vendor.books() == {"requests": [], "tokens": []}
    assert vendor.imports("GET", f"/{token}/Status").status_code == 401
    assert vendor.admin("GET", "settings")["latency_ms"] == 0
    assert abs(vendor.admin("GET", "clock")["ahead"]) < 1


def test_an_unknown_admin_path_is_not_found(vendor: Vendor) -> None:
    assert requests.get(vendor.process.admin_url + "nothing", timeout=60).status_code == 404
    assert vendor.admin("GET", "health") == {"status": "ok", "client_id": "DEMO_CLIENT"}


def test_another_method_on_a_known_route_is_not_allowed(vendor: Vendor) -> None:
    assert vendor.imports("GET").status_code == 405
