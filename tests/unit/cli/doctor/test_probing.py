"""Telling what is not there from what nobody has."""

from __future__ import annotations

import json

import pytest

from mypreferences_assumptions import ROUTES
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import NotSent, ServerError
from prefdrop_cli.doctor.probing import NOWHERE, Prober, alike, filled, settled, unknown_beside
from prefdrop_cli.doctor.vendor_account import VendorAccount

NO_ROUTE = "No HTTP resource was found that matches the request URI 'https://a.test/v4/{}'."


def answer(status: int, message: str) -> Answer:
    return Answer(
        "doctor",
        status,
        {"Content-Type": "application/json"},
        json.dumps({"Message": message}).encode(),
    )


def test_two_paths_that_no_route_fits_are_answered_alike_though_each_is_named() -> None:
    one, other = "X/Import/0/Status", f"X/Import/0/{NOWHERE}"

    same = alike(answer(404, NO_ROUTE.format(one)), one, answer(404, NO_ROUTE.format(other)), other)

    assert same


def test_a_thing_that_is_missing_is_not_answered_as_a_route_that_is_missing() -> None:
    one, other = "X/Profile/0", f"X/{NOWHERE}/0"

    same = alike(
        answer(404, "The profile was not found."), one, answer(404, NO_ROUTE.format(other)), other
    )

    assert not same


def test_numbers_and_ids_that_each_answer_has_of_its_own_make_no_difference() -> None:
    path = "X/Users"

    same = alike(
        answer(404, "Not found. Trace 3f2504e04f8911d39a0c0305e82c3301"), path,
        answer(404, "Not found. Trace 9b2504e04f8911d39a0c0305e82c33aa"), path,
    )  # fmt: skip

    assert same


def test_probe_of_each_route_is_filled_in_with_an_unknown_twin(subtests: pytest.Subtests) -> None:
    for name, route in ROUTES.items():
        with subtests.test(name=name):
            path = filled(route.path)

            assert path.count("{") == 1
            assert "{clientId}" in path

            twin = unknown_beside(route.path)
            differing = [
                (one, other)
                for one, other in zip(route.path.split("/"), twin.split("/"), strict=True)
                if one != other
            ]
            assert [other for _, other in differing] == [NOWHERE]
            assert not differing[0][0].startswith("{")


def test_a_vendor_who_stays_silent_is_not_asked_for_ever() -> None:
    secret = {"auth": "pnauthinfo3", "user_id": "demo.api.user", "secret": "invented"}
    prober = Prober(VendorAccount("http://127.0.0.1:1/Profiles/v4/", "DEMO_CLIENT", secret))

    reasons = []
    for number in range(4):
        with pytest.raises(NotSent) as refused:
            prober.get(f"{{clientId}}/Thing{number}")
        reasons.append(refused.value.message)

    assert all("did not accept" in reason for reason in reasons[:3])
    assert "gave no answer 3 times in a row" in reasons[3]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_another_moment_may_answer_tells_nothing(status: int) -> None:
    with pytest.raises(ServerError):
        settled(answer(status, "Later."))
