"""One emulator and one build of each commit for all tests of the second cloud.

A test whose machine lacks something is skipped with the reason; with `PREFDROP_CLOUD_REQUIRED`
set, that is an error.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud.emulator import PARAMETERS, Emulator, emulator, why_not
from tests.workbench import ROOT
from tools.sam_local.engine import SAM

EARLIER = "2c8a65c"
"""The commit that updates begin from. The next release takes its place."""


def skip_for(reason: str) -> None:
    """Skip what this machine cannot do, or fail where it must."""
    if reason and os.environ.get("PREFDROP_CLOUD_REQUIRED"):
        pytest.fail(f"PREFDROP_CLOUD_REQUIRED is set, but {reason}")
    if reason:
        pytest.skip(reason)


def sam_build(checkout: Path, folder: Path) -> Path:
    """Run `sam build` on a checkout; return the built template."""
    done = subprocess.run(
        [str(SAM), "build", "--build-dir", str(folder), "--no-cached", "--template",
         "template.yaml", "--parameter-overrides", f"Architecture={PARAMETERS['Architecture']}"],
        cwd=checkout, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "template.yaml"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    skip_for(why_not())
    with emulator(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="session")
def built(cloud: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of this checkout as `sam build` leaves it."""
    return sam_build(ROOT, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def built_earlier(cloud: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of the earlier commit as `sam build` leaves it."""
    git: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run
    archive = git(["git", "archive", EARLIER], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        skip_for(f"this clone holds no commit {EARLIER}; fetch the whole history")
    checkout = tmp_path_factory.mktemp("earlier")
    git(["tar", "-x"], cwd=checkout, input=archive.stdout, check=True)
    return sam_build(checkout, tmp_path_factory.mktemp("built_earlier"))
