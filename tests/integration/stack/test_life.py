"""A stack starts again after it stopped, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from prefdrop_local.stack.folders import make_own_folder
from tests.tiers import second_tier, spread
from tests.workbench import PATIENCE

from .conftest import FIXTURES, until

_ONE_LIFE = """
import signal
import sys
import time
from pathlib import Path
from prefdrop_local.stack import LocalStack, NO_VENDOR

# Whoever runs the tests in the background may have had SIGINT ignored for them.
signal.signal(signal.SIGINT, signal.default_int_handler)
root, lives = Path(sys.argv[1]), int(sys.argv[2])
for _ in range(lives):
    with LocalStack(root, vendor=NO_VENDOR) as stack:
        answer = stack.invoke("EchoFunction", b'{"do": "describe"}')
        s3 = stack.client("s3")
        assert len(s3.list_buckets()["Buckets"]) == 2
        worker = answer.pid
        if lives == 1:
            import threading
            call = (stack.invoke, ("EchoFunction", b'{"do": "sleep", "seconds": 25}'))
            threading.Thread(target=call[0], args=call[1], daemon=True).start()
            while stack.invocations[-1].ended:
                time.sleep(0.01)
            print(worker, stack.data_dir, flush=True)
            sys.stdin.read()
    assert not stack.data_dir.exists()
print("ended", flush=True)
"""


@second_tier("two stacks in a process, which the worker of a test run has anyway")
def test_a_stack_starts_afresh_after_another() -> None:
    done = subprocess.run(
        _command(2),
        capture_output=True,
        text=True,
        env=_environment(),
        timeout=PATIENCE,
        check=False,
    )

    assert done.stdout == "ended\n", done.stderr
    assert done.stderr == ""


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code = (
            "from prefdrop_local.stack import *; from pathlib import Path; import sys\n"
            "try: LocalStack(Path(sys.argv[1]), {}, NO_VENDOR,"
            " settings=StackSettings(port=int(sys.argv[2]))).start()\n"
            "except StackError as error: print(error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(FIXTURES), str(port)],
            capture_output=True,
            text=True,
            env=_environment(),
            timeout=PATIENCE,
            check=False,
        )

    assert done.stdout == f"Port {port} is in use; stop its owner or take another.\n"


@pytest.mark.parametrize("how", spread([signal.SIGKILL, signal.SIGINT, None], 1, "each end"))
def test_no_process_outlives_the_stack(how: signal.Signals | None) -> None:
    process = subprocess.Popen(
        _command(1),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    group = os.getpgid(process.pid)
    first, second = process.stdout.readline().split()
    worker, folder = int(first), Path(second)
    assert _alive(worker)

    assert folder.is_dir()
    if how is None:
        process.stdin.close()
    else:
        process.send_signal(how)

    process.wait(PATIENCE)
    until(lambda: not _alive(worker))
    until(lambda: not _group_alive(group))
    process.stdout.close()
    make_own_folder().rmdir()
    assert not folder.exists()


def _command(lives: int) -> list[str]:
    return [sys.executable, "-c", _ONE_LIFE, str(FIXTURES), str(lives)]


def _environment() -> dict[str, str]:
    local = Path(__file__).resolve().parents[3] / "local"
    return {**os.environ, "PYTHONPATH": str(local)}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
