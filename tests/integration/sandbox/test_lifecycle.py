"""From Initiated to Completed, over time, and when a token dies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


def _staged(vendor: Vendor, contact: Contact, count: int, prefix: str = "C") -> str:
    token = vendor.initiate()
    vendor.stage(token, *(contact(f"{prefix}-{number}") for number in range(count)))
    return token


def _numbers(status: Json) -> tuple[str, int, int]:
    return status["Status"], status["Processed"], status["Pending"]


def test_an_import_goes_through_its_states_as_time_passes(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(queued_seconds=10, records_per_second=2)
    vendor.stop_clock()
    token = vendor.initiate()
    assert _numbers(vendor.status(token)) == ("Initiated", 0, 0)

    vendor.stage(token, *(contact(f"C-{number}") for number in range(6)))
    assert _numbers(vendor.status(token)) == ("Staging", 0, 6)
    assert _numbers(vendor.execute(token)) == ("Queued", 0, 6)
    vendor.advance(seconds=9)
    assert _numbers(vendor.status(token)) == ("Queued", 0, 6)
    vendor.advance(seconds=2)
    assert _numbers(vendor.status(token)) == ("Processing", 2, 4)
    vendor.advance(seconds=1)
    assert _numbers(vendor.status(token)) == ("Processing", 4, 2)
    vendor.advance(seconds=1)
    assert _numbers(vendor.status(token)) == ("Completed", 6, 0)
    assert len(vendor.profiles()) == 6


def test_the_end_can_be_called_complete(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(completed_word="Complete")

    assert vendor.run(contact("C-1"))["Status"] == "Complete"


def test_imports_are_processed_one_after_the_other_in_order_of_execution(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.switch(records_per_second=1)
    vendor.stop_clock()
    second, first = _staged(vendor, contact, 2, "B"), _staged(vendor, contact, 2, "A")

    vendor.execute(first)
    vendor.execute(second)

    vendor.advance(seconds=1)
    assert _numbers(vendor.status(first)) == ("Processing", 1, 1)
    assert _numbers(vendor.status(second)) == ("Queued", 0, 2)
    vendor.advance(seconds=2)
    assert vendor.status(first)["Status"] == "Completed"
    assert _numbers(vendor.status(second)) == ("Processing", 1, 1)


def test_a_failed_import_applies_nothing(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(fail_execution=True)

    status = vendor.run(contact("C-1"))

    assert _numbers(status) == ("Failed", 0, 1)
    assert vendor.profiles() == []


def test_an_import_of_nothing_but_failed_records_completes(
    vendor: Vendor, contact: Contact
) -> None:
    status = vendor.run(contact("C-1", CustomerType="X"))

    assert _numbers(status) == ("Completed", 0, 0)


@pytest.mark.parametrize("state", ["Queued", "Processing", "Completed"])
def test_after_execute_nothing_can_be_staged_or_executed_again(
    vendor: Vendor, contact: Contact, state: str
) -> None:
    vendor.switch(queued_seconds=10, records_per_second=1)
    vendor.stop_clock()
    token = _staged(vendor, contact, 5)
    vendor.execute(token)
    vendor.advance(seconds={"Queued": 0, "Processing": 12, "Completed": 100}[state])
    before = vendor.status(token)
    assert before["Status"] == state

    staged = vendor.send(token, [contact("C-9")])
    executed = vendor.imports("POST", f"/{token}/Execute")

    assert (staged.status_code, executed.status_code) == (400, 400)
    assert staged.json()["Message"]
    assert executed.json()["Message"]
    assert vendor.status(token) == before


def test_an_import_with_nothing_staged_cannot_be_executed(vendor: Vendor) -> None:
    token = vendor.initiate()

    assert vendor.imports("POST", f"/{token}/Execute").status_code == 400
    assert vendor.status(token)["Status"] == "Initiated"


@pytest.mark.parametrize("hours", [6, 12])
def test_an_expired_token_can_do_nothing_any_more(
    vendor: Vendor, contact: Contact, hours: int
) -> None:
    vendor.switch(token_hours=hours)
    token = _staged(vendor, contact, 1)
    vendor.advance(hours=hours - 0.1)
    assert vendor.status(token)["Status"] == "Staging"

    vendor.advance(hours=0.2)

    answers = [
        vendor.send(token, [contact("C-2")]),
        vendor.imports("POST", f"/{token}/Execute"),
        vendor.imports("GET", f"/{token}/Status"),
        vendor.imports("GET", f"/{token}/Exceptions"),
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert "WWW-Authenticate" in answers[0].headers


def test_expires_can_promise_more_than_the_token_lives(vendor: Vendor) -> None:
    vendor.switch(token_hours=6, expires_hours=12)
    token = vendor.initiate()

    vendor.advance(hours=7)

    assert vendor.imports("GET", f"/{token}/Status").status_code == 401


def test_token_that_was_never_given_out_is_unauthorized(
    subtests: pytest.Subtests, vendor: Vendor
) -> None:
    for token in ["1", "abc", "-704418", "9" * 30, "%20", "704418x"]:
        with subtests.test(token=token):
            vendor.initiate()

            assert vendor.imports("GET", f"/{token}/Status").status_code == 401


def test_an_import_executed_in_time_goes_on_after_its_token_died(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.switch(token_hours=1, queued_seconds=2 * 3600)
    token = _staged(vendor, contact, 2)
    vendor.execute(token)

    vendor.advance(hours=3)

    assert vendor.books()["tokens"][0]["state"] == "Completed"
    assert len(vendor.profiles()) == 2


def test_all_new_profiles_of_an_import_share_one_create_date(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.switch(records_per_second=1)
    vendor.stop_clock()
    token = _staged(vendor, contact, 3)
    vendor.execute(token)

    for _ in range(3):
        vendor.advance(seconds=1)

    profiles = vendor.profiles()
    assert len(profiles) == 3
    assert len({profile["CreateDate"] for profile in profiles}) == 1


def test_the_outcome_is_the_same_however_time_was_cut(vendor: Vendor, contact: Contact) -> None:
    def outcome(steps: list[float]) -> list[Json]:
        vendor.reset()
        vendor.switch(records_per_second=10)
        vendor.stop_clock()
        token = vendor.initiate()
        vendor.stage(
            token,
            *(contact(f"C-{number % 7}", CustomFields=[{"Name": "ShoeSize", "Value": number}])
              for number in range(30)),
        )  # fmt: skip
        vendor.execute(token)
        for step in steps:
            vendor.advance(seconds=step)
        return [
            {name: value for name, value in profile.items() if not name.endswith("Date")}
            for profile in vendor.profiles()
        ]

    assert outcome([10]) == outcome([0.3] * 12)
