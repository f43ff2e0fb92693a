"""The client and the sandbox, built apart from one contract, understand each other."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import (
    BadRequest,
    Client,
    ImportSpec,
    ImportStatus,
    NotAuthorized,
    NotFound,
    TokenRefused,
    TooLarge,
    TooManyRequests,
    WrongCredentials,
    auth_from_secret,
)
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.workbench import poll

MATCHED = ImportSpec(
    name="client-test", match_criteria="AlternateIdType", match_value="CrmContactId"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with start_sandbox(queued_seconds=0, records_per_second=0, daily_limit=1000) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(sandbox: SandboxProcess) -> None:
    admin(sandbox, "reset", {})


def admin(sandbox: SandboxProcess, path: str, body: object = None, method: str = "") -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        sandbox.admin_url + path,
        data=data,
        method=method or ("GET" if data is None else "POST"),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def shared_key(sandbox: SandboxProcess, **changes: str) -> dict[str, str]:
    known = sandbox.credentials
    return {
        "auth": "pnauthinfo3",
        "user_id": known["user_id"],
        "secret": known["secret"],
        "hash": "SHA256",
        **changes,
    }


def oauth(sandbox: SandboxProcess, **changes: str) -> dict[str, str]:
    known = sandbox.credentials
    return {
        "auth": "oauth2",
        "user_id": known["user_id"],
        "oauth_client_id": known["oauth_client_id"],
        "oauth_client_secret": known["oauth_client_secret"],
        "token_url": "",
        **changes,
    }


Secret = Callable[[SandboxProcess], dict[str, str]]
SECRETS: dict[str, Secret] = {
    "PNAUTHINFO3-HMAC-SHA256": shared_key,
    "PNAUTHINFO3-HMAC-SHA384": lambda sandbox: shared_key(sandbox, hash="SHA384"),
    "PNAUTHINFO3-HMAC-SHA512": lambda sandbox: shared_key(sandbox, hash="SHA512"),
    "OAuth2": oauth,
}


def connect(sandbox: SandboxProcess, secret: dict[str, str] | None = None) -> Client:
    client_id = sandbox.credentials["client_id"]
    auth = auth_from_secret(secret or shared_key(sandbox), client_id, sandbox.url)
    return Client(sandbox.url, client_id, auth)


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[Client]:
    with connect(sandbox) as connected:
        yield connected


def contact(number: int, *, email: str = "") -> dict[str, object]:
    names = {key: name.value for key, name in assumptions.NAMES.items()}
    return {
        "AlternateIds": [
            {
                names["alternate_id.type"]: "CrmContactId",
                names["alternate_id.value"]: f"C-{number}",
            }
        ],
        "Emails": [
            {
                "EmailAddressType": "Home",
                "EmailAddress": email or f"person.{number}@example.test",
                "EmailPreferences": [{"FilterId": "NEWS_WEEKLY", "PreferenceType": 1}],
            }
        ],
    }


def body(*records: dict[str, object]) -> bytes:
    return json.dumps({assumptions.NAMES["stage.records"].value: records}).encode()


def followed(client: Client, token: str) -> ImportStatus:
    """The import's final status; the vendor offers nothing but asking again."""
    return poll(lambda: (status := client.imports.status(token)).final and status)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_an_import_goes_through_whole_with_each_authentication(
    sandbox: SandboxProcess, secret: Secret
) -> None:
    with connect(sandbox, secret(sandbox)) as client:
        begun = client.imports.initiate(MATCHED)
        token = begun.access_token
        first = client.imports.stage(token, body(contact(1), contact(2)), timeout=30)
        second = client.imports.stage(
            token, body(contact(3, email="no address"), contact(4)), timeout=30
        )
        executed = client.imports.execute(token)
        ended = followed(client, token)
        pages = list(client.imports.iter_exceptions(token))

    assert begun.status == "Initiated"
    assert begun.expires is not None
    assert begun.date is not None
    assert (first.status, first.total_records_received) == ("Staging", 2)
    assert (second.total_records_received, second.validation_failed) == (4, 1)
    assert executed.total_records_received == 4
    assert (ended.status, ended.processed, ended.pending) == ("Completed", 3, 0)
    (rejected,) = pages[0].records
    assert rejected.sequence == 3
    assert rejected.record == contact(3, email="no address")
    assert [reason.path for reason in rejected.reasons] == ["Emails[0]"]
    assert rejected.reasons[0].message
    assert len(admin(sandbox, "profiles")["profiles"]) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"completed_word": "Complete", "token_type": "string", "token_hours": 6},
        {"completed_word": "Completed", "token_type": "int", "token_hours": 12},
        {"expires_zone": "eastern", "page_total_quirk": False},
    ],
    ids=str,
)
def test_both_readings_of_the_contract_are_understood(
    sandbox: SandboxProcess, client: Client, settings: dict[str, object]
) -> None:
    before = admin(sandbox, "settings")
    admin(sandbox, "settings", settings, "PATCH")
    try:
        begun = client.imports.initiate(MATCHED)
        client.imports.stage(begun.access_token, body(contact(1)), timeout=30)
        client.imports.execute(begun.access_token)
        ended = followed(client, begun.access_token)
    finally:
        admin(sandbox, "settings", {name: before[name] for name in settings}, "PATCH")

    assert ended.status == "Completed"
    assert begun.expires is not None
    assert begun.date is not None
    hours = settings.get("token_hours", 12)
    assert abs((begun.expires - begun.date).total_seconds() - hours * 3600) < 60  # type: ignore[operator]


