"""What a run of the bench is asked for, and the files it measures with."""

from __future__ import annotations

from pathlib import Path

from bench import corpus


class Plan:
    """How large to measure, and a folder for files; each file is written once in a run."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.quick = quick
        self.folder = folder

    def people(self, rows: int, kind: str = "csv") -> Path:
        """Return a file of so many people, one in a hundred of them wrong."""
        path = self.folder / f"people-{rows}.{kind}"
        if not path.exists():
            corpus.write(path, kind, corpus.people(rows))
        return path
