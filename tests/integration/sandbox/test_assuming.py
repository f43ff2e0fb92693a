"""The sandbox takes another reading of what is assumed, to try a client against it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from prefdrop_local.sandbox.process import start_sandbox
from tests.workbench import PATIENCE


def status(url: str, method: str = "GET") -> int:
    """What a request without credentials is answered: 401 where there is something."""
    return requests.request(method, url, timeout=60).status_code


def test_a_route_moves_and_its_old_path_is_unknown() -> None:
    with start_sandbox(assume="filters.list={clientId}/PreferenceFilters") as sandbox:
        account = f"{sandbox.url}DEMO_CLIENT"

        assert status(f"{account}/PreferenceFilters") == 401
        assert status(f"{account}/Filters") == 404


def test_several_assumptions_come_from_options_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "assumed.json"
    file.write_text(json.dumps({"users.list": "{clientId}/Staff"}))
    token = "oauth.token_path=connect/token"

    with start_sandbox(assume=[str(file), token, "base.integration=/Bulk/v4"]) as sandbox:
        host = sandbox.url.removesuffix("Profiles/v4/")

        assert status(f"{sandbox.url}DEMO_CLIENT/Staff") == 401
        assert status(f"{host}connect/token", "POST") == 400
        assert status(f"{host}Bulk/v4/Async/DEMO_CLIENT/Import", "POST") == 401
        assert status(f"{sandbox.url}Async/DEMO_CLIENT/Import", "POST") == 404


@pytest.mark.parametrize(
    ("assumed", "said"),
    [
        ("no.such.name=X", "not in the table"),
        ("import.stage=Async/{clientId}/Stage", "placeholders"),
        ("stage.records=", "nothing"),
        ("/nowhere/assumed.json", "No such file"),
    ],
)
def test_an_assumption_that_cannot_be_is_refused_at_the_start(assumed: str, said: str) -> None:
    command = [sys.executable, "-m", "prefdrop_local.sandbox", f"--assume={assumed}"]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert ended.returncode == 2
    assert said in ended.stderr


def test_a_wrong_method_is_told_which_ones_there_are() -> None:
    with start_sandbox() as sandbox:
        user = sandbox.credentials
        form = {"grant_type": "client_credentials", "scope": f"DEMO_CLIENT/{user['user_id']}"}
        client = (user["oauth_client_id"], user["oauth_client_secret"])
        host = sandbox.url.removesuffix("Profiles/v4/")
        token = requests.post(f"{host}oauth2/token", data=form, auth=client, timeout=60).json()
        header = {"Authorization": f"Bearer {token['access_token']}"}

        answer = requests.delete(f"{sandbox.url}DEMO_CLIENT/EmailTypes", headers=header, timeout=60)

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST", "PUT"}
