"""Read each of botocore's data files, and list its folders, once where many sessions are made.

moto makes a session per question about regions, which costs it half a second at import; a worker
makes its own session in a process whose parent may have read the files already. Each session would
also look through the folders of all services again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


def read_once() -> Callable[[], None]:
    """From now on keep what was read; returns what ends it."""
    files: Any = JSONFileLoader
    folders: Any = Loader
    load_file, list_services = files.load_file, folders.list_available_services
    read: dict[str, Any] = {}
    listed: dict[tuple[str, ...], Any] = {}

    def load(loader: JSONFileLoader, file_path: str) -> Any:
        if file_path not in read:
            read[file_path] = load_file(loader, file_path)
        return read[file_path]

    def list_available_services(loader: Loader, type_name: str) -> Any:
        where = (type_name, *loader.search_paths)
        if where not in listed:
            listed[where] = list_services(loader, type_name)
        return listed[where]

    def end() -> None:
        files.load_file, folders.list_available_services = load_file, list_services

    files.load_file, folders.list_available_services = load, list_available_services
    return end


@contextmanager
def reading_once() -> Iterator[None]:
    """Keep what is read inside this block only."""
    end = read_once()
    try:
        yield
    finally:
        end()
