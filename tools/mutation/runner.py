"""Try mutants: a process for each imports it in place of its module and runs tests.

The mutant is never on disk. The process is forked from one that has the heavy libraries imported
and nothing of Prefdrop, so the mutant is what every other module imports.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Literal

from tools.mutation import plan

Outcome = Literal["killed", "timed out", "survived"]

LEAST_SECONDS, TIMES_LONGER = 10.0, 20.0
"""A test with a mutant has these processor seconds, plus so many times what it took without."""

TIMES_WAITING = 10.0
"""How many times as long it may take by the clock, on a busy machine; a deadlock takes longer."""

BROKEN_IMPORT = 100
"""Exit code of an attempt whose mutant cannot be imported."""


@dataclass(frozen=True)
class Attempt:
    """A mutated module, and the tests to run, the first to fail ending it."""

    module: str
    source: str
    seconds: Mapping[str, float]
    """By test, in the order of running."""
    log: Path


class Runner:
    """Runs attempts in processes of their own."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tools.mutation.preloaded"])

    def run(self, attempts: Sequence[Attempt], workers: int) -> Iterator[tuple[int, Outcome]]:
        """Yield each attempt's position and outcome as it ends, `workers` at a time."""
        coming = iter(enumerate(attempts))
        running: dict[Any, tuple[int, Any]] = {}
        try:
            while True:
                while len(running) < workers and (following := next(coming, None)):
                    process = self._context.Process(target=_try, args=(following[1],))
                    process.start()
                    running[process.sentinel] = following[0], process
                if not running:
                    return
                for sentinel in wait(list(running)):
                    position, process = running.pop(sentinel)
                    process.join()
                    yield position, _outcome(process.exitcode, attempts[position].log)
        finally:
            for _, process in running.values():
                process.kill()


def _outcome(code: int, log: Path) -> Outcome:
    if code in (-signal.SIGPROF, -signal.SIGALRM):
        return "timed out"
    if code in (1, 2, BROKEN_IMPORT):
        return "killed"
    if code == 0:
        return "survived"
    raise RuntimeError(f"An attempt did not run its tests (exit code {code}): read {log}.")


def _try(attempt: Attempt) -> None:
    attempt.log.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(attempt.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(plan.ENVIRONMENT)
    _limit(0)
    sys.meta_path.insert(0, _Mutated(attempt.module, attempt.source))
    try:
        for module in plan.MODULES:
            importlib.import_module(module)
    except Exception:
        traceback.print_exc()
        _end(BROKEN_IMPORT)
    import pytest

    tests = list(attempt.seconds)
    _end(pytest.main([*plan.pytest_arguments(), *tests], plugins=[_Limits(attempt.seconds)]))


def _end(code: int) -> None:
    """Leave at once: a thread that a mutant keeps busy must not keep the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module, with another source than its file's."""

    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._source = source

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        file = plan.file_of(fullname)
        return importlib.util.spec_from_file_location(fullname, file, loader=self)

    def get_source(self, _: str) -> str:
        return self._source

    def is_package(self, _: str) -> bool:
        return False


class _Limits:
    """Ends the process when a test takes far longer than it does without a mutant."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _limit(self._seconds[nodeid])


def _limit(seconds: float) -> None:
    """Have the process end when what comes now takes far longer than `seconds`."""
    most = LEAST_SECONDS + TIMES_LONGER * seconds
    signal.setitimer(signal.ITIMER_PROF, most)
    signal.setitimer(signal.ITIMER_REAL, TIMES_WAITING * most)
