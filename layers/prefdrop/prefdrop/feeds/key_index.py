"""Which rows have the same match key, in one file or in two: found on local disk, in flat memory.

A first pass writes one entry for each record, a hash of its key and its row number, into 256 heaps
by the hash's first byte. Then heap after heap is looked through, and each row that loses to another
is noted in a file that holds one number per row. Only one heap is ever in memory.

Rows whose key another file holds are found in the same way, with heaps for both files.

It needs `ENTRY_BYTES` of disk for each record and `PLACE_BYTES` for each row: 400 MB for the most
records it takes, which fits the 512 MB that a Lambda function has by itself. Built again from the
same file it is the same, so any worker can go on with another's import.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from prefdrop.feeds.errors import SourceError

MAX_KEYS = 20_000_000
HASH_BYTES = 12
"""With the most keys, two different ones have the same hash in one of 10^14 files."""
PLACE_BYTES = 4
ENTRY_BYTES = HASH_BYTES + PLACE_BYTES

Winner = Literal["first", "last", "reject"]

_HEAPS = 256
_HEAP_BUFFER = 1024 * ENTRY_BYTES
_BLOCK_ROWS = 16 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


Keys = Iterable[tuple[int, "str | None"]]
"""Each row's number, in their order, and its match key, if it has one."""


class KeyIndex:
    """For each row, the row it loses to. `path` is a file of one number per row, 0 for none.

    An index of the keys that other files hold has the file's number instead.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._first, self._block = 1, array("I")

    def winner(self, row: int) -> int:
        """The row that wins over this one (1-based), or 0 where none does."""
        place = row - self._first
        if not 0 <= place < len(self._block):
            place = self._load(row)
        return self._block[place] if place < len(self._block) else 0

    def _load(self, row: int) -> int:
        self._first = row - (row - 1) % _BLOCK_ROWS
        self._file.seek((self._first - 1) * PLACE_BYTES)
        self._block = array("I", self._file.read(_BLOCK_ROWS * PLACE_BYTES))
        return row - self._first

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def build_index(keys: Keys, path: Path, policy: Winner, *, file: str) -> KeyIndex:
    """Index `(row number, match key)` of a file's rows, in their order, into `path`.

    A row without a key competes with none. Raises `SourceError` where the file has more records
    than `MAX_KEYS` or the disk is full. What stands in `path` is always whole.
    """
    with _folder_beside(path, file) as folder:
        heaps = _Heaps(Path(folder, "heaps"), file)
        rows = heaps.fill(keys)
        lost = (pair for entries in heaps for pair in _losers(entries, policy))
        _write_places(path, Path(folder, "rows"), rows, lost)
    return KeyIndex(path)


def build_held_index(keys: Keys, others: Iterable[Keys], path: Path, *, file: str) -> KeyIndex:
    """Index, by row of the file with these `keys`, the last of the `others` that holds its key.

    The first of them is 1. Raises `SourceError` as `build_index` does; one of the others at a time
    has its heaps on disk.
    """
    with _folder_beside(path, file) as folder:
        mine = _Heaps(Path(folder, "heaps"), file)
        rows = mine.fill(keys)

        def held() -> Iterator[tuple[int, int]]:
            for number, other in enumerate(others, 1):
                theirs = _Heaps(Path(folder, "others"), file)
                theirs.fill(other)
                for row in mine.shared_with(theirs):
                    yield row, number
                theirs.remove()

        _write_places(path, Path(folder, "rows"), rows, held())
    return KeyIndex(path)


def _write_places(
    path: Path, unfinished: Path, rows: int, places: Iterable[tuple[int, int]]
) -> None:
    """Write a number for each row that has one; a later one replaces it."""
    with unfinished.open("wb") as out:
        out.truncate(rows * PLACE_BYTES)
        for row, number in places:
            os.pwrite(out.fileno(), array("I", [number]).tobytes(), (row - 1) * PLACE_BYTES)
    unfinished.replace(path)


@contextmanager
def _folder_beside(path: Path, file: str) -> Iterator[str]:
    """Give a folder for the heaps; a disk that is full is the file's error."""
    try:
        with tempfile.TemporaryDirectory(prefix="keys-", dir=path.parent) as folder:
            yield folder
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise SourceError(
            "the local disk has no room to find duplicates or keys that later files hold, which "
            "takes about "
            f"{ENTRY_BYTES + PLACE_BYTES} bytes for each row",
            file=file,
            remedy="Give the function more ephemeral storage, split the file, or take duplicates "
            "out of the feed.",
        ) from None


class _Heaps:
    """The entries of all records, in files by the first byte of their hash."""

    def __init__(self, folder: Path, file: str) -> None:
        folder.mkdir()
        self._folder = folder
        self._file = file
        self._buffers = [bytearray() for _ in range(_HEAPS)]

    def fill(self, keys: Keys) -> int:
        """Take all keys in; answers the number of rows."""
        buffers, row, count = self._buffers, 0, 0
        for row, key in keys:
            if key is None:
                continue
            count += 1
            if count > MAX_KEYS:
                raise SourceError(
                    f"duplicates are found among {MAX_KEYS:,} records at most, and the file has "
                    "more",
                    file=self._file,
                    row=row,
                    remedy="Split the file, or take duplicates out of the feed.",
                )
            entry = blake2b(key.encode("utf-8", "replace"), digest_size=HASH_BYTES).digest()
            buffer = buffers[entry[0]]
            buffer += entry + row.to_bytes(PLACE_BYTES, "little")
            if len(buffer) >= _HEAP_BUFFER:
                self._flush(entry[0])
        for number in range(_HEAPS):
            self._flush(number)
        return row

    def _flush(self, number: int) -> None:
        if self._buffers[number]:
            with self._path(number).open("ab") as heap:
                heap.write(self._buffers[number])
            self._buffers[number].clear()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:02x}"

    def __iter__(self) -> Iterator[list[tuple[bytes, int]]]:
        """The entries of each heap, in the order of their rows; a heap is gone once read."""
        for path in sorted(self._folder.iterdir()):
            entries = _entries(path)
            path.unlink()
            yield entries

    def shared_with(self, other: _Heaps) -> Iterator[int]:
        """The rows whose key the other file holds."""
        for number in range(_HEAPS):
            mine, theirs = self._path(number), other._path(number)
            if mine.exists() and theirs.exists():
                held = {key for key, _ in _entries(theirs)}
                yield from (row for key, row in _entries(mine) if key in held)

    def remove(self) -> None:
        """Give the disk back."""
        shutil.rmtree(self._folder)


def _entries(path: Path) -> list[tuple[bytes, int]]:
    """The hashes of a heap, each with its row."""
    data = path.read_bytes()
    return [
        (
            data[at : at + HASH_BYTES],
            int.from_bytes(data[at + HASH_BYTES : at + ENTRY_BYTES], "little"),
        )
        for at in range(0, len(data), ENTRY_BYTES)
    ]


def _losers(entries: list[tuple[bytes, int]], policy: Winner) -> Iterator[tuple[int, int]]:
    """Each row that loses, and to which; where none may win, to the first other one."""
    seen: dict[bytes, int] = {}
    told: set[int] = set()
    for key, row in reversed(entries) if policy == "last" else entries:
        other = seen.setdefault(key, row)
        if other == row:
            continue
        yield row, other
        if policy == "reject" and other not in told:
            told.add(other)
            yield other, row
