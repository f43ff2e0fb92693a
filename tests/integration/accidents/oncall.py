"""Somebody on call: types commands, reads what they say, and does what is said there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop.mypreferences.events import Event
from prefdrop.mypreferences.subscriptions_models import Subscription, select_all_events
from tests.command import typed
from tests.workbench import PATIENCE, Workbench, workbench

SHORT = {
    "RequestSeconds": "2",
    "GhostSeconds": "2",
    "LeaseSeconds": "3",
    "PollFirstSeconds": "1",
    "PollMaxSeconds": "1",
    "ChunkBytes": "4000",
    "MaxTornParts": "1",
    "BackfillGraceSeconds": "0",
}
"""Times in which a request to this machine surely ends, and chunks of a dozen people."""
SECRET_MEMBERS = {"auth", "user_id", "secret"}


class Said(NamedTuple):
    """What a command printed on both of its outputs, and its exit code."""

    text: str
    code: int

    def commands(self, words: str) -> list[str]:
        """The commands in the text that begin with `prefdrop` and these words, in order."""
        named = re.findall(r"`(prefdrop [^`]+)`", self.text)
        return [command for command in named if command.startswith(f"prefdrop {words}")]

    def command(self, words: str) -> str:
        """The first of these commands."""
        found = self.commands(words)
        assert found, f"no `prefdrop {words}` is named in:\n{self.text}"
        return found[0]


class OnCall:
    """A person with a terminal, a stack, and nothing but what the commands say."""

    def __init__(self, bench: Workbench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder

    # --- at the terminal ----------------------------------------------------------------------

    def types(self, command: str, **files: Path) -> Said:
        """Type a command as it was read, with files put where it says `FILE` and the like."""
        words = shlex.split(command)
        assert words.pop(0) == "prefdrop", command
        given = [str(files.get(word.removesuffix(".toml"), word)) for word in words]
        ended = typed(given)
        return Said(ended.stdout + ended.stderr, ended.returncode)

    def follows(self, said: Said, words: str, **files: Path) -> Said:
        """Type the command that was said, the one that begins with these words; it must work."""
        done = self.types(said.command(words), **files)
        assert done.code == 0, done.text
        return done

    def shows(self, version: str) -> Said:
        """Look at the import of a drop."""
        return self.types(f"prefdrop imports show {self.id_of(version)}")

    def writes(self, name: str, text: str) -> Path:
        """Write a file to work with."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    # --- what is to be seen -------------------------------------------------------------------

    def id_of(self, version: str) -> str:
        """The import's id of a drop."""
        found: str = self.bench.import_of(version)["import_id"]
        return found

    def status_of(self, version: str) -> str:
        """How a drop's import stands, once the execution that works on it has ended."""
        self.bench.end_of(self.bench.import_of(version)["execution_arn"])
        status: str = self.bench.import_of(version)["status"]
        return status

    def report_of(self, version: str) -> dict[str, Any]:
        """The report of a drop's import as it lies in the bucket."""
        return self.bench.read_json(self.bench.import_of(version)["report_key"])

    # --- accidents ----------------------------------------------------------------------------

    def drop_and_wait(self, body: str, feed: str = "people", name: str = "people.csv") -> str:
        """Drop a file and wait until its execution has ended; returns its version."""
        version = self.bench.drop(body, feed, name)
        self.bench.end_of(self.bench.execution_of(version))
        return version

    def break_vendor(self, *rules: dict[str, Any]) -> None:
        """Put fault rules in force at the vendor; none mends it."""
        self._put("faults", {"rules": list(rules)})

    def lose_deliveries(self, *, lose: bool) -> None:
        """Have the vendor lose every event on its way, or none."""
        rules = [{"kind": "drop", "chance": 1.0}] if lose else []
        self._put("events/faults", {"seed": 1, "rules": rules})

    @contextmanager
    def rotated_secret(self, secret: str) -> Iterator[str]:
        """Give the API user another secret at the vendor; the stack is told the old one at last."""
        user, old = (self.bench.sandbox.credentials[name] for name in ("user_id", "secret"))
        self._put(f"users/{user}", {"secret": secret})
        try:
            yield secret
        finally:
            self._put(f"users/{user}", {"secret": old})
            self._store_secret(self.bench.stack.outputs["VendorSecretArn"], old)

    def puts_secret(self, said: Said, secret: str) -> None:
        """Do what the `aws` command in the text would do, with the right secret put in."""
        words = shlex.split(re.findall(r"`(aws secretsmanager [^`]+)`", said.text)[0])
        named = words[words.index("--secret-id") + 1]
        assert set(json.loads(words[words.index("--secret-string") + 1])) == SECRET_MEMBERS
        self._store_secret(named, secret)

    def _store_secret(self, name: str, secret: str) -> None:
        user = self.bench.sandbox.credentials["user_id"]
        text = json.dumps({"auth": "pnauthinfo3", "user_id": user, "secret": secret})
        secrets = self.bench.stack.client("secretsmanager")
        secrets.put_secret_value(SecretId=name, SecretString=text)

    # --- events -------------------------------------------------------------------------------

    def subscribe(self, *, with_key: str = "") -> None:
        """Have the vendor deliver all events to the stack, by the key in force or another."""
        place, _, key = (self.bench.stack.webhook_url or "").rpartition("/")
        with self.vendor_client() as vendor:
            vendor.subscriptions.create(
                Subscription(
                    name="audit",
                    url=f"{place}/{with_key or key}",
                    subscriptions=select_all_events(),
                )
            )

    def made_events(self) -> list[Event]:
        """The events that the vendor has made."""
        with self.vendor_client() as vendor:
            return list(vendor.events.of_account())

    def kept_events(self) -> set[str]:
        """The ids of the events that the stack keeps, as the command lists them."""
        listed = json.loads(self.types("prefdrop events list --limit 1000 --json").text)
        return {one["event_id"] for one in listed}

    def _put(self, path: str, body: dict[str, Any]) -> None:
        url = self.bench.sandbox.admin_url + path
        requests.put(url, json=body, timeout=PATIENCE).raise_for_status()

    def vendor_client(self) -> Client:
        """The vendor's API, for what its own console would be used for."""
        known = self.bench.sandbox.credentials
        auth = PnAuthInfo3(known["client_id"], known["user_id"], known["secret"])
        return Client(self.bench.sandbox.url, known["client_id"], auth)


@contextmanager
def stack_on_call(data_dir: Path) -> Iterator[Workbench]:
    """A stack with short times whose endpoint is in the environment, as on an operator's shell."""
    with (
        workbench(data_dir, parameters=SHORT, allow_http_loopback=True) as bench,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("PREFDROP_ENDPOINT", bench.stack.endpoint)
        yield bench