def test_exceptions_come_page_by_page_each_once_and_between_stage_requests(
    client: Client,
) -> None:
    token = client.imports.initiate(MATCHED).access_token
    wrong = [contact(number, email="no address") for number in range(1, 8)]
    client.imports.stage(token, body(*wrong), timeout=30)

    pages = list(client.imports.iter_exceptions(token, limit=3))
    client.imports.stage(token, body(contact(99)), timeout=30)

    assert [page.count for page in pages] == [3, 3, 1]
    numbers = [record.sequence for page in pages for record in page.records]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("secret", [shared_key, oauth])
def test_wrong_credentials_are_refused_for_good(sandbox: SandboxProcess, secret: Secret) -> None:
    wrong = secret(sandbox)
    wrong["secret" if "secret" in wrong else "oauth_client_secret"] = "x" * 64

    with (
        connect(sandbox, wrong) as client,
        pytest.raises((NotAuthorized, WrongCredentials)) as raised,
    ):
        client.imports.initiate(MATCHED)

    assert raised.type is (NotAuthorized if secret is shared_key else WrongCredentials)


def test_a_wrong_client_id_is_not_found(sandbox: SandboxProcess) -> None:
    auth = auth_from_secret(shared_key(sandbox), "NOBODY", sandbox.url)

    with (
        Client(sandbox.url, "NOBODY", auth) as client,
        pytest.raises((NotFound, NotAuthorized)),
    ):
        client.imports.initiate(MATCHED)


def test_a_token_that_is_unknown_or_expired_is_refused_as_such(
    sandbox: SandboxProcess, client: Client
) -> None:
    with pytest.raises(TokenRefused):
        client.imports.status("999999999")

    token = client.imports.initiate(MATCHED).access_token
    admin(sandbox, "clock", {"advance": 13 * 3600})

    for call in (client.imports.status, client.imports.execute, client.imports.exceptions):
        with pytest.raises(TokenRefused):
            call(token)


def test_a_signature_is_renewed_by_the_vendors_clock(
    sandbox: SandboxProcess, client: Client
) -> None:
    token = client.imports.initiate(MATCHED).access_token

    admin(sandbox, "clock", {"advance": 3600})

    assert client.imports.status(token).status == "Initiated"


def test_limits_are_told_apart(sandbox: SandboxProcess, client: Client) -> None:
    admin(sandbox, "settings", {"body_limit": 10_000, "daily_limit": 1}, "PATCH")
    try:
        token = client.imports.initiate(MATCHED).access_token
        with pytest.raises(TooLarge):
            client.imports.stage(token, body(*map(contact, range(200))), timeout=30)
        with pytest.raises(BadRequest):
            client.imports.stage(token, b"not json", timeout=30)
        with pytest.raises(TooManyRequests) as exhausted:
            client.imports.initiate(MATCHED)
        received = client.imports.status(token).total_records_received
    finally:
        admin(sandbox, "settings", {"body_limit": 25_000_000, "daily_limit": 1000}, "PATCH")

    assert exhausted.value.retry_after is not None
    assert received == 0


def test_the_largest_request_goes_through(client: Client) -> None:
    record = contact(1)
    filler = {**record, "ProfileTags": [{"Name": "x" * 100}] * 40}
    size = len(json.dumps(filler)) + 2
    token = client.imports.initiate(MATCHED).access_token
    whole = body(*[filler] * (24_900_000 // size))

    staged = client.imports.stage(token, whole, timeout=120)

    assert staged.total_records_received == 24_900_000 // size
