"""A page of another origin can neither read nor write the servers of this machine.

`tests/integration/stack/test_guard.py` is the short form: it walks the headers of a browser.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests

from tests.browser.browser import FOREIGN_NAME, Browser
from tests.tiers import second_tier
from tests.workbench import PATIENCE, ROOT, Workbench, people

pytestmark = second_tier("a real browser; test_guard.py walks the headers that it sends")

PROFILES = 5
INBOX = "inbox/people/people.csv"
MODES = ("cors", "no-cors")
EVENT = json.loads(json.loads((ROOT / "events/receive_webhook.json").read_text())["body"])
FETCH = """
    const [url, options] = arguments;
    if (options.form) {
        options.body = new FormData();
        for (const [name, value] of Object.entries(options.form)) options.body.append(name, value);
    }
    return fetch(url, options).then(
        async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`,
        () => "failed");
"""
SUBMIT = """
    const form = document.createElement("form");
    [form.action, form.method, form.enctype] = [arguments[0], "POST", "text/plain"];
    const field = document.createElement("input");
    [field.name, field.value] = ['{"key', '":1}'];
    form.append(field);
    document.body.append(form);
    form.submit();
"""


class Target(NamedTuple):
    """A server of this machine: what could be read there, and what could be done there."""

    readable: str
    writable: str
    writes: list[dict[str, Any]]


@pytest.fixture(scope="module")
def targets(bench: Workbench) -> dict[str, Target]:
    """The servers of a running stack, whose webhook's key the other page has come to know."""
    bucket = f"{bench.stack.endpoint}/{bench.bucket}"
    admin, webhook = bench.sandbox.admin_url, bench.stack.webhook_url or ""
    rows = people(2)
    return {
        "stack": Target(
            f"{bucket}?list-type=2",
            bucket,
            [
                {"method": "POST", "mode": "no-cors", "form": {"key": INBOX, "file": rows}},
                {"method": "POST", "form": {"key": INBOX, "file": rows}},
            ],
        ),
        "object": Target(
            f"{bucket}/feeds/people.toml",
            f"{bucket}/{INBOX}",
            [{"method": "PUT", "body": rows}, {"method": "PUT", "mode": "no-cors", "body": rows}],
        ),
        "webhook": Target(
            webhook,
            webhook,
            [{"method": "POST", "mode": mode, "body": json.dumps(EVENT)} for mode in MODES],
        ),
        "sandbox": Target(
            f"{admin}profiles",
            f"{admin}reset",
            [{"method": "POST", "mode": mode, "body": "{}"} for mode in MODES],
        ),
    }


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>Another page</title><body></body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another server on this machine, which serves a page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["127.0.0.1", FOREIGN_NAME])
def page(request: pytest.FixtureRequest, chromium: Browser, elsewhere: int) -> Browser:
    """A page of another port, under this machine's own name and under another one."""
    chromium.open(f"http://{request.param}:{elsewhere}/")
    return chromium


@pytest.fixture(autouse=True)
def seeded(bench: Workbench) -> None:
    """The sandbox holds some profiles that another page could read or remove."""
    bench.reset_vendor()
    seed = {"profiles": PROFILES}
    requests.post(f"{bench.sandbox.admin_url}seed", json=seed, timeout=PATIENCE).raise_for_status()


def assert_untouched(bench: Workbench) -> None:
    """Nothing of what the page tried has happened."""
    found = bench.s3.list_object_versions(Bucket=bench.bucket, Prefix="inbox/")
    executions = bench.step_functions.list_executions(stateMachineArn=bench.state_machine)
    events = bench.dynamodb.scan(TableName=bench.stack.outputs["AuditTableName"])
    assert found.get("Versions", []) == []
    assert executions["executions"] == []
    assert events["Items"] == []
    assert len(bench.profiles()) == PROFILES


def test_another_page_reads_no_server(
    page: Browser, targets: dict[str, Target], subtests: pytest.Subtests
) -> None:
    for name, target in targets.items():
        with subtests.test(server=name):
            assert page.run(FETCH, target.readable, {}) == "failed"
            assert page.run(FETCH, target.readable, {"mode": "no-cors"}) == "opaque 0 "


def test_another_page_writes_to_no_server(
    page: Browser, targets: dict[str, Target], bench: Workbench, subtests: pytest.Subtests
) -> None:
    for name, target in targets.items():
        for options in target.writes:
            with subtests.test(server=name, options=options):
                assert page.run(FETCH, target.writable, options) in ("failed", "opaque 0 ")

    assert_untouched(bench)


def test_form_of_another_page_is_refused_by_each_server(
    page: Browser, targets: dict[str, Target], bench: Workbench, subtests: pytest.Subtests
) -> None:
    origin = page.address.rstrip("/")
    for name, target in targets.items():
        with subtests.test(server=name):
            page.open(f"{origin}/")
            page.run(SUBMIT, target.writable)
            page.wait(lambda to=target.writable: page.address == to, "the server's answer")
            assert page.text("body").startswith(f"Origin '{origin}' is another web page")

    assert_untouched(bench)


def test_rebound_name_reads_and_writes_no_server(
    chromium: Browser, targets: dict[str, Target], bench: Workbench, subtests: pytest.Subtests
) -> None:
    for name, target in targets.items():
        with subtests.test(server=name):
            # The page is now of the server's own origin, under a name that an attacker gave it.
            address = target.readable.replace("127.0.0.1", FOREIGN_NAME)
            host = urlsplit(address).netloc
            chromium.open(address)
            assert chromium.text("body").startswith(f"Host '{host}' is not a name")
            assert chromium.run(FETCH, address, {}).startswith("basic 403 ")
            for options in target.writes:
                there = target.writable.replace("127.0.0.1", FOREIGN_NAME)
                answer = chromium.run(FETCH, there, {**options, "mode": "cors"})
                assert answer.startswith("basic 403 ")

    assert_untouched(bench)
