"""Texts, keys and comments as TOML writes them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WIDTH = 98


def quoted(text: str) -> str:
    """A text in quotes."""
    return '"' + "".join(_ESCAPED.get(sign) or _visible(sign) for sign in text) + '"'


def _visible(sign: str) -> str:
    # Signs that only look like a line's end would tear the line in some editors.
    code = ord(sign)
    if code < 0x20 or 0x7F <= code < 0xA0 or code in (0x2028, 0x2029, 0xFEFF):
        return f"\\u{code:04X}"
    return sign


def key(name: str) -> str:
    """A key, in quotes only where it needs them."""
    return name if _BARE.fullmatch(name) else quoted(name)


def value(each: str | int | float | bool) -> str:
    """A scalar."""
    if isinstance(each, bool):
        return "true" if each else "false"
    return quoted(each) if isinstance(each, str) else str(each)


def inline_table(entries: Mapping[str, str]) -> str:
    """A table on one line; the values are TOML already."""
    return "{ " + ", ".join(f"{key(name)} = {text}" for name, text in entries.items()) + " }"


def comment(text: str, indent: str = "") -> Iterator[str]:
    """Lines of comment, wrapped."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    start = f"{indent}# "
    yield from textwrap.wrap(
        plain,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [start.rstrip()]
