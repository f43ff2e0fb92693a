"""What the vendor refuses becomes an error that says what, where and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prefdrop.errors import Terminal, Transient
from prefdrop.mypreferences import (
    BadRequest,
    Client,
    Conflict,
    Forbidden,
    ImportSpec,
    MyPreferencesError,
    NotFound,
    RouteRefused,
    ServerError,
    TooLarge,
    TooManyRequests,
)
from tests.unit.mypreferences.scripted_vendor import Peer, Received, ScriptedVendor, answer

SPEC = ImportSpec(name="crm-nightly")
PROXY_PAGE = b"""<html><head><title>502 Bad Gateway</title><style>b {color: red}</style></head>
<body><!-- proxy-7 --><h1>502 Bad Gateway</h1>The upstream is gone.</body></html>"""


def test_answer_of_each_status_has_its_error(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for status, expected, family in [
        (400, BadRequest, Terminal),
        (403, Forbidden, Terminal),
        (404, NotFound, Terminal),
        (402, RouteRefused, Terminal),
        (405, RouteRefused, Terminal),
        (409, Conflict, Terminal),
        (413, TooLarge, Terminal),
        (422, BadRequest, Terminal),
        (429, TooManyRequests, Transient),
        (500, ServerError, Transient),
        (502, ServerError, Transient),
        (503, ServerError, Transient),
    ]:
        with subtests.test(status=status):
            vendor.forget()
            vendor.script(answer(status, {"Message": "Because."}))

            with pytest.raises(expected) as raised:
                client.imports.initiate(SPEC)

            error = raised.value
            assert type(error) is expected
            assert isinstance(error, family)
            assert (error.status, error.route) == (status, "import.initiate")
            assert error.vendor_message == "Because."
            assert error.message == f"MyPreferences answered {status} to import.initiate: Because."
            assert error.hint


def test_refusal_with_any_body_has_its_explanation(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body, words in [
        ({"message": "lower case"}, "lower case"),
        ({"Message": None}, ""),
        (
            {
                "Message": "The request is invalid.",
                "ModelState": {"spec.Name": ["Required", "Short"]},
            },
            "The request is invalid.; spec.Name: Required, Short",
        ),
        (b'"just text"', "just text"),
        (b"plain\r\n  text\x00", "plain text"),
        (PROXY_PAGE, "502 Bad Gateway 502 Bad Gateway The upstream is gone."),
        (b"", ""),
        (b"[1, 2]", ""),
        (b"\xff\xfe<p>caf\xe9</p>", "\ufffd\ufffd caf\ufffd"),
    ]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(answer(400, body))

            with pytest.raises(BadRequest) as raised:
                client.imports.initiate(SPEC)

            assert raised.value.vendor_message == words


def test_a_long_explanation_is_shortened(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(400, {"Message": "x" * 100_000}))

    with pytest.raises(BadRequest) as raised:
        client.imports.initiate(SPEC)

    assert len(raised.value.vendor_message) <= 1000
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.imports.stage("704418", b"{}", timeout=5),
        lambda client: client.imports.exceptions("704418"),
        lambda client: client.request("GET", "{clientId}/Profile/1"),
    ],
    ids=["stage", "exceptions", "a raw call"],
)
def test_words_that_may_quote_a_person_are_kept_but_not_shown(
    vendor: ScriptedVendor, client: Client, call: Callable[[Client], object]
) -> None:
    vendor.script(answer(400, {"Message": "ana@example.test is no e-mail address"}))

    with pytest.raises(BadRequest) as raised:
        call(client)

    assert raised.value.vendor_message == "ana@example.test is no e-mail address"
    assert "ana@example.test" not in str(raised.value)


def test_the_access_token_is_taken_out_of_the_vendors_words(
    vendor: ScriptedVendor, client: Client
) -> None:
    quoted = "No resource matches 'https://h/Async/DEMO_CLIENT/Import/704418/Status'."
    vendor.script(answer(404, {"Message": quoted}))

    with pytest.raises(NotFound) as raised:
        client.imports.status("704418")

    assert "704418" not in str(raised.value) + raised.value.vendor_message
    assert "/Import/***/Status" in str(raised.value)


def test_the_signature_is_taken_out_of_the_vendors_words(
    vendor: ScriptedVendor, client: Client
) -> None:
    def quote(peer: Peer, request: Received) -> None:
        header = request.headers["authorization"]
        answer(400, {"Message": f"Bad header {header}"})(peer, request)

    vendor.script(quote)

    with pytest.raises(BadRequest, match=r"Signature=\*\*\*") as raised:
        client.imports.initiate(SPEC)

    assert "Credential=demo.api.user/" in raised.value.vendor_message


def test_the_page_with_which_iis_refuses_a_large_body_means_too_large(
    vendor: ScriptedVendor, client: Client
) -> None:
    page = b"<h2>HTTP Error 404.13 - Not Found</h2>The request filtering module is configured"
    vendor.script(answer(404, page), answer(404, {"Message": "Client not found"}))

    with pytest.raises(TooLarge):
        client.imports.stage("704418", b"{}", timeout=5)
    with pytest.raises(NotFound):
        client.imports.stage("704418", b"{}", timeout=5)


def test_too_many_requests_with_a_wait_reports_its_seconds(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for headers, seconds in [
        ({"Retry-After": "120"}, 120.0),
        (
            {
                "Retry-After": "Thu, 15 Jan 2026 12:00:30 GMT",
                "Date": "Thu, 15 Jan 2026 12:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "Retry-After": "Thu, 15 Jan 2026 11:00:00 GMT",
                "Date": "Thu, 15 Jan 2026 12:00:00 GMT",
            },
            0.0,
        ),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ]:
        with subtests.test(headers=headers):
            vendor.forget()
            vendor.script(answer(429, headers=headers))

            with pytest.raises(TooManyRequests) as raised:
                client.imports.initiate(SPEC)

            assert raised.value.retry_after == seconds


def test_refusal_of_a_route_has_the_hint_of_the_route(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for call, status, hint in [
        (lambda client: client.imports.status("1"), 401, "begin the import again"),
        (lambda client: client.exports.status("1"), 401, "initiate the export again"),
        (lambda client: client.imports.initiate(SPEC), 500, "read the import's status"),
        (lambda client: client.imports.status("1"), 500, "may be done again"),
        (lambda client: client.exports.initiate_segment("news"), 500, "Initiate the export again"),
        (lambda client: client.exports.commit("1"), 500, "read what it was to change"),
        (lambda client: client.request("POST", "x"), 500, "read what it was to change"),
        (lambda client: client.exports.commit("1"), 405, "O-4"),
        (lambda client: client.events.of_account(), 405, "O-15"),
        (lambda client: client.imports.initiate(SPEC), 405, "O-3"),
    ]:
        with subtests.test(status=status, hint=hint):
            vendor.forget()
            vendor.script(*[answer(status)] * 4)

            with pytest.raises(MyPreferencesError) as raised:
                call(client)

            assert hint in raised.value.hint
