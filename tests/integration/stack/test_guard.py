"""Every server on this machine refuses the requests of other web pages.

`tests/browser/test_other_pages.py` shows the same with a real browser and the product's stack.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

import prefdrop_local
from prefdrop_local.guard import Guard
from prefdrop_local.sandbox import cli
from prefdrop_local.sandbox.account import load_account
from prefdrop_local.sandbox.process import SandboxFailedError, SandboxProcess, start_sandbox
from prefdrop_local.sandbox.sandbox import Sandbox
from prefdrop_local.sandbox.server import SandboxServer
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.stack import LocalStack, StackSettings
from tests.command import typed
from tests.integration.stack.conftest import ALLOWED
from tests.tiers import second_tier
from tests.workbench import PATIENCE

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
FOREIGN = {
    "Host": (
        "evil.test", "evil.test:{port}", "127.0.0.1.evil.test:{port}", "localhost.evil.test",
        "evillocalhost", "sub." + ALLOWED, "0.0.0.0:{port}", "192.0.2.1", "[::2]:{port}",
        "me@127.0.0.1", "127.0.0.1:{port}, evil.test", "é", "",
    ),
    "Origin": (
        "http://evil.test", "https://evil.test", "null", "file://", "http://127.0.0.1",
        "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://localhost:{port}",
        "http://127.0.0.1:{port}, http://evil.test", "",
    ),
    "Sec-Fetch-Site": ("cross-site", "same-site", "anything", ""),
}  # fmt: skip
OWN_HOSTS = ("127.0.0.1", "localhost", "LOCALHOST", "[::1]", "bucket.localhost", ALLOWED)


class Served(NamedTuple):
    """One server, and a path that does something there."""

    netloc: str
    path: str

    @property
    def port(self) -> str:
        return self.netloc.partition(":")[2]


class Answered(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: str


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with start_sandbox(allow_host=[ALLOWED]) as process:
        yield process


@pytest.fixture(scope="module")
def servers(stack: LocalStack, sandbox: SandboxProcess) -> dict[str, Served]:
    """Every server, by the name that its test reports."""
    addresses = {
        "AWS endpoint": f"{stack.endpoint}/{stack.outputs['BucketName']}",
        "HTTP API": stack.outputs["Address"] + "1",
        "sandbox's API": sandbox.url + "DEMO_CLIENT/Filters",
        "sandbox's admin routes": sandbox.admin_url + "reset",
    }
    parts = {name: urlsplit(address) for name, address in addresses.items()}
    return {name: Served(part.netloc, part.path) for name, part in parts.items()}


def ask(server: Served, method: str, headers: list[tuple[str, str]], body: bytes = b"") -> Answered:
    """Send exactly these headers; `{port}` is the server's."""
    line = http.client.HTTPConnection(server.netloc, timeout=PATIENCE)
    try:
        line.putrequest(method, server.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            line.putheader(name, value.replace("{port}", server.port))
        line.putheader("Content-Length", str(len(body)))
        line.endheaders(body)
        got = line.getresponse()
        lower = {name.lower(): value for name, value in got.getheaders()}
        return Answered(got.status, lower, got.read().decode())
    finally:
        line.close()


def with_host(name: str, value: str) -> list[tuple[str, str]]:
    own = [] if name == "Host" else [("Host", "127.0.0.1:{port}")]
    return [*own, (name, value)]


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_header_at_each_server_is_refused(
    servers: dict[str, Served],
    stack: LocalStack,
    sandbox: SandboxProcess,
    subtests: pytest.Subtests,
    name: str,
) -> None:
    invoked = len(stack.invocations)
    for place, server in servers.items():
        for value in FOREIGN[name]:
            for method in METHODS:
                with subtests.test(server=place, value=value, method=method):
                    answer = ask(server, method, with_host(name, value))
                    assert answer.status == 403
                    assert answer.body.startswith(f"{name} '") or method == "HEAD"
                    assert not any(one.startswith("access-control") for one in answer.headers)

    assert len(stack.invocations) == invoked
    assert requests.get(sandbox.admin_url + "books", timeout=PATIENCE).json()["requests"] == []


def test_foreign_header_beside_an_own_one_is_refused(
    servers: dict[str, Served], subtests: pytest.Subtests
) -> None:
    origin = ("Origin", "http://127.0.0.1:{port}")
    for place, server in servers.items():
        for added in (("Host", "evil.test"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")):
            with subtests.test(server=place, header=added[0]):
                headers = [("Host", "127.0.0.1:{port}"), origin, ("Sec-Fetch-Site", "none"), added]
                assert ask(server, "POST", headers).status == 403


def test_own_host_at_each_server_is_answered(
    servers: dict[str, Served], subtests: pytest.Subtests
) -> None:
    for place, server in servers.items():
        # A relay or a tunnel listens on another port.
        for host in (own + port for own in OWN_HOSTS for port in ("", ":{port}", ":9")):
            with subtests.test(server=place, host=host):
                assert ask(server, "GET", [("Host", host)]).status != 403


def test_own_page_at_each_server_is_answered(
    servers: dict[str, Served], subtests: pytest.Subtests
) -> None:
    for place, server in servers.items():
        for site in ("same-origin", "none"):
            with subtests.test(server=place, site=site):
                headers = with_host("Origin", "http://127.0.0.1:{port}")
                answer = ask(server, "GET", [*headers, ("Sec-Fetch-Site", site)])
                assert answer.status != 403
                assert not any(one.startswith("access-control") for one in answer.headers)


def test_refusal_of_a_host_names_it_and_the_option(servers: dict[str, Served]) -> None:
    answer = ask(servers["AWS endpoint"], "GET", [("Host", "stack.example.test:4566")])

    assert answer.body == (
        "Host 'stack.example.test:4566' is not a name of this server: "
        "start it with --allow-host NAME to add one.\n"
    )
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_refused_large_body_still_gets_its_answer(
    servers: dict[str, Served], subtests: pytest.Subtests
) -> None:
    body = bytes(30_000_000)
    for place, server in servers.items():
        with subtests.test(server=place):
            assert ask(server, "PUT", [("Host", "evil.test")], body).status == 403


def test_refused_write_leaves_no_object(stack: LocalStack) -> None:
    bucket = stack.outputs["BucketName"]
    headers = {"Origin": "http://evil.test"}

    answer = requests.put(
        f"{stack.endpoint}/{bucket}/inbox/evil.csv", b"id\n1\n", headers=headers, timeout=PATIENCE
    )

    found = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix="inbox/evil")
    assert (answer.status_code, found["KeyCount"]) == (403, 0)


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_presigned_url_in_each_style_is_answered(stack: LocalStack, style: Any) -> None:
    bucket, port = stack.outputs["BucketName"], urlsplit(stack.endpoint).port
    stack.client("s3").put_object(Bucket=bucket, Key="a/note.txt", Body=b"note")
    client = boto3.client(
        "s3", endpoint_url=f"http://localhost:{port}", region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": style}),
    )  # fmt: skip

    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a/note.txt"})

    # Not every resolver knows names below localhost, so the address is put in by hand.
    parts = urlsplit(url)
    here = parts._replace(netloc=f"127.0.0.1:{port}").geturl()
    answer = requests.get(here, headers={"Host": parts.netloc}, timeout=PATIENCE)
    assert parts.netloc.startswith(bucket) is (style == "virtual")
    assert (answer.status_code, answer.content) == (200, b"note")


class _FromElsewhere(SandboxServer):
    """A sandbox whose callers all seem to be on another machine."""

    def get_request(self) -> Any:
        connection, _ = super().get_request()
        return connection, ("192.0.2.7", 40_000)


@pytest.mark.parametrize(("anywhere", "status"), [(False, 403), (True, 200)])
def test_admin_route_from_another_machine_needs_its_option(anywhere: bool, status: int) -> None:
    sandbox = Sandbox(load_account(None), Settings())
    server = _FromElsewhere(
        ("127.0.0.1", 0), sandbox, Guard(), admin_from_anywhere=anywhere
    )  # fmt: skip
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        served = f"http://127.0.0.1:{server.server_address[1]}"
        admin = requests.post(f"{served}/_sandbox/reset", timeout=PATIENCE)
        vendor = requests.get(f"{served}/v4/DEMO_CLIENT/Filters", timeout=PATIENCE)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        sandbox.close()

    assert admin.status_code == status
    assert ("--admin-from anywhere" in admin.text) is not anywhere
    assert vendor.status_code != 403


@pytest.mark.parametrize(
    ("host", "names"), [("192.0.2.7", ["192.0.2.7"]), ("0.0.0.0", []), ("::", []), ("", [])]
)
def test_address_to_listen_on_is_a_name_of_the_sandbox(host: str, names: list[str]) -> None:
    options = cli._parser().parse_args(["--host", host, "--allow-host", ALLOWED])

    assert cli._names(options) == [ALLOWED, *names]


@pytest.mark.parametrize("name", ["http://a.test", "a.test:80", "*", "", "a b"])
def test_invalid_allowed_host_is_refused_with_its_value(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"Invalid host name {name!r}: ")):
        StackSettings(allow_hosts=(name,))


def test_invalid_allow_host_of_a_command_is_wrong_use() -> None:
    ended = typed(["local", "up", "--allow-host", "http://a.test"])

    assert ended.returncode == 2
    assert "Invalid host name 'http://a.test'" in ended.stderr


@second_tier("the command's way to the same check")
def test_invalid_allow_host_of_the_sandbox_is_wrong_use(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SandboxFailedError):
        start_sandbox(allow_host="http://a.test")

    assert "Invalid host name 'http://a.test'" in capfd.readouterr().err


def test_every_request_handler_is_guarded() -> None:
    package = Path(prefdrop_local.__file__).parent
    handlers = {
        (file.name, bases)
        for file in package.rglob("*.py")
        for bases in re.findall(r"^class \w+\((.*Handler.*)\):", file.read_text("utf-8"), re.M)
    }

    assert handlers == {
        ("guard.py", "BaseHTTPRequestHandler"),
        ("http_api.py", "GuardedHandler"),
        ("server.py", "GuardedHandler"),
        ("server.py", "GuardedHandler, MotoRequestHandler"),
    }
