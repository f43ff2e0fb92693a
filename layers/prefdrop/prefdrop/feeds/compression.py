"""Compressed files read as what they hold: `.gz`, and `.zip` with one member, told by their bytes.

There are no positions inside a compressed file that one could start from, so reading on from an
offset decompresses and skips what lies before it.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

from prefdrop.feeds.errors import SourceError

OpenAt = Callable[[int], BinaryIO]
_Opened = tuple[BinaryIO, BinaryIO]
"""A stream of plain bytes and the raw one below it, which it does not close by itself."""

MAX_RATIO = 500
"""Real files of rows shrink to a tenth or a hundredth; deflate can do a thousandth."""
FREE_BYTES = 64 * 1024 * 1024
"""Decompressed bytes up to which the ratio does not matter."""

_SKIP_BLOCK = 1024 * 1024
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, NotImplementedError)


def decompressed(open_at: OpenAt, *, size: int, file: str) -> OpenAt:
    """An `open_at` of the plain bytes; the given one where the file is not compressed."""
    with open_at(0) as stream:
        start = stream.read(4)
    if start[:2] == b"\x1f\x8b":
        opened: Callable[[], _Opened] = lambda: _gunzip(open_at)  # noqa: E731
    elif start in (b"PK\3\4", b"PK\5\6"):
        opened = lambda: _unzip(open_at, size, file)  # noqa: E731
    else:
        return open_at

    def open_plain(offset: int) -> BinaryIO:
        stream = _Bounded(*opened(), size, file)
        while offset > 0 and (skipped := len(stream.read(min(offset, _SKIP_BLOCK)))):
            offset -= skipped
        return cast(BinaryIO, stream)

    return open_plain


def _gunzip(open_at: OpenAt) -> _Opened:
    raw = open_at(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb")), raw


def _unzip(open_at: OpenAt, size: int, file: str) -> _Opened:
    raw = cast(BinaryIO, Seekable(open_at, size))
    try:
        archive = zipfile.ZipFile(raw)
    except _BROKEN:
        raise _damaged(file) from None
    members = [member for member in archive.infolist() if not member.is_dir()]
    if any(member.filename == "[Content_Types].xml" for member in members):
        raise SourceError(
            "this is an Office document, not a file of rows",
            file=file,
            remedy="Save the sheet as CSV UTF-8 and drop that.",
        )
    if len(members) != 1:
        raise SourceError(
            f"the zip holds {len(members)} files; it must hold one",
            file=file,
            remedy="Drop each file by itself.",
        )
    if members[0].flag_bits & 1:
        raise SourceError(
            "the zip is locked with a password", file=file, remedy="Pack it again without one."
        )
    return cast(BinaryIO, archive.open(members[0])), raw


def _damaged(file: str) -> SourceError:
    return SourceError(
        "the compressed file is damaged or cut short", file=file, remedy="Pack and drop it again."
    )


class _Bounded:
    """A decompressed stream that refuses to grow beyond what real data can."""

    def __init__(self, stream: BinaryIO, raw: BinaryIO, size: int, file: str) -> None:
        self._stream = stream
        self._raw = raw
        self._left = max(FREE_BYTES, size * MAX_RATIO)
        self._file = file

    def read(self, wanted: int) -> bytes:
        try:
            block = self._stream.read(wanted)
        except _BROKEN:
            raise _damaged(self._file) from None
        self._left -= len(block)
        if self._left < 0:
            raise SourceError(
                f"the file unpacks to more than {MAX_RATIO} times its size",
                file=self._file,
                remedy="If it is meant to, drop it unpacked.",
            )
        return block

    def __enter__(self) -> _Bounded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        self._raw.close()


class Seekable(io.RawIOBase):
    """A seekable file over `open_at`; a new stream only where reading does not go straight on."""

    def __init__(self, open_at: OpenAt, size: int) -> None:
        self._open_at = open_at
        self._size = size
        self._place = 0
        self._stream: BinaryIO | None = None
        self._stream_place = -1

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._place, 2: self._size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        super().close()

    def read(self, wanted: int = -1) -> bytes:
        wanted = self._size - self._place if wanted is None or wanted < 0 else wanted
        if wanted <= 0 or self._place >= self._size:
            return b""
        if self._stream is None or self._stream_place != self._place:
            if self._stream is not None:
                self._stream.close()
            self._stream = self._open_at(self._place)
        block = read_fully(self._stream, wanted)
        self._place += len(block)
        self._stream_place = self._place
        return block


def read_fully(stream: BinaryIO, wanted: int) -> bytes:
    """Up to `wanted` bytes, short only at the end; a network stream may give less at a time."""
    parts: list[bytes] = []
    while wanted > 0 and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
