"""What processes spend: seconds by the clock and of processors, and memory of a tree of them.

Memory is the proportional set size: a page that several processes share counts once in their sum.
Linux alone reports it (`/proc/PID/smaps_rollup`); elsewhere it is not measured.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PROC = Path("/proc")
SAMPLE_SECONDS = 0.05


class Run(NamedTuple):
    """One run of one way. What the system does not report is None."""

    rows: int
    """Rows read or written, by which runs are compared with each other."""
    wall: float
    processor: float | None
    """Seconds of user and system time, of the process and the children it waited for."""
    megabytes: float | None = None


def timed(work: Callable[[], int]) -> Run:
    """Return what some work in this process took; it returns its rows."""
    begin, before = time.perf_counter(), _spent(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    rows = work()
    after = _spent(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return Run(rows, time.perf_counter() - begin, after - before)


def in_a_process(module: str, *arguments: str, given: Any = None) -> Any:
    """Return what `python -m MODULE …` prints as JSON, run in a process of its own."""
    return _python(module, arguments, given, memory=False)[0]


def run_in_a_process(module: str, *arguments: str, memory: bool = False) -> Run:
    """Return the Run that `python -m MODULE …` prints; with `memory`, with the peak of its tree."""
    printed, megabytes = _python(module, arguments, None, memory=memory)
    run = Run(*printed)
    return run._replace(megabytes=megabytes) if memory else run


def _python(
    module: str, arguments: tuple[str, ...], given: Any, *, memory: bool
) -> tuple[Any, float | None]:
    words = [sys.executable, "-m", module, *arguments]
    path = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:  # fmt: skip
        peak = Peak(process.pid) if memory else None
        printed, _ = process.communicate(json.dumps(given))
        megabytes = peak.stop() if peak else None
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return json.loads(printed.splitlines()[-1]), megabytes


def command(words: list[str], count: Callable[[], int], **options: Any) -> Run:
    """Run a command from its start to its end, then count the rows that it has written."""
    begin, before = time.perf_counter(), _spent(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(words, **options) as process:
        peak = Peak(process.pid)
        code = process.wait()
        wall = time.perf_counter() - begin
        megabytes = peak.stop()
    processor = _spent(resource.RUSAGE_CHILDREN) - before
    if code:
        raise subprocess.CalledProcessError(code, words)
    return Run(count(), wall, processor, megabytes)


def _spent(*whose: int) -> float:
    usages = [resource.getrusage(one) for one in whose]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Peak(threading.Thread):
    """The most memory that a process and its descendants hold together, while it is sampled."""

    def __init__(self, root: int) -> None:
        super().__init__(name="memory", daemon=True)
        self._root, self._kibibytes = root, 0
        self._stopped = threading.Event()
        self.start()

    def run(self) -> None:
        """Sample until `stop`."""
        while PROC.exists() and not self._stopped.wait(SAMPLE_SECONDS):
            self._kibibytes = max(self._kibibytes, held(tree(self._root)))

    def stop(self) -> float | None:
        """Return the peak in megabytes; None where it is not measured."""
        self._stopped.set()
        self.join()
        return self._kibibytes / 1024 if self._kibibytes else None


def tree(root: int, *, without: int | None = None) -> list[int]:
    """Return a process and its descendants, without one of them and those below it."""
    children = defaultdict(list)
    for entry in PROC.glob("[0-9]*"):
        if fields := _stat(int(entry.name)):
            children[int(fields[1])].append(int(entry.name))
    found, following = list[int](), [root]
    while following:
        pid = following.pop()
        if pid != without:
            found.append(pid)
            following += children[pid]
    return found


def held(pids: list[int]) -> int:
    """Return the proportional set size of live processes together, in kibibytes."""
    return sum(map(_proportional, pids))


def processor_seconds(pids: list[int]) -> float | None:
    """Return the processor time of live processes and of the children they waited for."""
    if not PROC.exists():
        return None
    # Fields 14 to 17: user and system time, its own and that of its children.
    ticks = sum(int(field) for pid in pids for field in _stat(pid)[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on; none if the process has ended."""
    try:
        return (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _proportional(pid: int) -> int:
    try:
        lines = (PROC / f"{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # A process that is ending has no memory left, and no line.
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
