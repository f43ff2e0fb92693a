"""Read each of botocore's data files once, where many sessions are made.

moto makes a session per question about regions, which costs it half a second at import; a worker
makes its own session in a process whose parent may have read the files already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.loaders import JSONFileLoader


def read_once() -> Any:
    """From now on keep what was read; returns the loader's original method."""
    owner: Any = JSONFileLoader
    load_file = owner.load_file
    kept: dict[str, Any] = {}

    def load(loader: JSONFileLoader, file_path: str) -> Any:
        if file_path not in kept:
            kept[file_path] = load_file(loader, file_path)
        return kept[file_path]

    owner.load_file = load
    return load_file


@contextmanager
def reading_once() -> Iterator[None]:
    """Keep what is read inside this block only."""
    load_file = read_once()
    try:
        yield
    finally:
        owner: Any = JSONFileLoader
        owner.load_file = load_file
