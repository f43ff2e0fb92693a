"""A browser, a running local stack that has imported the example, and a console over it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.browser.browser import Browser, browser, why_absent
from tests.workbench import PATIENCE, ROOT, Workbench, workbench

REQUIRED = "PREFDROP_BROWSER_REQUIRED"
KEEP_PICTURES = "PREFDROP_SCREENSHOTS"
LARGEST_PICTURE = 300_000


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium; without one the tests are skipped, or fail where it is required."""
    if reason := why_absent():
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, but {reason}.", pytrace=False)
        pytest.skip(f"{reason}; {REQUIRED}=1 makes this a failure")
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def bench(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench(tmp_path_factory.mktemp("stack")) as bench:
        bench.push_feed()
        yield bench


class Imported(NamedTuple):
    """What the import of the example left."""

    report: dict[str, Any]
    page: bytes


@pytest.fixture(scope="module")
def example(bench: Workbench) -> Imported:
    """The example file, imported whole."""
    bench.push_feed((ROOT / "feeds/crm-contacts.toml").read_text(), "crm-contacts")
    body = (ROOT / "feeds/crm-contacts.csv").read_bytes()
    report = bench.run(body, "crm-contacts", "crm-contacts.csv")
    folder = f"results/crm-contacts/{report['import_id']}"
    return Imported(report, bench.read(f"{folder}/report.html"))


class Console:
    """A running `prefdrop console`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout
        self.opening = json.loads(process.stdout.readline())["url"]
        self.address = self.opening.partition("?")[0]

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; answers the exit code and what was said on standard error."""
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, said


@contextmanager
def running_console(bench: Workbench) -> Iterator[Console]:
    """Start the command as an operator does."""
    call = "from prefdrop_cli.main import main; main()"
    words = ("console", "--json", "--no-open", "--endpoint", bench.stack.endpoint)
    with subprocess.Popen(
        [sys.executable, "-c", call, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Console(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def console(bench: Workbench, example: Imported) -> Iterator[Console]:
    with running_console(bench) as console:
        yield console


@pytest.fixture
def keep_picture(chromium: Browser, tmp_path: Path) -> Any:
    """Takes the picture of a page for the docs; it goes there where the environment says so."""

    def keep(name: str, *, tallest: int) -> None:
        folder = ROOT / "docs/images" if os.environ.get(KEEP_PICTURES) else tmp_path
        file = folder / f"{name}.png"
        chromium.picture(file, tallest=tallest)
        assert 10_000 < file.stat().st_size < LARGEST_PICTURE

    return keep
