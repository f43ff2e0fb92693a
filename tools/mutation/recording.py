"""Which tests run which lines: `python -m tools.mutation.recording FILE`, in a process of its own.

The tests run once without any mutant; all of them must pass.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.mutation import plan

if TYPE_CHECKING:
    from coverage import Coverage


@dataclass(frozen=True)
class Recording:
    """Processor seconds of each test, and the tests that ran each line of each module."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]

    @staticmethod
    def read(path: Path) -> Recording:
        """Read what `write` wrote."""
        raw = json.loads(path.read_text("utf-8"))
        tests = {
            module: {int(line): found for line, found in lines.items()}
            for module, lines in raw["tests"].items()
        }
        return Recording(raw["seconds"], tests)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"seconds": self.seconds, "tests": self.tests}), "utf-8")

    def of(self, module: str, *spans: Iterable[int]) -> list[str]:
        """Return tests that run the first of these spans that any test runs, the quickest first.

        What only an import runs, such as a constant, is tried by tests of the whole module.
        """
        lines = self.tests[module]
        for span in (*spans, lines):
            if found := {test for line in span for test in lines.get(line, ())}:
                ordered = sorted(found, key=lambda test: (self.seconds[test], test))
                spent = accumulate(self.seconds[test] for test in ordered)
                return [
                    test
                    for n, (test, seconds) in enumerate(zip(ordered, spent, strict=True))
                    if n == 0 or seconds <= plan.MOST_SECONDS
                ]
        return []


class _Recorder:
    def __init__(self, watch: Coverage) -> None:
        self._watch = watch
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._watch.switch_context(item.nodeid)
        started = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = round(time.process_time() - started, 4)
            self._watch.switch_context("")


def record() -> Recording:
    """Run the tests and watch the modules.

    Raises SystemExit when a test fails, or when none runs a module.
    """
    import coverage  # tests of this file run without it

    files = [str(plan.file_of(module)) for module in plan.MODULES]
    watch = coverage.Coverage(data_file=None, config_file=False, include=files)
    watch.set_option("run:core", "ctrace")  # the other cores know no contexts
    watch.start()
    for module in plan.MODULES:
        importlib.import_module(module)
    recorder = _Recorder(watch)
    code = pytest.main([*plan.pytest_arguments(), *plan.TESTS], plugins=[recorder])
    watch.stop()
    if code:
        raise SystemExit("A test fails without any mutant: mend it first.")
    tests: dict[str, dict[int, list[str]]] = {}
    for module, file in zip(plan.MODULES, files, strict=True):
        by_line = watch.get_data().contexts_by_lineno(file)
        tests[module] = {
            line: sorted(filter(None, found)) for line, found in by_line.items() if any(found)
        }
        if not tests[module]:
            raise SystemExit(f"No test runs {module}: write one first.")
    return Recording(recorder.seconds, tests)


if __name__ == "__main__":
    record().write(Path(sys.argv[1]))
