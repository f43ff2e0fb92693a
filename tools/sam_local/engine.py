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

from tools.sam_local.relays import HOST_NAME

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".venv-sam/bin/sam"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def why_not() -> str:
    """What this machine lacks for it; empty when `sam local` can run."""
    if not SAM.exists():
        return "the SAM CLI is not installed; `make test-sam` installs it"
    if shutil.which("docker") is None:
        return "there is no docker command, so no container engine to run functions in"
    asked = subprocess.run(["docker", "version"], capture_output=True, check=False)
    if asked.returncode:
        return "no container engine answers `docker version`"
    if shutil.which("python3.13") is None and "SAM_LOCAL_PYTHON" not in os.environ:
        return "python3.13, which builds the layer, is not on the PATH"
    return ""


class SamError(RuntimeError):
    """The SAM CLI failed; the text is the end of what it said."""


@dataclass
class Engine:
    """How to call SAM here. `image` is the runtime image where none can be pulled."""

    image: str = field(default_factory=lambda: os.environ.get("SAM_LOCAL_IMAGE", ""))

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
        options = ["--region", "us-east-1"]
        if sys.platform == "linux":
            options += ["--add-host", f"{HOST_NAME}:host-gateway"]
        if self.image:
            options += ["--skip-pull-image", "--invoke-image", self.image]
        return options

    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own AWS settings goes into a test.

        `sam local` lets a variable of the caller override the template's of the same name.
        """
        foreign = ("AWS_", "PREFDROP_", "REQUESTS_CA_BUNDLE")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        if python := os.environ.get("SAM_LOCAL_PYTHON"):
            kept["PATH"] = f"{Path(python).parent}{os.pathsep}{kept['PATH']}"
        return kept | {
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def build(self, folder: Path) -> Path:
        """`sam build` into `folder`; returns the built template."""
        done = subprocess.run(
            [str(SAM), "build", "--build-dir", str(folder), "--no-cached",
             "--template", str(ROOT / "template.yaml"),
             "--parameter-overrides", f"Architecture={self.architecture}"],
            cwd=ROOT, env=os.environ | self.environment(), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise SamError(done.stderr[-4000:])
        return folder / "template.yaml"
