"""The folder of a stack that was given none: gone with the stack, or with the next one's start."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

_NAME = re.compile(r"prefdrop-stack-(\d+)-.+")


def make_own_folder() -> Path:
    """A new folder; those of stacks that were killed are removed first."""
    place = Path(tempfile.gettempdir())
    for folder in place.glob("prefdrop-stack-*"):
        match = _NAME.fullmatch(folder.name)
        if match and not _runs(int(match[1])):
            remove(folder)
    return Path(tempfile.mkdtemp(prefix=f"prefdrop-stack-{os.getpid()}-"))


def remove(folder: Path) -> None:
    """Remove a folder and what is in it; one that cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
