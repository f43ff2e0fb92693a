"""No function asks AWS for something, in any test, that the record of its calls does not know.

Every local stack of a session writes down what its functions ask for, and so do tests that run a
function in their own process. When the session ends, that is compared with
`tools/permissions/calls.toml`, from which the permissions in the template are proven. A session of
all tests must have made every call that is on record.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from prefdrop_local.stack.lambdas.calls import RECORD, Recorder, recorder
from tools.permissions import calls

_here: Recorder | None = None


def calls_of(function: str, environment: Mapping[str, str]) -> AbstractContextManager[None]:
    """What is asked of AWS inside this block, a function asks that has this environment."""
    return _here.made_by(function, environment) if _here else nullcontext()


def by_hand() -> AbstractContextManager[None]:
    """What this thread asks inside this block no function asks, though one may run just then."""
    return _here.by_hand() if _here else nullcontext()


def asked(service: str, operation: str, **params: Any) -> None:
    """Write down a call of what only stands in for AWS."""
    if _here:
        _here.asked(service, operation, params)


def watch(config: pytest.Config) -> None:
    """Have calls of this process written down, and compared at the end of the session."""
    global _here
    if not hasattr(config, "workerinput") and RECORD not in os.environ:
        config.pluginmanager.register(RecordedSession())
    if _here := recorder():
        _here.watch()


class RecordedSession:
    """Compares what was recorded, unless whoever started the session keeps it."""

    def __init__(self) -> None:
        self._temporary = TemporaryDirectory(prefix="prefdrop-calls-")
        self.folder = Path(self._temporary.name)
        os.environ[RECORD] = str(self.folder)
        self.faults: list[str] = []

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        whole = session.exitstatus == pytest.ExitCode.OK and is_whole(session.config)
        self.faults = faults(self.folder, whole=whole)
        if self.faults:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.faults:
            terminalreporter.section("calls of AWS that are not as they are on record", red=True)
            for line in self.faults:
                terminalreporter.line(line)
            terminalreporter.line("If that is right, `make permissions` writes the record anew.")

    def pytest_unconfigure(self) -> None:
        os.environ.pop(RECORD, None)
        self._temporary.cleanup()


def is_whole(config: pytest.Config) -> bool:
    """Whether the session runs every test that there is, so that each call must be made."""
    picks = ("keyword", "markexpr", "deselect", "lf", "collectonly", "draw")
    picked = any(config.getoption(name, None) for name in picks)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not picked


def faults(folder: Path, *, whole: bool = False) -> list[str]:
    """What was recorded into `folder` and is not on record; in a whole session, the reverse too."""
    try:
        made = calls.recorded(folder, calls.functions())
    except calls.UnknownResource as unknown:
        return [str(unknown)]
    on_record = calls.read()
    return [
        *(f"not on record: {call}" for call in sorted(made - on_record)),
        *(f"never made: {call}" for call in sorted(on_record - made if whole else ())),
    ]
