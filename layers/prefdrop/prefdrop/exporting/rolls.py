"""Rolls: which profiles a run was given and in what state, as sorted entries of 16 bytes.

An entry is the profile id and a digest of the record's content, both of 8 bytes, the first byte
the highest: so entries sort as bytes, and rolls of any size are merged and compared as streams.
The next run compares its overlap with the last one's roll; a full run, with what was known before.
"""

from __future__ import annotations

import heapq
import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import pairwise
from struct import Struct
from tempfile import TemporaryFile
from typing import IO, BinaryIO, cast

import msgspec

from prefdrop.errors import Terminal
from prefdrop.ledger.export_files import ExportFiles

ENTRY = 16
ID_BYTES = 8
BLOCK = (1 << 18) * ENTRY
"""What is read of a roll at once."""

BLOCK_OF_MANY = (1 << 12) * ENTRY
"""The same while many rolls are read side by side."""

PAGE = 256 * ENTRY
"""What one look-up reads."""

AT_ONCE = 8
"""Rolls whose ends are looked up side by side; the S3 client has ten connections."""

CONTENT_TYPE = "application/octet-stream"


class RecordUnreadable(Terminal):
    """The vendor exported a record without a profile id, so nobody can tell which profile it is."""


_FIRST = re.compile(rb'\{\s*"ProfileId"\s*:\s*([1-9][0-9]{0,17})\s*[,}]')
"""A record that begins with its profile id, as the vendor's do: then the rest need not be read."""

_first = re.compile(rb'\{"ProfileId":([1-9][0-9]{0,17})[,}]').match
"""The same without blanks, in half the time."""
_packed = Struct(f">Q{ENTRY - ID_BYTES}s").pack
"""An entry of a profile id and a digest, which it cuts."""


class _Identity(msgspec.Struct, rename="pascal"):
    profile_id: int


_identity = msgspec.json.Decoder(_Identity, strict=False)


def entry_of(record: bytes | msgspec.Raw) -> bytes:
    """The entry of one record as it came; raises RecordUnreadable."""
    first = _FIRST.match(record)
    try:
        number = (int(first[1]) if first else _number_of(record)).to_bytes(ID_BYTES)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        raise RecordUnreadable(
            "The vendor exported a record that has no whole number as its ProfileId.",
            hint="Nothing of the run is visible. Ask the vendor's support which record that is.",
        ) from None
    # Processors have instructions for this one, so it is the fastest.
    return number + sha256(record).digest()[: ENTRY - ID_BYTES]


def _number_of(record: bytes | msgspec.Raw) -> int:
    """The profile id, wherever it stands, and whatever text stands before it."""
    try:
        return _identity.decode(record).profile_id
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:  # half a character, which Python's reader takes
        members = json.loads(bytes(record).decode("utf-8", "surrogateescape"))
        return msgspec.convert(members, _Identity, strict=False).profile_id


def entries_of(records: Sequence[bytes | msgspec.Raw]) -> list[bytes]:
    """The entry of each record, as `entry_of` makes them; raises RecordUnreadable."""
    try:
        ids = [int(_first(record)[1]) for record in records]  # type: ignore[index]
    except TypeError:  # one does not begin with its id, or has blanks
        return [entry_of(record) for record in records]
    return list(map(_packed, ids, [sha256(record).digest() for record in records]))


def roll_of(entries: Iterable[bytes]) -> bytes:
    """A roll of these entries, in order and each once."""
    # Most come in order, in which sorting costs next to nothing.
    return b"".join(dict.fromkeys(sorted(entries)))


def profile_id(entry: bytes) -> int:
    """Whose entry it is."""
    return int.from_bytes(entry[:ID_BYTES])


