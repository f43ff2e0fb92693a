"""A stack that is deployed into the second cloud, with a sandbox as its vendor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from prefdrop_local.stack.vendor import of_sandbox
from tests.cloud.emulator import Emulator
from tests.workbench import FEED, PATIENCE

Json = dict[str, Any]

HOLDING = FEED.replace("= 100", '= 5\nover_gate = "hold"')


class Deployed:
    """One stack: what is dropped into it, and what came of that."""

    def __init__(self, cloud: Emulator, name: str, sandbox: SandboxProcess) -> None:
        self.cloud = cloud
        self.name = name
        self.sandbox = sandbox
        self.s3 = cloud.client("s3")
        self.secrets = cloud.client("secretsmanager")
        self.step_functions = cloud.client("stepfunctions")

    def deploy(self, built: Path) -> None:
        """Create the stack, or update it, from a built template."""
        given = {"BaseUrl": self.sandbox.url, "ClientId": self.sandbox.credentials["client_id"]}
        self.cloud.deploy(built, self.name, given)

    def fill_secret(self) -> None:
        """Put the vendor's credentials into the stack's secret, as `docs/deploy.md` says."""
        text = of_sandbox(self.sandbox).secret_json()
        self.secrets.put_secret_value(SecretId=self.outputs["VendorSecretArn"], SecretString=text)

    @property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        answer = self.cloud.client("cloudformation").describe_stacks(StackName=self.name)
        return {one["OutputKey"]: one["OutputValue"] for one in answer["Stacks"][0]["Outputs"]}

    @property
    def secret_texts(self) -> dict[str, str]:
        """The texts of both secrets, by the output that names each."""
        read, outputs = self.secrets.get_secret_value, self.outputs
        names = ("VendorSecretArn", "WebhookSecretArn")
        return {name: read(SecretId=outputs[name])["SecretString"] for name in names}

    def prefdrop(self, *words: str, code: int = 0) -> str:
        """Run the operator's command, which must end with `code`; return what it printed."""
        done = self.cloud.prefdrop(self.name, *words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def asked(self, *words: str, code: int = 0) -> Any:
        """Return what a command prints with `--json`."""
        return json.loads(self.prefdrop(*words, "--json", code=code))

    def push_feed(self, text: str, name: str = "people") -> None:
        """Put a feed into the bucket."""
        self._put(f"feeds/{name}.toml", text)

    def drop(self, text: str, name: str, feed: str = "people") -> None:
        """Drop a file."""
        self._put(f"inbox/{feed}/{name}", text)

    def _put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.outputs["BucketName"], Key=key, Body=text.encode())

    def imports(self) -> dict[str, Json]:
        """The imports by the name of their file."""
        return {one["key"].rpartition("/")[2]: one for one in self.asked("imports", "list")}

    def report(self, file: str) -> Json:
        """Wait for the end of a file's import; return its report."""
        ended = ("Completed", "CompletedWithRejects", "Failed", "Aborted", "Unreconciled")
        found: Json = self.wait_for(
            lambda: self.imports().get(file, {}), lambda one: one.get("status") in ended
        )
        executions = self.executions()
        self.wait_for(
            lambda: self._is_running(executions[found["import_id"]]), lambda running: not running
        )
        report: Json = self.asked("imports", "show", found["import_id"])
        return report

    def executions(self) -> dict[str, str]:
        """The import executions, by the import that they work on."""
        listed = self.step_functions.list_executions(
            stateMachineArn=self.outputs["ImportStateMachineArn"]
        )["executions"]
        oldest_first = reversed(listed)
        return {self._import_of(one["executionArn"]): one["executionArn"] for one in oldest_first}

    def _import_of(self, execution: str) -> str:
        for event in self._events(execution):
            entered = json.loads(event.get("stateEnteredEventDetails", {}).get("input", "{}"))
            if "import" in entered:
                return str(entered["import"]["import_id"])
        return ""

    def _is_running(self, execution: str) -> bool:
        described = self.step_functions.describe_execution(executionArn=execution)
        return bool(described["status"] == "RUNNING")

    def visited(self, execution: str) -> list[str]:
        """The states that an execution has entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self._events(execution)
            if "stateEnteredEventDetails" in event
        ]

    def wait_for_state(self, file: str, state: str) -> None:
        """Wait until the execution of a file's import is in a state."""

        def where() -> list[str]:
            record = self.imports().get(file)
            execution = self.executions().get(record["import_id"]) if record else None
            return self.visited(execution) if execution else []

        self.wait_for(where, lambda visited: visited[-1:] == [state])

    def _events(self, execution: str) -> list[Json]:
        pages = self.step_functions.get_paginator("get_execution_history").paginate(
            executionArn=execution
        )
        return [event for page in pages for event in page["events"]]

    def wait_for(self, ask: Callable[[], Any], enough: Callable[[Any], Any] = bool) -> Any:
        """Ask until the answer is enough; the emulator has no event to wait for."""
        until = time.monotonic() + PATIENCE * 2
        while not enough(answer := ask()):
            assert time.monotonic() < until, answer
            time.sleep(0.5)
        return answer

    def deliver(self, body: str, *, key: str = "") -> int:
        """Deliver a body to the webhook, as the vendor would; return the status."""
        outputs = self.outputs
        key = key or json.loads(self.secret_texts["WebhookSecretArn"])["key"]
        host, _, path = outputs["WebhookUrl"].removeprefix("https://").partition("/")
        api = host.partition(".")[0]
        answer = requests.post(
            f"{self.cloud.endpoint}/{path}{key}",
            data=body,
            # The emulator serves every API at one address, and tells them apart by this name.
            headers={"Host": f"{api}.execute-api.127.0.0.1", "Content-Type": "application/json"},
            verify=str(self.cloud.certificate),
            timeout=PATIENCE,
        )
        return answer.status_code

    def set_vendor(self, **settings: Any) -> None:
        """Change settings of the sandbox."""
        url = self.sandbox.admin_url + "settings"
        requests.patch(url, json=settings, timeout=PATIENCE).raise_for_status()

    def advance_vendor(self, seconds: int) -> None:
        """Let time pass at the sandbox."""
        url = self.sandbox.admin_url + "clock"
        requests.post(url, json={"advance": seconds}, timeout=PATIENCE).raise_for_status()


@contextmanager
def deployed(cloud: Emulator, name: str, built: Path) -> Iterator[Deployed]:
    """A stack made from a built template, ready for drops."""
    options: Json = {"queued_seconds": 0, "records_per_second": 0, "export_seconds": 0.2}
    with start_sandbox(allow_http_loopback=True, **options) as sandbox:
        made = Deployed(cloud, name, sandbox)
        made.deploy(built)
        made.fill_secret()
        yield made
