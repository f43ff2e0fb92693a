"""Finding out how a file is written: compression, encoding, line ends, delimiter.

Detection works on the file's first bytes only, so every reader of the same file finds the same.
A byte order mark always wins; a feed's `encoding` and `delimiter` win over everything else.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection
from typing import Any, NamedTuple

SAMPLE_BYTES = 64 * 1024
"""How much of the file detection looks at."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = ",;\t|"
_CP1252_SIGNS = frozenset(
    bytes.fromhex("80 82 84 85 91 92 93 94 95 96 97 99 a1 a7 a9 ab ae b0 b4 b7 bb bf").decode(
        "cp1252"
    )
)
"""Signs that stand by themselves in texts: typographic quotes, dashes, currency and such."""


class Encoding(NamedTuple):
    """A codec's name and the length of the byte order mark before the text."""

    name: str
    mark: int = 0

    @property
    def width(self) -> int:
        """Bytes of a line feed."""
        return len(self.newline)

    @property
    def newline(self) -> bytes:
        return "\n".encode(self.name)


def find_encoding(sample: bytes, declared: str | None) -> Encoding:
    """The file's encoding, from its mark, the feed's word, or the look of its first bytes."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return Encoding(name, len(mark))
    known = known_encoding(declared) if declared is not None else None
    return Encoding(known or _guess(sample))


def known_encoding(name: str) -> str | None:
    """The codec of an encoding that files can be read in, or `None`.

    That is UTF-8, UTF-16 (little-endian where neither the name nor a byte order mark says), and all
    with one byte per character that agree with ASCII. In others a byte of a line feed or a
    delimiter may be part of a character.
    """
    try:
        codec = codecs.lookup(name).name
        if codec in ("utf-8", "utf-8-sig", "ascii"):
            return "utf-8"
        if codec in ("utf-16", "utf-16-le", "utf-16-be"):
            return "utf-16-le" if codec == "utf-16" else codec
        return codec if _one_byte_each(codec) else None
    except (LookupError, UnicodeDecodeError):
        return None


def _one_byte_each(codec: str) -> bool:
    plain = bytes(range(128))
    pairs = (bytes((first, second)) for first in range(128, 256) for second in (0x41, 0xA2))
    return plain.decode(codec) == plain.decode("ascii") and all(
        len(pair.decode(codec, "replace")) == 2 for pair in pairs
    )


def _guess(sample: bytes) -> str:
    head = sample[:4096]
    if head.count(0) * 4 > len(head):
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    return "cp1252" if _looks_like_cp1252(sample) else "utf-8"


def _looks_like_cp1252(sample: bytes) -> bool:
    """Whether the high bytes read as Windows-1252 words, on more than one line, and not as UTF-8.

    One odd byte is rather a damaged row than another encoding, so it does not decide for a file.
    """
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    odd_lines = 0
    for line in sample.split(b"\n"):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            if not _reads_as_words(line):
                return False
            odd_lines += 1
        else:
            return False
    return odd_lines > 1


def _reads_as_words(line: bytes) -> bool:
    try:
        text = line.decode("cp1252")
    except UnicodeDecodeError:
        return False
    for place, sign in enumerate(text):
        if sign.isascii() or sign in _CP1252_SIGNS:
            continue
        beside = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
        if not sign.isalpha() or sign == "ÿ" or not any(each.isalpha() for each in beside):
            return False
    return True


def find_delimiter(header: str, quote: str, wanted: Collection[str]) -> str:
    """The delimiter with which the header line names most of the columns the feed wants."""
    scores = {
        delimiter: len(set(split_line(header, delimiter, quote)) & set(wanted))
        for delimiter in _DELIMITERS
    }
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best] == 0:
        best = max(_DELIMITERS, key=header.count)
    return best


def split_line(line: str, delimiter: str, quote: str) -> list[str]:
    """The cells of one line, read leniently."""
    rows = list(csv.reader([line], **csv_options(delimiter, quote, strict=False)))
    return rows[0] if rows else []


def csv_options(delimiter: str, quote: str, *, strict: bool = True) -> dict[str, Any]:
    """The arguments that make `csv.reader` read this dialect and refuse what is not of it."""
    options: dict[str, Any] = {"delimiter": delimiter, "strict": strict}
    if quote:
        options["quotechar"] = quote
    else:
        options["quoting"] = csv.QUOTE_NONE
        options["quotechar"] = None
    return options
