"""`prefdrop doctor` against vendors who differ from what is assumed: it names the difference."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from prefdrop_cli.doctor.assumptions.confirming import confirmations
from prefdrop_cli.doctor.probing import Prober
from prefdrop_local.sandbox.process import SandboxProcess
from tests.integration.doctor.changed_vendors import (
    Change,
    account_of,
    changed_names,
    changed_routes,
    found,
    grouped,
    vendor,
    wrong,
)
from tests.tiers import spread
from tests.workbench import PATIENCE

EVERYTHING = [*grouped(changed_routes()), *grouped(changed_names())]

ONE_OF_EACH = {
    "import.stage": "O-3",
    "export.commit": "O-4",
    "phone.number": "O-5",
    "exceptions.records": "O-10",
    "subscriptions.replace": "O-15",
    "profiles.search_by_email": "O-21",
    "email_types.items": "O-22",
    "users.list": "O-23",
}

OTHER_WAYS = [
    ("O-1", {"assume": "base.integration=/Integration/v4/"}, "IntegrationUrl"),
    ("O-3", {"assume": "import.stage=PUT Async/{clientId}/Import/{accessToken}/Stage"}, "PUT only"),
    ("O-3", {"assume": "import.stage=Async/{clientId}/Import/{accessToken}"},
     "something answers at Async/{clientId}/Import/{accessToken}"),
    ("O-6", {"reason_code": "ignored"}, "ReasonCode"),
    ("O-7", {"daily_unit": "request", "daily_limit": 3}, "QuotaUnit=request"),
    ("O-8", {"oversize_answer": "400"}, "400"),
    ("O-8", {"body_limit": 20_000_000}, "ChunkBytes"),
    ("O-9", {"exceptions_limit_max": 500}, "500"),
    ("O-10", {"exception_numbers": "request"}, "SequenceNumber"),
    ("O-13", {"assume": "oauth.token_path=connect/token"}, "token_url"),
    ("O-14", {"signature_minutes": 10}, "14.5 minutes is refused"),
    ("O-15", {"assume": "standardfield.lastname.added=Names"}, "standardfield.lastname.added"),
    ("O-22", {"assume": "email_types.update=PATCH {clientId}/EmailTypes"}, "email_types.update"),
]  # fmt: skip
"""Number, what is other at the vendor, and a word that the finding must say."""

ACCEPTED = [
    {"token_type": "string"},
    {"completed_word": "Complete", "expires_zone": "eastern"},
    {"page_inclusive_quirk": "true", "page_total_quirk": "false"},
    {"oversize_answer": "404.13", "stage_counters": "request"},
    {"type_faults": "request"},
    {"daily_limit": 0, "retry_after": "false"},
]
"""Readings that Prefdrop takes as well as the assumed ones."""


@pytest.fixture(scope="module")
def usual() -> Iterator[SandboxProcess]:
    """A vendor who is as assumed."""
    with vendor() as sandbox:
        yield sandbox


def test_a_vendor_who_is_as_assumed_holds_in_every_point_that_can_be_told(
    usual: SandboxProcess,
) -> None:
    facts = found(usual)

    assert wrong(facts) == set()
    untold = {one.number for one in facts if one.outcome == "could not be told"}
    assert untold == {"O-2"}


@pytest.mark.parametrize(
    "options",
    spread(
        [pytest.param(options, id=",".join(options)) for options in ACCEPTED], 1, "every reading"
    ),
)
def test_a_reading_that_is_accepted_too_is_not_complained_of(options: dict[str, Any]) -> None:
    with vendor(**options) as sandbox:
        facts = found(sandbox)

    assert wrong(facts) == set()


@pytest.mark.parametrize(
    "group",
    spread(
        [pytest.param(group, id="+".join(c.name for c in group)) for group in EVERYTHING],
        2,
        "every assumption flipped",
    ),
)
def test_every_row_of_the_table_that_is_another_is_named_and_no_other(group: list[Change]) -> None:
    with vendor(*(change.assume for change in group)) as sandbox:
        facts = found(sandbox)

    assert wrong(facts) == {(change.number, change.name) for change in group}


@pytest.mark.parametrize("name", spread(ONE_OF_EACH, 1, "every number"))
def test_a_single_row_that_is_another_is_named_alone(name: str) -> None:
    change = next(one for one in (*changed_routes(), *changed_names()) if one.name == name)

    with vendor(change.assume) as sandbox:
        facts = found(sandbox)

    assert wrong(facts) == {(ONE_OF_EACH[name], name)}


@pytest.mark.parametrize(("number", "options", "said"), spread(OTHER_WAYS, 3, "each reading"))
def test_another_behaviour_is_named_alone(number: str, options: dict[str, Any], said: str) -> None:
    options = dict(options)
    assumed = [options.pop("assume")] if "assume" in options else []
    with vendor(*assumed, **options) as sandbox:
        facts = found(sandbox, chunk_bytes=25_000_000 if number == "O-8" else 1_000)
        bad = [one for one in facts if one.outcome == "did not hold"]

    assert [one.number for one in bad] == [number]
    assert said in f"{bad[0].fact}: {bad[0].said} {bad[0].change}"


def test_a_limit_that_is_known_to_count_requests_is_no_surprise() -> None:
    with vendor(daily_unit="request", daily_limit=3) as sandbox:
        prober = Prober(account_of(sandbox))
        facts = list(confirmations(prober, writes=True, unit="request"))
        prober.close()

    assert wrong(facts) == set()


def test_without_leave_to_write_the_vendor_is_only_read(usual: SandboxProcess) -> None:
    before = len(books(usual))

    doctor(usual)

    asked = books(usual)[before:]
    assert {one["method"] for one in asked if one["route"] != "oauth.token"} == {"GET"}
    assert not any(one["applied_at"] for one in asked)


def test_with_leave_to_write_one_import_is_initiated_and_nothing_is_executed(
    usual: SandboxProcess,
) -> None:
    before = len(books(usual))
    profiles = requests.get(f"{usual.admin_url}profiles", timeout=PATIENCE).json()

    doctor(usual, "--writes")

    applied = [one["route"] for one in books(usual)[before:] if one["applied_at"]]
    assert applied.count("import.initiate") == 1
    assert set(applied) == {"import.initiate", "import.stage"}
    assert requests.get(f"{usual.admin_url}profiles", timeout=PATIENCE).json() == profiles


@pytest.mark.parametrize(("reply", "initiated"), [(b"n\n", 0), (b"y\n", 1)])
def test_a_person_at_a_terminal_is_asked_before_anything_is_written(
    usual: SandboxProcess, reply: bytes, initiated: int
) -> None:
    before = len(books(usual))
    keyboard, terminal = pty.openpty()
    os.write(keyboard, reply)

    told = doctor(usual, stdin=terminal)

    for end in (keyboard, terminal):
        os.close(end)
    assert "counts against the vendor's daily limit" in told.stderr
    applied = [one["route"] for one in books(usual)[before:] if one["applied_at"]]
    assert applied.count("import.initiate") == initiated


def test_the_command_names_the_point_and_where_to_change_it_and_ends_with_5() -> None:
    with vendor("filters.list={clientId}/PreferenceFilters") as sandbox:
        told = doctor(sandbox)
        as_json = json.loads(doctor(sandbox, "--json").stdout)

    assert told.returncode == 5
    assert "O-22 did not hold:" in told.stdout
    assert 'parameter Routes: {"filters.list": "<path>"}' in told.stdout
    points = {one["number"]: one for one in as_json["assumptions"]}
    assert [n for n, one in points.items() if one["outcome"] == "did not hold"] == ["O-22"]
    assert not as_json["well"]


@pytest.mark.parametrize(("secret", "code"), [("", 0), ("wrong", 5)])
def test_oauth_credentials_are_tried_as_well(usual: SandboxProcess, secret: str, code: int) -> None:
    user = usual.credentials

    told = doctor(
        usual, "--auth", "oauth2", "--oauth-client-id", user["oauth_client_id"],
        secret=secret or user["oauth_client_secret"],
    )  # fmt: skip

    assert told.returncode == code
    assert ("failed  vendor authentication" in told.stdout) == bool(code)


def test_what_could_not_be_told_says_how_to_ask_the_vendor(usual: SandboxProcess) -> None:
    told = doctor(usual)

    assert told.returncode == 0
    assert "O-12  Ask support for which reasons a record is counted as `NotHonored`" in told.stdout


def test_the_command_shows_no_secret_and_no_persons_data(usual: SandboxProcess) -> None:
    told = doctor(usual, "--writes", "--json")

    assert usual.credentials["secret"] not in told.stdout + told.stderr
    assert "Ruiz" not in told.stdout + told.stderr
    assert "hooks.example.test" not in told.stdout + told.stderr


def books(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """The vendor's own record of what it was asked."""
    requests_: list[dict[str, Any]] = requests.get(f"{sandbox.admin_url}books", timeout=60).json()[
        "requests"
    ]
    return requests_


def doctor(
    sandbox: SandboxProcess, *options: str, secret: str = "", stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    """Run the command against a vendor, without a stack."""
    user = sandbox.credentials
    where = ["--vendor-url", sandbox.url, "--client-id", user["client_id"]]
    call = "from prefdrop_cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", call, "doctor", *where, "--user-id", user["user_id"], *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=stdin,
        env={**os.environ, "PREFDROP_VENDOR_SECRET": secret or user["secret"]},
    )
