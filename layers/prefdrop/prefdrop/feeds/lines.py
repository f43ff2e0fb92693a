"""Physical lines of a file, with their exact bytes.

A row's position in the file is the sum of its lines' bytes, so everything above keeps positions by
asking for the bytes it consumed, never by measuring decoded text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from prefdrop.feeds.dialect import Encoding
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.faults import NOT_DECODABLE, NUL_FAULT, Fault

BLOCK_BYTES = 256 * 1024
MAX_LINE_BYTES = 32 * 1024 * 1024
"""Beyond any record the vendor takes; a longer line means that this is no file of lines."""


class LineReader:
    """Decoded lines from a stream; `pending` holds the bytes of those handed out since `take`.

    `fault` is set by a line that is no text and stays until the reader of rows clears it.
    """

    def __init__(self, stream: BinaryIO, encoding: Encoding, newline: bytes, file: str) -> None:
        self.pending: list[bytes] = []
        self.fault: Fault | None = None
        self.ended = False
        self._stream = stream
        self._codec = encoding.name
        self._newline = newline
        self._file = file
        self.keeps_bytes = self._codec == "utf-8"
        """Whether bytes that are no text come back whole when a decoded line is encoded again."""
        self._ahead: deque[bytes] = deque()
        self._rest = b""
        self._nul_seen = False

    def __iter__(self) -> Iterator[str]:
        """Lines with their ends, until the file's end."""
        ahead, codec = self._ahead, self._codec
        plain = codec == "utf-8"
        while True:
            while ahead:
                raw = ahead.popleft()
                self.pending.append(raw)
                if self._nul_seen and "\0" in raw.decode(codec, "replace"):
                    self.fault = NUL_FAULT
                try:
                    yield raw.decode() if plain else raw.decode(codec)
                except UnicodeDecodeError:
                    self.fault = undecodable(codec)
                    yield raw.decode(codec, escape_errors(codec))
            if not self._refill():
                self.ended = True
                return

    def take(self) -> bytes:
        """The bytes of the lines handed out since the last call."""
        taken = self.pending[0] if len(self.pending) == 1 else b"".join(self.pending)
        self.pending.clear()
        return taken

    def give_back(self, keep: int) -> None:
        """Hand out again all pending lines but the first `keep`."""
        self._ahead.extendleft(reversed(self.pending[keep:]))
        del self.pending[keep:]
        self.ended = False

    def close(self) -> None:
        """Let go of the stream."""
        self._stream.close()

    def _refill(self) -> bool:
        block = self._stream.read(BLOCK_BYTES)
        if not block:
            if self._rest:
                self._ahead.append(self._rest)
                self._rest = b""
            return bool(self._ahead)
        self._nul_seen = b"\0" in block or (self._nul_seen and b"\0" in self._rest)
        data = self._rest + block if self._rest else block
        if len(data) > MAX_LINE_BYTES:
            raise SourceError(
                f"a line is longer than {MAX_LINE_BYTES:,} bytes",
                file=self._file,
                remedy="The file is not what the feed says; compare its format and encoding.",
            )
        lines = self._split(data)
        self._rest = lines.pop()
        self._ahead.extend(lines)
        return True

    def _split(self, data: bytes) -> list[bytes]:
        """The whole lines in `data`, and last what follows the last line end."""
        end = self._newline
        if len(end) > 1:
            return self._split_wide(data)
        lines = data.split(end)
        last = lines.pop()
        return [line + end for line in lines] + [last]

    def _split_wide(self, data: bytes) -> list[bytes]:
        """The same for two-byte encodings, where a line end must start at an even byte."""
        lines, start, at = [], 0, -1
        while (at := data.find(self._newline, at + 1)) >= 0:
            if (at - start) % 2 == 0:
                lines.append(data[start : at + 2])
                start = at + 2
                at += 1
        return [*lines, data[start:]]


def undecodable(codec: str) -> Fault:
    """The fault of a row with bytes that are no text in the file's encoding."""
    hint = ' If the file is Windows-1252, the feed should say encoding = "cp1252".'
    return Fault(
        NOT_DECODABLE,
        None,
        f"The row holds bytes that are not {codec}.{hint if codec == 'utf-8' else ''}",
    )


def escape_errors(codec: str) -> str:
    """The error handler that reads on past bytes that are no text, and keeps them where it can."""
    return "replace" if codec.startswith("utf-16") else "surrogateescape"
