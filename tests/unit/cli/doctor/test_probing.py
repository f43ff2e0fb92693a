"""Telling what is not there from what nobody has."""

from __future__ import annotations

import json

import pytest

from mypreferences_assumptions import ROUTES
from prefdrop.mypreferences.answers import Answer
from prefdrop_cli.doctor.probing import NOWHERE, alike, filled, unknown_beside

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


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_is_asked_for_with_all_its_placeholders_filled_in(name: str) -> None:
    path = filled(ROUTES[name].path)

    assert path.count("{") == 1
    assert "{clientId}" in path


@pytest.mark.parametrize("name", ROUTES)
def test_the_path_that_nobody_knows_has_the_same_shape(name: str) -> None:
    path = ROUTES[name].path

    unknown = unknown_beside(path)

    differing = [
        (one, other)
        for one, other in zip(path.split("/"), unknown.split("/"), strict=True)
        if one != other
    ]
    assert [other for _, other in differing] == [NOWHERE]
    assert not differing[0][0].startswith("{")
