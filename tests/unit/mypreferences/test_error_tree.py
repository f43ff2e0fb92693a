"""Each class of the error tree, from the answer that it stands for to what it tells."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Callable

import pytest

from prefdrop.mypreferences import Client, MyPreferencesError, OAuth2, errors
from tests.unit.mypreferences.data_calls import CALLS
from tests.unit.mypreferences.scripted_vendor import (
    Behaviour,
    ScriptedVendor,
    answer,
    hang_up,
    raw,
)

FAMILIES = {"MyPreferencesError", "Refused", "Unclear"}
"""Classes that group others; none of them is raised."""

ANSWERED: dict[str, tuple[str, Behaviour]] = {
    "BadRequest": ("profiles.create", answer(400, {"Message": "EmailAddress is not valid."})),
    "RouteRefused": ("profiles.patch", answer(405, {"Message": "Not supported."})),
    "Forbidden": ("users.create", answer(403, {"Message": "The user may not do this."})),
    "TooManyMatches": (
        "profiles.search_by_email",
        answer(403, {"Message": "The search matched more than 50 profiles."}),
    ),
    "NotFound": ("profiles.get", answer(404, {"Message": "The profile was not found."})),
    "Conflict": ("email_types.create", answer(409, {"Message": "The type exists."})),
    "TooLarge": ("profiles.create", answer(413, {"Message": "Too large."})),
    "Redirected": ("programs.list", answer(302, headers={"Location": "http://127.0.0.1/"})),
    "TooManyRequests": ("consents.add", answer(429, {"Message": "Slow down."})),
    "NoAnswer": ("profiles.create", hang_up),
    "ServerError": ("profiles.update", answer(503, {"Message": "Try later."})),
    "GarbledAnswer": (
        "profiles.create",
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    ),
}


def leaves() -> set[str]:
    return {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, MyPreferencesError) and name not in FAMILIES
    }


def test_answer_of_each_kind_becomes_its_error(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for name, case in ANSWERED.items():
        with subtests.test(name=name):
            vendor.forget()
            route, behaviour = case
            vendor.script(behaviour)

            with pytest.raises(MyPreferencesError) as raised:
                CALLS[route](client)

            error = raised.value
            assert type(error).__name__ == name
            assert error.route == route
            assert error.request.split()[0] == vendor.received[0].method
            assert error.hint
            assert (error.status is None) == (name == "NoAnswer")
            if error.status and error.status >= 400:
                assert error.vendor_message
            assert "ana@example.test" not in str(error)


def unauthorized(vendor: ScriptedVendor, client: Client) -> object:
    vendor.script(answer(401), answer(401))
    return client.profiles.get(7)


def token_refused(vendor: ScriptedVendor, client: Client) -> object:
    vendor.script(answer(401), answer(401))
    return client.imports.status("704418")


def misconfigured(_vendor: ScriptedVendor, client: Client) -> object:
    return client.profiles.get_by_alternate_id("CrmContactId", "")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("NotAuthorized", unauthorized),
        ("TokenRefused", token_refused),
        ("Misconfigured", misconfigured),
    ],
)
def test_other_refusals_have_their_error(
    vendor: ScriptedVendor,
    client: Client,
    name: str,
    call: Callable[[ScriptedVendor, Client], object],
) -> None:
    with pytest.raises(MyPreferencesError) as raised:
        call(vendor, client)

    assert type(raised.value).__name__ == name


def test_credentials_that_the_token_api_refuses_have_their_error(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    vendor.script(answer(401, {"error": "invalid_client"}))
    auth = OAuth2(
        "DEMO_CLIENT",
        "demo.api.user",
        token_url=f"http://{vendor.host}/oauth2/token",
        oauth_client_id="a" * 48,
        oauth_client_secret="b" * 64,
    )

    with pytest.raises(errors.WrongCredentials):
        make_client(auth=auth).profiles.get(7)


def test_a_request_that_never_left_has_its_error(make_client: Callable[..., Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(errors.NotSent):
        make_client(base_url=f"http://127.0.0.1:{port}/").profiles.get(7)


def test_no_class_of_the_tree_is_left_out() -> None:
    elsewhere = {"NotAuthorized", "TokenRefused", "Misconfigured", "WrongCredentials", "NotSent"}
    elsewhere |= {"AnswerTooLarge"}  # of events, in test_event_retrieval

    assert leaves() == {*ANSWERED, *elsewhere}


def test_search_without_permission_is_not_a_crowded_search(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for words in [
        "The user may not search.",
        "",
        "Access is denied.",
        "You need more than read permission.",
        "You need more than read permission to see profiles.",
        "This exceeds what the user may do.",
    ]:
        with subtests.test(words=words):
            vendor.forget()
            vendor.script(answer(403, {"Message": words}))

            with pytest.raises(errors.Forbidden) as raised:
                client.profiles.search_by_phone("602-555-0125")

            assert type(raised.value) is errors.Forbidden


def test_search_with_too_many_matches_is_known_by_its_words(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for words in [
        "More than 50 profiles match.",
        "The search has too many matches.",
        "Too many profiles were found; narrow the search.",
        "The number of matches exceeds the limit.",
        "The maximum was exceeded by the matching profiles.",
    ]:
        with subtests.test(words=words):
            vendor.forget()
            vendor.script(answer(403, {"Message": words}))

            with pytest.raises(errors.TooManyMatches):
                client.profiles.search_by_phone("602-555-0125")


def test_words_about_a_number_make_no_crowded_search_of_another_route(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(403, {"Message": "No more than 50 users."}))

    with pytest.raises(errors.Forbidden) as raised:
        client.users.list()

    assert type(raised.value) is errors.Forbidden


@pytest.mark.parametrize(
    ("route", "number"),
    [("profiles.get", "O-21"), ("filters.list", "O-22"), ("users.list", "O-23")],
)
def test_what_is_not_found_names_the_assumption_behind_its_path(
    vendor: ScriptedVendor, client: Client, route: str, number: str
) -> None:
    vendor.script(answer(404))

    with pytest.raises(errors.NotFound, match=number):
        CALLS[route](client)
