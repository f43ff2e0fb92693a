"""Every request is authenticated, with either of the vendor's two schemes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import parse_qs

import pytest

from prefdrop.mypreferences import (
    Auth,
    Client,
    ImportSpec,
    Misconfigured,
    MyPreferencesError,
    NotAuthorized,
    NotFound,
    NotSent,
    OAuth2,
    PnAuthInfo3,
    TokenRefused,
    WrongCredentials,
    auth_from_secret,
    unclear,
)
from prefdrop.mypreferences.auth import Hash
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer, hang_up, http, raw

STATUS = {"AccessToken": 1, "Status": "Staging", "TotalRecordsReceived": 0}
BASE = "https://pm.example.test/Profiles/v4/"
NOON = datetime(2026, 1, 15, 12, 0, 2, tzinfo=UTC).timestamp()

VECTORS = {
    ("SHA256", "2026-01-15T10:30:00Z"): "pv7IGUSYK2ihWsYAeep/9MKVed4tQLbQhoYWhBdGapY=",
    (
        "SHA384",
        "2026-01-15T10:30:00Z",
    ): "s15hVdNfG+/wo0EsA3tEherG2AXtAX4qEruzClmgD6WDWFZjvIUKRplgah7x4bt6",
    (
        "SHA512",
        "2026-01-15T10:30:00Z",
    ): "MpLd7vO3D2aoLbuD0TiQpGFQZYO47xmtcFtyBjyuK+eMWOAIeVz8DeScs7VwjNKn1mDbNM9B9EW+f5/FB2s0Kw==",
    ("SHA256", "2026-01-15T10:30:00"): "yj69oiSDjByJyjAF9Aguq7yAcENKf+HF4NVMqJTsc3c=",
}


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def shared_key(clock: Clock | None = None, hash: Hash = "SHA256") -> PnAuthInfo3:
    return PnAuthInfo3(
        "DEMO_CLIENT",
        "demo.api.user",
        "example-shared-key-0001",
        hash=hash,
        clock=clock or Clock(),
    )


@pytest.mark.parametrize(("hash", "timestamp"), VECTORS)
def test_the_shared_key_signature_equals_the_known_vectors(hash: Hash, timestamp: str) -> None:
    header = shared_key(hash=hash).sign(timestamp)

    assert header == (
        f"PNAUTHINFO3-HMAC-{hash} Credential=demo.api.user/{timestamp}"
        f" Signature={VECTORS[hash, timestamp]}"
    )


def test_the_vectors_cover_every_hash() -> None:
    assert {hash for hash, _ in VECTORS} == set(get_args(Hash))


def test_a_signed_header_is_used_again_for_five_minutes_and_then_replaced() -> None:
    clock = Clock()
    auth = shared_key(clock)
    first = auth.header()

    clock.now += 299
    again = auth.header()
    clock.now += 1
    later = auth.header()

    assert "demo.api.user/2026-01-15T12:00:00Z " in first
    assert again == first
    assert "demo.api.user/2026-01-15T12:05:00Z " in later


def test_a_clock_that_was_set_back_makes_a_new_signature() -> None:
    clock = Clock()
    auth = shared_key(clock)
    auth.header()

    clock.now -= 60

    assert "2026-01-15T11:59:00Z" in auth.header()


def test_a_clock_ahead_of_the_vendors_is_corrected_by_the_date_of_its_401(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    client = make_client(auth=shared_key())
    an_hour_earlier = {"Date": "Thu, 15 Jan 2026 11:00:02 GMT"}
    vendor.script(answer(401, {"Message": "date"}, an_hour_earlier), answer(200, STATUS))

    client.imports.status("1")

    sent = [request.headers["authorization"] for request in vendor.received]
    assert "/2026-01-15T12:00:00Z " in sent[0]
    assert "/2026-01-15T11:00:00Z " in sent[1]


def test_a_401_is_answered_with_one_new_signature_and_the_same_request(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(401, {"Message": "expired"}), answer(200, STATUS))

    client.imports.stage("1", b'{"UserProfilePreferences":[]}', timeout=5)

    assert [request.body for request in vendor.received] == [b'{"UserProfilePreferences":[]}'] * 2


def test_a_second_401_is_final(vendor: ScriptedVendor, client: Client) -> None:
    refused = answer(401, {"Message": "The scheme is invalid."})
    vendor.script(*[refused] * 4)

    with pytest.raises(TokenRefused) as on_token:
        client.imports.execute("1")
    with pytest.raises(NotAuthorized, match="The scheme is invalid"):
        client.imports.initiate(ImportSpec(name="crm-nightly"))

    assert on_token.value.vendor_message == "The scheme is invalid."
    assert len(vendor.received) == 4


def oauth(vendor: ScriptedVendor, clock: Clock | None = None) -> Auth:
    return OAuth2(
        "DEMO_CLIENT",
        "demo.api.user",
        token_url=f"http://{vendor.host}/oauth2/token",
        oauth_client_id="example-oauth-id",
        oauth_client_secret="example-oauth-secret",
        clock=clock or Clock(),
    )


def token(value: str, **members: object) -> Callable[..., None]:
    return answer(200, {"access_token": value, "token_type": "Bearer", **members})


def test_oauth_asks_for_a_token_with_basic_credentials_and_the_users_scope(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    vendor.script(token("first", expires_in=100), answer(200, STATUS))

    make_client(auth=oauth(vendor)).imports.status("1")

    asked, used = vendor.received
    assert (asked.method, asked.path) == ("POST", "/oauth2/token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    basic = base64.b64encode(b"example-oauth-id:example-oauth-secret").decode()
    assert asked.headers["authorization"] == f"Basic {basic}"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["DEMO_CLIENT/demo.api.user"],
    }
    assert used.headers["authorization"] == "Bearer first"


@pytest.mark.parametrize(
    ("life", "seconds"), [({"expires_in": 100}, 80), ({"expires_in": "50"}, 40), ({}, 2880)]
)
def test_an_oauth_token_is_replaced_at_80_percent_of_its_life(
    vendor: ScriptedVendor,
    make_client: Callable[..., Client],
    life: dict[str, object],
    seconds: int,
) -> None:
    clock = Clock()
    client = make_client(auth=oauth(vendor, clock))
    ok = answer(200, STATUS)
    vendor.script(token("first", **life), ok, ok, token("second"), ok)

    client.imports.status("1")
    clock.now += seconds - 1
    client.imports.status("1")
    clock.now += 1
    client.imports.status("1")

    used = [r.headers["authorization"] for r in vendor.received if r.method == "GET"]
    assert used == ["Bearer first", "Bearer first", "Bearer second"]


def test_an_oauth_token_is_replaced_once_after_a_401(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    vendor.script(token("revoked"), answer(401), token("fresh"), answer(200, STATUS))

    make_client(auth=oauth(vendor)).imports.execute("1")

    assert vendor.received[-1].headers["authorization"] == "Bearer fresh"


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (answer(401, {"error": "invalid_client"}), WrongCredentials),
        (answer(400, {"error": "invalid_scope", "error_description": "no"}), WrongCredentials),
        (answer(404), NotFound),
    ],
)
def test_refused_oauth_credentials_are_not_mistaken_for_a_refused_import(
    vendor: ScriptedVendor,
    make_client: Callable[..., Client],
    refusal: Callable[..., None],
    expected: type[MyPreferencesError],
) -> None:
    vendor.script(refusal)

    with pytest.raises(expected) as raised:
        make_client(auth=oauth(vendor)).imports.execute("1")

    assert raised.value.route == "oauth.token"
    assert "example-oauth" not in str(raised.value)


@pytest.mark.parametrize(
    "failure", [hang_up, answer(503), answer(200, b"cut"), answer(200, {}), answer(429)]
)
def test_a_stage_request_whose_token_could_not_be_fetched_was_not_sent(
    vendor: ScriptedVendor, make_client: Callable[..., Client], failure: Callable[..., None]
) -> None:
    vendor.script(*[failure] * 4)

    with pytest.raises(NotSent) as raised:
        make_client(auth=oauth(vendor)).imports.stage("1", b"{}", timeout=5)

    assert raised.value.route == "import.stage"
    assert not unclear(raised.value)
    assert all(request.path == "/oauth2/token" for request in vendor.received)


def test_fetching_an_oauth_token_is_tried_again(
    vendor: ScriptedVendor, make_client: Callable[..., Client], pauses: list[float]
) -> None:
    vendor.script(answer(503), raw(http(200, {"a": 1})[:-2]), token("late"), answer(200, STATUS))

    make_client(auth=oauth(vendor)).imports.execute("1")

    assert len(pauses) == 2


def test_a_secret_makes_the_authentication_it_describes() -> None:
    plain = auth_from_secret(
        {"auth": "pnauthinfo3", "user_id": "u", "secret": "s", "hash": "sha-512"}, "C", BASE
    )
    default = auth_from_secret({"auth": "pnauthinfo3", "user_id": "u", "secret": "s"}, "C", BASE)

    assert isinstance(plain, PnAuthInfo3)
    assert plain.header().startswith("PNAUTHINFO3-HMAC-SHA512 Credential=u/")
    assert isinstance(default, PnAuthInfo3)
    assert default.header().startswith("PNAUTHINFO3-HMAC-SHA256 ")


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("", "https://pm.example.test/oauth2/token"),
        ("https://login.example.test/t", "https://login.example.test/t"),
    ],
)
def test_the_token_url_is_the_secrets_or_on_the_apis_host(named: str, expected: str) -> None:
    secret = {
        "auth": "oauth2",
        "user_id": "u",
        "oauth_client_id": "i",
        "oauth_client_secret": "s",
        "token_url": named,
    }
    asked = []

    def fetch(url: str, _authorization: str, _form: bytes) -> None:
        asked.append(url)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        auth_from_secret(secret, "C", BASE).header(fetch)  # type: ignore[arg-type]

    assert asked == [expected]


def test_secret_incomplete_names_the_member_and_no_value(subtests: pytest.Subtests) -> None:
    for secret, member in [
        ({}, "auth"),
        ({"auth": "basic"}, "auth"),
        ({"auth": "pnauthinfo3", "secret": "s3cret"}, "user_id"),
        ({"auth": "pnauthinfo3", "user_id": "u", "secret": " "}, "secret"),
        ({"auth": "pnauthinfo3", "user_id": "u", "secret": "s3cret", "hash": "MD5"}, "hash"),
        ({"auth": "oauth2", "user_id": "u", "oauth_client_id": "i"}, "oauth_client_secret"),
    ]:
        with subtests.test(secret=secret):
            with pytest.raises(Misconfigured, match=f"`{member}`") as raised:
                auth_from_secret(secret, "C", BASE)

            assert "s3cret" not in str(raised.value)


def test_a_token_url_must_be_encrypted() -> None:
    secret = {
        "auth": "oauth2",
        "user_id": "u",
        "oauth_client_id": "i",
        "oauth_client_secret": "s",
        "token_url": "http://login.example.test/token",
    }

    with pytest.raises(Misconfigured, match="unencrypted"):
        auth_from_secret(secret, "C", BASE)


def test_a_netrc_entry_does_not_replace_the_authentication(
    vendor: ScriptedVendor,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    vendor.script(answer(200, STATUS))

    client.imports.status("1")

    assert vendor.received[0].headers["authorization"].startswith("PNAUTHINFO3-HMAC-SHA256 ")