class RollIndex:
    """Finds entries in one roll, which is kept in a temporary file and not in memory."""

    def __init__(self, files: ExportFiles, key: str) -> None:
        """Fetch the roll; an empty `key` is an empty roll."""
        self._file = cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - it lives as long as this
        if key:
            files.fetch(key, cast(BinaryIO, self._file))
        self._firsts = array("Q")
        self._file.seek(0)
        while page := self._file.read(PAGE):
            self._firsts.append(profile_id(page))
        self._place, self._page = -1, b""

    def __contains__(self, entry: bytes) -> bool:
        place = bisect_right(self._firsts, profile_id(entry)) - 1
        while place >= 0:
            if _holds(self._read(place), entry):
                return True
            # Entries of one profile may begin on the page before.
            if self._firsts[place] < profile_id(entry):
                return False
            place -= 1
        return False

    def _read(self, place: int) -> bytes:
        if place != self._place:
            self._file.seek(place * PAGE)
            self._place, self._page = place, self._file.read(PAGE)
        return self._page


def _holds(page: bytes, entry: bytes) -> bool:
    at = page.find(entry)
    while at >= 0:
        if at % ENTRY == 0:
            return True
        at = page.find(entry, at + 1)
    return False


def read_roll(files: ExportFiles, key: str, size: int = BLOCK) -> Iterator[bytes]:
    """The entries of a roll in their order; an empty `key` is an empty roll."""
    if not key:
        return
    for block in files.blocks(key, size):
        for at in range(0, len(block), ENTRY):
            yield block[at : at + ENTRY]


def merged(files: ExportFiles, keys: Iterable[str]) -> Iterator[bytes]:
    """The entries of several rolls in their order, each once, one or many in a piece.

    None of the rolls may be empty, and none may hold an entry twice. The vendor exports in the
    order of profile ids as far as seen; then the rolls follow each other and are passed on as they
    lie, else they are merged side by side.
    """
    with ThreadPoolExecutor(AT_ONCE) as threads:
        spans = sorted(threads.map(lambda key: (*files.ends(key, ENTRY), key), keys))
    if all(one[1] < two[0] for one, two in pairwise(spans)):
        yield from _one_ahead(block for *_, key in spans for block in files.blocks(key, BLOCK))
        return
    before = b""
    for entry in heapq.merge(*(read_roll(files, key, BLOCK_OF_MANY) for _, _, key in spans)):
        if entry != before:
            yield entry
        before = entry


def _one_ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks, of which none is empty, each fetched while the caller works on the one before."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, blocks, b"")
        while block := coming.result():
            coming = thread.submit(next, blocks, b"")
            yield block


def count_profiles(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each piece of a roll with how many profiles it names that no piece before it did."""
    last = -1
    for piece in pieces:
        # What the processor makes of eight bytes is not the id, but the same for the same id.
        ids = array("Q", piece)[::2]
        yield piece, len(set(ids)) - (ids[0] == last)
        last = ids[-1]


def profiles_of(files: ExportFiles, keys: Iterable[str]) -> Iterator[bytes]:
    """One entry for each profile that any of the rolls names; their content does not matter."""
    before = b""
    for entry in heapq.merge(*(read_roll(files, key) for key in keys)):
        profile = entry[:ID_BYTES]
        if profile != before:
            yield profile + bytes(ENTRY - ID_BYTES)
        before = profile


def store(files: ExportFiles, key: str, entries: Iterable[bytes]) -> str:
    """Write a roll and return its key, or an empty key where there are no entries.

    `entries` come in their order, each by itself or several in a row.
    """
    with TemporaryFile() as file:
        count = 0
        for entry in entries:
            count += file.write(entry)
        if not count:
            return ""
        files.write_file(key, cast(BinaryIO, file), content_type=CONTENT_TYPE)
        return key


def length(files: ExportFiles, key: str) -> int:
    """How many entries a roll has; an empty `key` is an empty roll."""
    return files.size_of(key) // ENTRY if key else 0


def gone(before: Iterator[bytes], now: Iterator[bytes]) -> Iterator[int]:
    """The profile ids that `before` holds and `now` does not, in their order, each once."""
    present = next(now, None)
    last = -1
    for entry in before:
        number = profile_id(entry)
        while present is not None and profile_id(present) < number:
            present = next(now, None)
        if (present is None or profile_id(present) != number) and number != last:
            yield number
            last = number
