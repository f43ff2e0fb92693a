"""The second cloud: ministack, with IAM enforced, as a process of its own on this machine.

Its functions run as processes of its own Python, without containers. `bridges.py` holds what it
lacks of AWS.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.workbench import PATIENCE, ROOT
from tools.sam_local.engine import SAM, Engine, why_not_build

PYTHON = ROOT / ".venv-cloud/bin/python"
REGION = "us-east-1"
PARAMETERS = {
    "Architecture": Engine().architecture,
    "RequestSeconds": "10",
    "GhostSeconds": "10",
    "LeaseSeconds": "15",
    "PollFirstSeconds": "1",
    "BackfillGraceSeconds": "60",
}
"""For a server on this machine, whose answers do not take long."""


def why_not() -> str:
    """Return what this machine lacks for the second cloud; empty when nothing."""
    if not PYTHON.exists() or not SAM.exists():
        return "its environments are not installed; `make test-cloud` installs them"
    if reason := why_not_build():
        return reason
    if shutil.which("openssl") is None:
        return "there is no openssl on the PATH, which makes the emulator's certificate"
    return ""


@dataclass
class Emulator:
    """A running emulator; root's credentials are `test` and `test`."""

    port: int
    folder: Path

    @property
    def endpoint(self) -> str:
        """Where every service listens. It is TLS: the template refuses plain HTTP."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        """The certificate that it made for itself."""
        return self.folder / "tmp/ministack-tls/server.crt"

    def environment(self) -> dict[str, str]:
        """Return the variables with which any AWS client reaches it, and no other AWS."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return kept | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }

    def client(self, service: str) -> Any:
        """Return a client of a service, as the account's root."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            verify=str(self.certificate),
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def deploy(self, built: Path, stack: str, parameters: Mapping[str, str]) -> None:
        """Create or update a stack with `sam deploy`, as an operator does."""
        overrides = [f"{name}={value}" for name, value in (PARAMETERS | dict(parameters)).items()]
        self._run(
            str(SAM), "deploy", "--template-file", str(built), "--stack-name", stack,
            "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset",
            "--no-progressbar", "--region", REGION, "--parameter-overrides", *overrides,
        )  # fmt: skip

    def prefdrop(self, stack: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the operator's command against a stack."""
        command = [str(ROOT / ".venv/bin/prefdrop"), *words, "--stack", stack]
        named = {"PREFDROP_ENDPOINT": self.endpoint}
        return subprocess.run(
            command, env=self.environment() | named, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=2 * PATIENCE,
        )  # fmt: skip

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, env=self.environment(), cwd=self.folder,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """Start an empty cloud; it ends with the block."""
    (folder / "tmp").mkdir()
    made = Emulator(_free_port(), folder)
    variables = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    variables |= {
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "state"),
        "AUTH": "true",
        "USE_SSL": "1",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(made.port),
        # Without these it would listen for MQTT on every address of this machine.
        "IOT_MTLS_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            [str(PYTHON), str(Path(__file__).with_name("bridges.py"))],
            env=variables, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_until_it_serves(process, made)
            yield made
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _wait_until_it_serves(process: subprocess.Popen[bytes], made: Emulator) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, (made.folder / "emulator.log").read_text()[-4000:]
        assert time.monotonic() < until, "the emulator did not begin to serve"
        with socket.socket() as probe:
            if made.certificate.exists() and probe.connect_ex(("127.0.0.1", made.port)) == 0:
                return
        time.sleep(0.1)
