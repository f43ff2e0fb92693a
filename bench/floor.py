"""The floor of an import: the same bodies, ready-made, and nothing of ours.

Initiate, post one body after the other, execute, ask for the status every second, read the pages
of exceptions and throw them away. No import of the same data gets below it against the same vendor.

    python -m bench.floor FOLDER        in a process of its own; FOLDER holds the bodies
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import requests

from bench.processes import Run, in_a_process, timed
from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT, ROUTES
from prefdrop.mypreferences import auth_from_secret

POLL_SECONDS = 1.0
SPEC = {"Name": "floor", "MatchCriteria": "AlternateIdType", "MatchValue": "CrmContactId"}


class Floor(NamedTuple):
    """What the plain client took, and what the vendor reported to it."""

    run: Run
    """Its rows are the records that the vendor received."""
    processed: int
    staging: float
    """Seconds until everything was posted."""


def measure(folder: Path, url: str, credentials: dict[str, str]) -> Floor:
    """Import the bodies of a folder in a process of its own."""
    secret = {"auth": "pnauthinfo3", **{k: credentials[k] for k in ("user_id", "secret")}}
    given = {"url": url, "client_id": credentials["client_id"], "secret": secret}
    run, processed, staging = in_a_process("bench.floor", str(folder), given=given)
    return Floor(Run(*run), processed, staging)


class _Plain:
    """The simplest client there can be."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._base, self._client = given["url"], given["client_id"]
        self._session = requests.Session()
        auth = auth_from_secret(given["secret"], given["client_id"], given["url"])
        self._header = auth.header(lambda *_: None)  # type: ignore[arg-type]

    def __call__(self, route: str, token: str = "", body: bytes | None = None, **query: int) -> Any:
        method, path, _ = ROUTES[f"import.{route}"]
        answer = self._session.request(
            method,
            self._base + path.format(clientId=self._client, accessToken=token),
            params=query,
            data=body,
            headers={"Authorization": self._header, "Content-Type": "application/json"},
        )
        answer.raise_for_status()
        return answer.json()


def main(folder: Path, given: dict[str, Any]) -> Floor:
    """Post the bodies in the order of their names."""
    call, seen = _Plain(given), dict[str, Any]()

    def work() -> int:
        begin = time.perf_counter()
        token = str(call("initiate", body=json.dumps(SPEC).encode())["AccessToken"])
        for body in sorted(folder.iterdir()):
            call("stage", token, body.read_bytes())
        seen["staging"] = time.perf_counter() - begin
        seen["status"] = _execute(call, token)
        return int(seen["status"]["TotalRecordsReceived"])

    run = timed(work)
    return Floor(run, seen["status"]["Processed"], seen["staging"])


def _execute(call: _Plain, token: str) -> Any:
    """Execute and read the exceptions; returns the last status."""
    status = call("execute", token)
    while status["Status"] not in ("Complete", "Completed", "Failed"):
        time.sleep(POLL_SECONDS)
        status = call("status", token)
    exceptions, more = 0, status["ValidationFailed"] + status["Exceptions"] > 0
    while more:
        page = call("exceptions", token, offset=exceptions + 1, limit=EXCEPTIONS_PAGE_LIMIT)
        exceptions += page["Count"]
        more = page["HasMore"]
    return status


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), json.load(sys.stdin))))
