"""The container engine and the SAM CLI, as this machine has them."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from prefdrop_local.stack.place import REGION
from tools.sam_local.relays import HOST_NAME

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".venv-sam/bin/sam"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def why_not_build() -> str:
    """What this machine lacks for `sam build`; empty when it can build."""
    if not SAM.exists():
        return "the SAM CLI is not installed; `make test-sam` installs it"
    if not _answers("python3.13", "-m", "pip", "--version"):
        return "there is no python3.13 with pip on the PATH, which builds the layer"
    return ""


def why_not() -> str:
    """What this machine lacks to build functions and run them; empty when `sam local` can run."""
    if shutil.which("docker") is None:
        return "there is no docker command, so no container engine to run functions in"
    if not _answers("docker", "version"):
        return "no container engine answers `docker version`"
    return why_not_build()


def _answers(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class SamError(RuntimeError):
    """The SAM CLI failed; the text is the end of what it said."""


@dataclass
class Engine:
    """How to call SAM here. `image` is the runtime image where none can be pulled."""

    image: str = field(default_factory=lambda: os.environ.get("SAM_LOCAL_IMAGE", ""))
    # Read once: functions are called from threads, and pytest changes a variable for each test.
    _variables: dict[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @cached_property
    def host_address(self) -> str:
        """Where this machine can be listened on so that containers reach it."""
        if sys.platform != "linux":
            return "127.0.0.1"
        asked = ["docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        bridge = json.loads(told)[0]
        # Older engines name no gateway: it is the network's first address.
        first = next(ipaddress.ip_network(bridge["Subnet"]).hosts())
        return str(bridge.get("Gateway") or first)

    @property
    def architecture(self) -> str:
        """Of this machine, as the template's parameter names it."""
        return ARCHITECTURES[platform.machine().lower()]

    def local_options(self) -> list[str]:
        """What every `sam local` needs here."""
        options = ["--region", REGION]
        if sys.platform == "linux":
            options += ["--add-host", f"{HOST_NAME}:host-gateway"]
        if self.image:
            options += ["--skip-pull-image", "--invoke-image", self.image]
        return options

    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own AWS settings goes into a test.

        `sam local` lets a variable of the caller override the template's of the same name. It also
        asks AWS whose credentials these are, and waits long where AWS cannot be reached: nothing
        listens at the address that is given for that.
        """
        foreign = ("AWS_", "PREFDROP_", "REQUESTS_CA_BUNDLE")
        kept = {k: v for k, v in self._variables.items() if not k.startswith(foreign)}
        return kept | {
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def build(self, folder: Path) -> Path:
        """`sam build` into `folder`; returns the built template. Raises SamError.

        pip reads settings of its own from the environment, so this one keeps all of it.
        """
        done = subprocess.run(
            [str(SAM), "build", "--build-dir", str(folder), "--no-cached",
             "--template", str(ROOT / "template.yaml"),
             "--parameter-overrides", f"Architecture={self.architecture}"],
            cwd=ROOT, env=self._variables | self.environment(), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise SamError(done.stderr[-4000:])
        return folder / "template.yaml"
