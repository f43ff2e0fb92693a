"""What a process spends includes what those that it starts spend."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import processes

CHILD = "held = bytearray(64 << 20); print('ready', flush=True); input()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
BUSY = "import time\nwhile time.process_time() < 0.3: pass"
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="this system has no smaps_rollup"
)


@pytest.fixture
def parent() -> Iterator[int]:
    """A process whose child holds 64 megabytes."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.communicate(b"\n")


@needs_proc
def test_tree_holds_children_and_leaves_out_the_one_named(parent: int) -> None:
    whole = processes.tree(os.getpid())

    assert parent in whole
    assert len(processes.tree(parent)) == 2
    assert not set(processes.tree(os.getpid(), without=parent)) & set(processes.tree(parent))


@needs_proc
def test_memory_of_a_tree_counts_its_children(parent: int) -> None:
    assert processes.held([parent]) < 64 << 10
    assert processes.held(processes.tree(parent)) > 64 << 10


def test_command_counts_processor_seconds_of_its_children() -> None:
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"

    run = processes.command([sys.executable, "-c", nested], lambda: 7)

    assert run.rows == 7
    assert run.processor is not None
    assert run.processor >= 0.3


def test_command_that_fails_raises() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        processes.command([sys.executable, "-c", "raise SystemExit(3)"], lambda: 0)


def test_processor_seconds_of_a_tree_grow_with_its_work() -> None:
    before = processes.processor_seconds([os.getpid()])

    run = processes.timed(lambda: len([subprocess.run([sys.executable, "-c", BUSY], check=True)]))

    after = processes.processor_seconds([os.getpid()])
    assert run.processor is not None
    assert run.processor >= 0.3
    if before is not None and after is not None:
        assert after - before >= 0.3 - 2 / os.sysconf("SC_CLK_TCK")


def test_memory_without_proc_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path / "none")

    peak = processes.Peak(os.getpid()).stop()

    assert peak is None
    assert processes.processor_seconds([os.getpid()]) is None
