"""Who is let in, and what a caller who is not gets to read (vendor documentation of 401)."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

import prefdrop_local.sandbox
from prefdrop_local.sandbox.process import start_sandbox
from tests.integration.sandbox.caller import Vendor

VECTORS = [
    ("SHA256", "2026-01-15T10:30:00Z", "pv7IGUSYK2ihWsYAeep/9MKVed4tQLbQhoYWhBdGapY="),
    (
        "SHA384",
        "2026-01-15T10:30:00Z",
        "s15hVdNfG+/wo0EsA3tEherG2AXtAX4qEruzClmgD6WDWFZjvIUKRplgah7x4bt6",
    ),
    (
        "SHA512",
        "2026-01-15T10:30:00Z",
        "MpLd7vO3D2aoLbuD0TiQpGFQZYO47xmtcFtyBjyuK+eMWOAIeVz8DeScs7VwjNKn1mDbNM9B9EW+f5/FB2s0Kw==",
    ),
    ("SHA256", "2026-01-15T10:30:00", "yj69oiSDjByJyjAF9Aguq7yAcENKf+HF4NVMqJTsc3c="),
]
VECTOR_SECRET = "example-shared-key-0001"
FOREVER_MINUTES = 1e9


def _answer(vendor: Vendor, header: str) -> tuple[int, str]:
    answer = vendor.imports("POST", json={"Name": "n"}, headers={"Authorization": header})
    return answer.status_code, answer.json().get("Message", "")


def _issued(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def vector_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    package = Path(prefdrop_local.sandbox.__file__).parent
    text = (package / "account.toml").read_text("utf-8")
    first_secret = tomllib.loads(text)["users"]["demo.api.user"]["secret"]
    account = tmp_path_factory.mktemp("account") / "account.toml"
    account.write_text(text.replace(first_secret, VECTOR_SECRET), "utf-8")
    with start_sandbox(account=account, signature_minutes=FOREVER_MINUTES) as process:
        yield Vendor(process)


@pytest.mark.parametrize(("hash_name", "issued", "signature"), VECTORS)
def test_the_known_signatures_are_accepted(
    vector_vendor: Vendor, hash_name: str, issued: str, signature: str
) -> None:
    header = f"PNAUTHINFO3-HMAC-{hash_name} Credential=demo.api.user/{issued} Signature={signature}"

    assert _answer(vector_vendor, header)[0] == 200


@pytest.mark.parametrize("hash_name", ["SHA256", "SHA384", "SHA512"])
def test_each_keyed_scheme_lets_a_user_in_in_any_case(vendor: Vendor, hash_name: str) -> None:
    header = vendor.header(hash_name=hash_name, scheme=f"pnAuthInfo3-hmac-{hash_name.lower()}")

    assert _answer(vendor, header)[0] == 200


def test_a_request_without_header_is_refused_with_the_documented_headers(vendor: Vendor) -> None:
    answer = vendor.imports("POST", json={"Name": "n"}, headers={"Authorization": ""})

    assert (answer.status_code, answer.json()) == (
        401, {"Message": "missing authorization header"},
    )  # fmt: skip
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["WWW-Authenticate"] == (
        'PNAUTHINFO3 realm="https://pm.mypreferences.com"'
    )


@pytest.mark.parametrize("scheme", ["PNAUTHINFO100", "Basic", "PNAUTHINFO3"])
def test_an_unknown_scheme_is_named_as_the_reason(vendor: Vendor, scheme: str) -> None:
    assert _answer(vendor, vendor.header(scheme=scheme)) == (401, "scheme is invalid")


def test_timestamp_in_another_format_is_refused(subtests: pytest.Subtests, vendor: Vendor) -> None:
    for issued in [
        "yesterday",
        "2026-13-01T00:00:00Z",
        "01/15/2026 10:30:00",
        "2026-01-15",
        "1768473000",
    ]:
        with subtests.test(issued=issued):
            assert _answer(vendor, vendor.header(issued.replace(" ", "T"))) == (
                401, "date does not match an expected ISO 8601 format",
            )  # fmt: skip


def test_a_timestamp_may_be_a_minute_ahead_and_no_more(vendor: Vendor) -> None:
    assert _answer(vendor, vendor.header(_issued(seconds=-40)))[0] == 200
    assert _answer(vendor, vendor.header(_issued(minutes=-5))) == (
        401, "date does not match an expected ISO 8601 format",
    )  # fmt: skip


def test_a_timestamp_is_good_for_fifteen_minutes(vendor: Vendor) -> None:
    assert _answer(vendor, vendor.header(_issued(minutes=14)))[0] == 200
    assert _answer(vendor, vendor.header(_issued(minutes=16))) == (
        401, "difference between issued timestamp and current time too large",
    )  # fmt: skip


def test_a_timestamp_without_zone_is_us_eastern(vendor: Vendor) -> None:
    eastern = datetime.now(ZoneInfo("America/New_York")).strftime("%Y-%m-%dT%H:%M:%S")
    utc = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    assert _answer(vendor, vendor.header(eastern))[0] == 200
    assert _answer(vendor, vendor.header(utc))[0] == 401


def test_header_that_proves_nothing_is_refused(subtests: pytest.Subtests, vendor: Vendor) -> None:
    for case, changes in [
        ("wrong secret", {"secret": "not the secret"}),
        ("unknown user", {"user_id": "nobody"}),
        ("inactive user", {"user_id": "demo.left.company", "secret": "sandbox-shared-secret-0007"}),
        ("other client signed", {"client_id": "OTHER_CLIENT"}),
        ("un-keyed", {"scheme": "PNAUTHINFO3-SHA256"}),
    ]:
        with subtests.test(case=case):
            header = vendor.header(**changes)

            assert _answer(vendor, header) == (401, "unable to authenticate request")


def test_header_that_is_incomplete_is_refused(subtests: pytest.Subtests, vendor: Vendor) -> None:
    for rest in ["", "Credential=demo.api.user", "Credential=demo.api.user/2026-01-15T10:30:00Z",
             "Signature=abc", "Credential=/ Signature=abc"]:  # fmt: skip
        with subtests.test(rest=rest):
            header = f"PNAUTHINFO3-HMAC-SHA256 {rest}".strip()

            assert _answer(vendor, header) == (401, "unable to authenticate request")


def test_a_wrong_client_id_is_not_found(vendor: Vendor) -> None:
    answer = vendor.call("POST", "Async/NOBODY/Import", json={"Name": "n"})

    assert answer.status_code == 404
    assert answer.json()["Message"]


def test_an_advanced_clock_locks_nobody_out(vendor: Vendor) -> None:
    vendor.advance(hours=5)

    assert _answer(vendor, vendor.header())[0] == 200


def _token_request(
    vendor: Vendor, changes: dict[str, str] | None = None, *, basic: bool = True
) -> tuple[int, dict[str, Any]]:
    changes = dict(changes or {})
    known = vendor.credentials
    pair = (
        changes.pop("client_id", known["oauth_client_id"]),
        changes.pop("client_secret", known["oauth_client_secret"]),
    )
    scope = f"{vendor.client_id}/{vendor.user_id}"
    form = {"grant_type": "client_credentials", "scope": scope, **changes}
    headers = {}
    if basic:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(pair).encode()).decode()
    else:
        form |= {"client_id": pair[0], "client_secret": pair[1]}
    url = vendor.process.url.partition("/Profiles/")[0] + "/oauth2/token"
    answer = requests.post(url, data=form, headers=headers, timeout=60)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("basic", [True, False], ids=["Basic header", "body"])
def test_client_credentials_buy_a_token_that_lets_the_user_in(vendor: Vendor, basic: bool) -> None:
    status, grant = _token_request(vendor, basic=basic)

    assert (status, grant["token_type"], grant["expires_in"]) == (200, "Bearer", 3600)
    assert _answer(vendor, f"Bearer {grant['access_token']}")[0] == 200
    assert vendor.books()["requests"][-1]["user_id"] == "demo.api.user"


def test_an_oauth_token_dies_after_its_life(vendor: Vendor) -> None:
    token = _token_request(vendor)[1]["access_token"]
    vendor.advance(seconds=3601)

    assert _answer(vendor, f"Bearer {token}") == (401, "unable to authenticate request")


def test_token_request_that_is_wrong_is_refused_as_in_rfc_6749(
    subtests: pytest.Subtests, vendor: Vendor
) -> None:
    for changes, status, error in [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, 401, "invalid_client"),
        ({"scope": "DEMO_CLIENT/demo.no.delete"}, 400, "invalid_scope"),
        ({"scope": "OTHER_CLIENT/demo.api.user"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ]:
        with subtests.test(changes=changes):
            answered, body = _token_request(vendor, changes)

            assert (answered, body["error"]) == (status, error)
            assert "error_description" in body


def test_a_bearer_token_that_was_never_given_out_is_refused(vendor: Vendor) -> None:
    assert _answer(vendor, "Bearer made-up") == (401, "unable to authenticate request")


def test_a_user_without_the_permission_may_not_import(vendor: Vendor) -> None:
    reader = vendor.as_user("demo.reader", "sandbox-shared-secret-0006")
    token = vendor.initiate()

    assert reader.imports("POST", json={"Name": "n"}).status_code == 403
    assert reader.imports("GET", f"/{token}/Status").status_code == 403
