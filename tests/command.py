"""The operator's command, run in the test's own process: a second less than a process of its own.

`tests/integration/test_local_run.py` runs the installed command as a process.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


def typed(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run `prefdrop` with these words and without a terminal; return what it printed."""
    # Its import takes a fifth of a second, and most tests need no command.
    from prefdrop_cli.main import main

    out, err, code = io.StringIO(), io.StringIO(), 0
    with _empty_stdin(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(["prefdrop", *words], code, out.getvalue(), err.getvalue())


@contextmanager
def _empty_stdin() -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before
