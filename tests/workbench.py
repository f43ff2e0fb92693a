"""A running local stack with its sandbox, and words to talk about imports.

Waiting is for events of the stack, never for time to pass.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import requests

from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from prefdrop_local.stack import ExternalVendor, LocalStack, StackSettings
from prefdrop_local.stack.lambdas.pool import Invocation
from prefdrop_local.stack.vendor import of_sandbox
from tests.command import typed

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 180.0
"""Seconds after which a wait has failed, however busy the machine is. All tests use this one."""

FEED = """
[import]
name = "people"
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
first = "CustomerName.FirstName"
email = "Emails[EmailAddressType=Home].EmailAddress"
[columns.news]
to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS_WEEKLY].PreferenceType"
values = { Y = 1, N = 2 }
[gates]
max_rejected_percent = 100
"""

T = TypeVar("T")

FINISHED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


def poll(what: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Return the first true value of `what`, which nothing announces."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "what was polled for did not come"
        time.sleep(0.02)
    return found


class Workbench:
    """One stack, one sandbox. Names of files and feeds are the caller's."""

    def __init__(self, stack: LocalStack, sandbox: SandboxProcess) -> None:
        self.patience = PATIENCE
        self.stack = stack
        self.sandbox = sandbox
        self.s3 = stack.client("s3")
        self.step_functions = stack.client("stepfunctions")
        self.dynamodb = stack.client("dynamodb")
        self.bucket = stack.outputs["BucketName"]
        self.state_machine = stack.outputs["ImportStateMachineArn"]
        self.events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._seen_invocations = 0
        self._stops = [stack.on_event(self._note), stack.on_invoke(self._invoked)]

    def close(self) -> None:
        """Stop listening to the stack."""
        for stop in self._stops:
            stop()

    # --- giving it work -----------------------------------------------------------------------

    def push_feed(self, text: str = FEED, name: str = "people") -> None:
        """Put a feed into the bucket."""
        self.s3.put_object(Bucket=self.bucket, Key=f"feeds/{name}.toml", Body=text.encode())

    def drop(self, body: str | bytes, feed: str = "people", name: str = "people.csv") -> str:
        """Drop a file; returns its object version."""
        data = body.encode() if isinstance(body, str) else body
        key = f"inbox/{feed}/{name}"
        answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        version: str = answer["VersionId"]
        return version

    def run(
        self, body: str | bytes, feed: str = "people", name: str = "people.csv"
    ) -> dict[str, Any]:
        """Drop a file, wait for its import, return its report."""
        return self.report_of(self.drop(body, feed, name))

    # --- waiting ------------------------------------------------------------------------------

    def _note(self, event: dict[str, Any]) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def _invoked(self, _: Invocation) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, what: Callable[[], Any], seconds: float | None = None) -> Any:
        """The first true value of `what`, looked at after each event of the stack."""
        with self._changed:
            found: list[Any] = []

            def look() -> bool:
                found[:] = [what()]
                return bool(found[0])

            if not self._changed.wait_for(look, timeout=seconds or self.patience):
                raise AssertionError("what was waited for did not come")
            return found[0]

    def poll(self, what: Callable[[], Any]) -> Any:
        """Return the first true value of `what`, for which the stack has no event."""
        return poll(what, self.patience)

    def execution_of(self, version: str) -> str:
        """The execution that the drop of an object version started first."""

        def look() -> str | None:
            for event in self._executions():
                started = json.loads(event["input"])
                if started.get("detail", {}).get("object", {}).get("version-id") == version:
                    arn: str = event["executionArn"]
                    return arn
            return None

        arn: str = self.wait_for(look)
        return arn

    def end_of(self, execution: str) -> dict[str, Any]:
        """What the execution's last status event says, once it has ended."""

        def look() -> dict[str, Any] | None:
            for event in self._executions():
                if event["executionArn"] == execution and event["status"] in FINISHED:
                    return event
            return None

        ended: dict[str, Any] = self.wait_for(look)
        return ended

    def wait_for_step(self, function: str, *, of: str = "") -> None:
        """Wait until a call of a function has ended that came after this workbench's last reset.

        `of` is the execution that it must be for.
        """

        def look() -> bool:
            return any(
                one.function == function and one.ended is not None and of in one.payload.decode()
                for one in self.stack.invocations[self._seen_invocations :]
            )

        self.wait_for(look)

    def _executions(self) -> Iterator[dict[str, Any]]:
        for event in list(self.events):
            if event["detail-type"] == "Step Functions Execution Status Change":
                yield event["detail"]

    # --- looking at what came of it -----------------------------------------------------------

    def imports(self) -> list[dict[str, Any]]:
        """The import items of the ledger, oldest first."""
        from prefdrop.ledger.table import unmarshal

        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.stack.outputs["ImportsTableName"], ConsistentRead=True
        )
        items = [unmarshal(item) for page in pages for item in page["Items"]]
        return sorted((i for i in items if i["sk"] == "META"), key=lambda i: i["registered_at"])

    def import_of(self, version: str) -> dict[str, Any]:
        """The import item of an object version."""
        return next(one for one in self.imports() if one["version_id"] == version)

    def report_of(self, version: str) -> dict[str, Any]:
        """The report of a drop, once its execution has ended."""
        self.end_of(self.execution_of(version))
        return self.read_json(self.import_of(version)["report_key"])

    def read(self, key: str) -> bytes:
        """An object of the bucket."""
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def read_json(self, key: str) -> dict[str, Any]:
        """A JSON object of the bucket."""
        value: dict[str, Any] = json.loads(self.read(key))
        return value

    def rejects(self, report: dict[str, Any]) -> list[dict[str, str]]:
        """The rows of the rejects file of a csv import."""
        text = self.read(report["rejects"]["key"]).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def history(self, execution: str) -> str:
        """The whole execution history as text."""
        pages = self.step_functions.get_paginator("get_execution_history").paginate(
            executionArn=execution, includeExecutionData=True
        )
        return json.dumps([e for page in pages for e in page["events"]], default=str)

    def logs(self) -> str:
        """Everything that the functions have logged."""
        files = sorted(self.stack.logs_dir.glob("*.log"))
        return "\n".join(file.read_text() for file in files)

    def prefdrop(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the operator's command against the stack, as an operator does."""
        return typed([*arguments, "--endpoint", self.stack.endpoint])

    # --- beginning anew -----------------------------------------------------------------------

    def empty_tables(self, *names: str) -> None:
        """Delete every item of the tables that the template calls so, such as `Audit`."""
        for name in names:
            self._empty_table(self.stack.outputs[f"{name}TableName"])

    def _empty_table(self, name: str) -> None:
        described = self.dynamodb.describe_table(TableName=name)["Table"]
        parts = [one["AttributeName"] for one in described["KeySchema"]]
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                self.dynamodb.delete_item(TableName=name, Key={part: item[part] for part in parts})

    def empty_bucket(self, *prefixes: str) -> None:
        """Delete every object whose key begins like one of these."""
        for prefix in prefixes:
            pages = self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            for key in [one["Key"] for page in pages for one in page.get("Contents", ())]:
                self.s3.delete_object(Bucket=self.bucket, Key=key)

    # --- the vendor's side --------------------------------------------------------------------

    def vendor(self, path: str, **query: Any) -> Any:
        """Ask the sandbox's admin endpoint."""
        answer = requests.get(self.sandbox.admin_url + path, params=query, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def set_vendor(self, **settings: Any) -> None:
        """Change settings of the sandbox."""
        answer = requests.patch(
            self.sandbox.admin_url + "settings", json=settings, timeout=PATIENCE
        )
        assert answer.ok, answer.text

    def reset_vendor(self) -> None:
        """Forget everything the sandbox holds, and its settings; look at later steps only."""
        self._seen_invocations = len(self.stack.invocations)
        requests.post(self.sandbox.admin_url + "reset", timeout=PATIENCE).raise_for_status()

    def profiles(self) -> list[dict[str, Any]]:
        """Every profile that the sandbox holds."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.vendor("profiles", offset=len(found), limit=1000)
            found += page["profiles"]
            if len(found) >= page["total"]:
                return found

    def requests_to(self, route: str) -> list[dict[str, Any]]:
        """The requests of one route in the sandbox's books."""
        return [one for one in self.vendor("books")["requests"] if one["route"] == route]


@contextmanager
def workbench(
    data_dir: Path,
    *,
    parameters: dict[str, str] | None = None,
    secret: str | None = None,
    allow_hosts: tuple[str, ...] = (),
    **sandbox_options: Any,
) -> Iterator[Workbench]:
    """A stack with a sandbox of its own that answers without delay.

    `secret` is what the stack takes for the vendor user's secret, when not the right one.
    `allow_hosts` are the names under which containers reach both.
    """
    options = {"queued_seconds": 0, "records_per_second": 0, **sandbox_options}
    settings = StackSettings(
        warm_workers=False, wait_scale=0.1, minute_seconds=3600, allow_hosts=allow_hosts
    )
    with (
        start_sandbox(allow_host=list(allow_hosts), **options) as sandbox,
        LocalStack(ROOT, parameters or {}, _seen(sandbox, secret), data_dir, settings) as stack,
    ):
        bench = Workbench(stack, sandbox)
        try:
            yield bench
        finally:
            bench.close()


def _seen(sandbox: SandboxProcess, secret: str | None) -> ExternalVendor:
    right = of_sandbox(sandbox)
    return replace(right, secret=secret) if secret else right


def people(count: int, *, first: int = 1) -> str:
    """A csv of `count` invented people that nothing is wrong with."""
    return "id,first,email,news\n" + more_people(count, first=first)


def more_people(count: int, *, first: int) -> str:
    """Rows as `people` has them, without the header."""
    numbers = range(first, first + count)
    return "".join(f"C-{n},Ana,p{n}@example.test,{'Y' if n % 2 else 'N'}\n" for n in numbers)
