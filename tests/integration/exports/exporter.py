"""A running stack, and words to talk about its exports."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prefdrop.mypreferences import Client, Event, auth_from_secret
from tests.workbench import ROOT, Workbench

EXAMPLE_ROWS = 1_500
_numbers = itertools.count(1)


class Exporter:
    """Defines exports and runs them; what they make is read by their manifests alone."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.machine = bench.stack.outputs["ExportStateMachineArn"]

    def define(self, text: str, name: str = "") -> str:
        """Put a definition into the bucket; returns the export's name."""
        name = name or f"people-{next(_numbers)}"
        self.bench.s3.put_object(
            Bucket=self.bench.bucket, Key=f"exports/{name}.toml", Body=text.encode()
        )
        return name

    def run(self, name: str, run: str, *, full: bool = False) -> dict[str, Any]:
        """Run an export to its end; returns the manifest."""
        ended = self.bench.end_of(self.start(name, run, full=full))
        assert ended["status"] == "SUCCEEDED", (ended, self.bench.logs()[-4000:])
        return self.bench.read_json(f"exports/{name}/{run}/manifest.json")

    def start(self, name: str, run: str, *, full: bool = False) -> str:
        """Start an execution; returns its ARN."""
        started = self.bench.step_functions.start_execution(
            stateMachineArn=self.machine,
            name=f"{name}-{run}",
            input=json.dumps({"export": name, "run": run, "full": full}),
        )
        arn: str = started["executionArn"]
        return arn

    def bodies(self, manifest: dict[str, Any]) -> Iterator[bytes]:
        """The objects of a run, unpacked."""
        for one in manifest["objects"]:
            yield gzip.decompress(self.bench.read(one["key"]))

    def records(self, manifest: dict[str, Any]) -> list[dict[str, Any]]:
        """The records of a run in jsonl."""
        return [json.loads(line) for body in self.bodies(manifest) for line in body.splitlines()]

    def rows(self, manifest: dict[str, Any]) -> list[dict[str, str]]:
        """The rows of a run in csv."""
        return [
            row
            for body in self.bodies(manifest)
            for row in csv.DictReader(io.StringIO(body.decode(), newline=""))
        ]

    def import_example(self) -> dict[str, Any]:
        """Import the first rows of the example file with its feed; returns the report."""
        feed = (ROOT / "feeds/crm-contacts.toml").read_text()
        self.bench.push_feed(feed, "crm-contacts")
        lines = (ROOT / "feeds/crm-contacts.csv").read_bytes().splitlines(keepends=True)
        body = b"".join(lines[: EXAMPLE_ROWS + 1])
        return self.bench.run(body, "crm-contacts", "contacts.csv")

    def events_since(self, moment: datetime) -> list[Event]:
        """What the vendor says has happened to profiles since."""
        secret = {"auth": "pnauthinfo3"} | self.bench.sandbox.credentials
        client_id = self.bench.sandbox.credentials["client_id"]
        auth = auth_from_secret(secret, client_id, self.bench.sandbox.url)
        with Client(self.bench.sandbox.url, client_id, auth) as client:
            return list(client.events.of_account(start_at=moment, subscribed_only=False))
