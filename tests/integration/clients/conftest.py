"""A running sandbox for all tests of this folder, emptied before each, and clients of it."""

from __future__ import annotations

import json
import os
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import prefdrop_local.sandbox
from prefdrop.mypreferences import Client, auth_from_secret
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.integration.clients.operations import assert_reached, reached_in, write_page

ACCOUNT = tomllib.loads(
    (Path(prefdrop_local.sandbox.__file__).parent / "account.toml").read_text(encoding="utf-8")
)

Admin = Callable[..., Any]
"""`admin("settings", {"export_seconds": 1}, "PATCH")`: what the admin endpoint answers."""

Connect = Callable[[str], Client]


@pytest.fixture(scope="session")
def running() -> Iterator[SandboxProcess]:
    with start_sandbox(
        queued_seconds=0, records_per_second=0, daily_limit=1000, export_seconds=0
    ) as sandbox:
        yield sandbox


@pytest.fixture
def admin(running: SandboxProcess) -> Iterator[Admin]:
    def call(path: str, body: object = None, method: str = "") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            running.admin_url + path,
            data=data,
            method=method or ("GET" if data is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    before = call("settings")
    yield call
    call("settings", before, "PATCH")


@pytest.fixture
def connect(running: SandboxProcess, admin: Admin) -> Iterator[Connect]:
    """Makes a client of one of the sandbox's users; the sandbox is empty at first."""
    made: list[Client] = []
    admin("reset", {})

    def make(user_id: str) -> Client:
        client_id = running.credentials["client_id"]
        secret = {
            "auth": "pnauthinfo3",
            "user_id": user_id,
            "secret": ACCOUNT["users"][user_id]["secret"],
        }
        auth = auth_from_secret(secret, client_id, running.url)
        made.append(Client(running.url, client_id, auth))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Connect) -> Client:
    return connect("demo.api.user")


@pytest.fixture(autouse=True)
def reached_as_the_page_says(request: pytest.FixtureRequest, admin: Admin) -> Iterator[None]:
    """Fail a test that the page of operations names and that does not reach its operation."""
    yield
    test = f"{request.path.name}::{request.node.name}"
    books = admin("books")
    if os.environ.get("PREFDROP_WRITE_OPERATIONS"):
        _reached.setdefault(test, reached_in(books))
    else:
        assert_reached(test, books)


_reached: dict[str, set[str]] = {}
"""By test, the operations that it reached; gathered only to write the page."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("PREFDROP_WRITE_OPERATIONS") and _reached:
        write_page(_reached)
