"""A file as its bytes show it: compression, encoding, line ends. Found once, from its beginning."""

from __future__ import annotations

import re
from functools import cached_property
from typing import BinaryIO

from prefdrop.feeds.compression import OpenAt, decompressed, read_fully
from prefdrop.feeds.dialect import SAMPLE_BYTES, Encoding, find_encoding
from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.lines import LineReader


class OpenedFile:
    """Nothing is read before it is asked for. `declared` is the feed's encoding, if it says one."""

    def __init__(self, open_at: OpenAt, size: int, file: str, declared: str | None) -> None:
        self.file = file
        self._raw_open_at = open_at
        self._size = size
        self._declared = declared

    @cached_property
    def _plain_open_at(self) -> OpenAt:
        if self._size == 0:
            raise self.wrong("the file is empty", "Drop a file with rows.")
        return decompressed(self._raw_open_at, size=self._size, file=self.file)

    @cached_property
    def is_compressed(self) -> bool:
        """Whether reading from an offset must unpack all that lies before it."""
        return self._plain_open_at is not self._raw_open_at

    def open_at(self, offset: int) -> BinaryIO:
        """A stream of the file's plain bytes from `offset` on."""
        return self._plain_open_at(offset)

    @cached_property
    def sample(self) -> bytes:
        """The file's first bytes, which every detection goes by."""
        with self.open_at(0) as stream:
            return read_fully(stream, SAMPLE_BYTES)

    @cached_property
    def encoding(self) -> Encoding:
        """By its byte order mark, the feed's word, or its look."""
        return find_encoding(self.sample, self._declared)

    @property
    def codec(self) -> str:
        return self.encoding.name

    @cached_property
    def newline(self) -> bytes:
        """What ends a line. A file that has carriage returns and no line feed uses those."""
        carriage_return = "\r".encode(self.codec)
        if self.encoding.newline in self.sample or carriage_return not in self.sample:
            return self.encoding.newline
        return carriage_return

    @cached_property
    def line_end(self) -> str:
        """How the file itself ends its lines, carriage return included."""
        pair = "\r\n".encode(self.codec)
        return "\r\n" if pair in self.sample else self.newline.decode(self.codec)

    @cached_property
    def first_line(self) -> str:
        """The first line that is not blank, read leniently."""
        text = self.sample[self.encoding.mark :].decode(self.codec, "replace")
        return next((line for line in re.split("[\r\n]", text) if line.strip()), "")

    def lines(self, offset: int) -> LineReader:
        """The file's lines from `offset` on."""
        return LineReader(self.open_at(offset), self.encoding, self.newline, self.file)

    def without_line_end(self, raw: bytes) -> bytes:
        """A row's bytes without the carriage returns and line feeds they close with."""
        if self.encoding.width == 1:
            return raw.rstrip(b"\r\n")
        ends = "\r".encode(self.codec), "\n".encode(self.codec)
        while raw.endswith(ends):
            raw = raw[:-2]
        return raw

    def wrong(self, problem: str, remedy: str) -> SourceError:
        """The error that this file is not what the feed says."""
        return SourceError(problem, file=self.file, remedy=remedy)
