"""What a run of the bench is asked for, and the files it measures with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import corpus

ROOT = Path(__file__).resolve().parents[1]


class Plan:
    """How large to measure, and a folder for files; each file is written once in a run."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.quick = quick
        self.folder = folder

    def people(self, rows: int, kind: str = "csv") -> Path:
        """A file of so many people, one in a hundred of them wrong."""
        path = self.folder / f"people-{rows}.{kind}"
        if not path.exists():
            corpus.write(path, kind, corpus.people(rows))
        return path


def in_a_process(module: str, *arguments: str, given: Any = None) -> Any:
    """What `python -m MODULE …` prints as JSON, run in a process that does nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])
