"""On which line of a TOML text a key stands, so that an error can name it.

`tomllib` keeps no positions. The text is known to be valid TOML when this runs.
"""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str, ...]

_TABLE = re.compile(r"^\s*\[\[?(?P<name>[^\]]*(?:\"[^\"]*\"|'[^']*')?[^\]]*)\]\]?\s*(?:#.*)?$")
_KEY_PART = re.compile(
    r"\s*(?:\"(?P<basic>(?:[^\"\\]|\\.)*)\"|'(?P<literal>[^']*)'|(?P<bare>[\w-]+))\s*"
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The 1-based line of every table and key, by its full path.

    Keys inside an inline table are not listed: they stand on the line of the key that holds it.
    """
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        header = _table_path(line)
        if header is not None:
            table = header
            found.setdefault(table, index + 1)
        else:
            key, value = _split_key(line)
            if key:
                for depth in range(1, len(key) + 1):
                    found.setdefault(table + key[:depth], index + 1)
                index += _further_lines(value, lines[index + 1 :])
        index += 1
    return found


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """The line of `path`, or of the nearest key that holds it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _table_path(line: str) -> KeyPath | None:
    if not line.lstrip().startswith("["):
        return None
    match = _TABLE.match(line)
    if match is None:
        return None
    path, rest = _dotted(match["name"])
    return path if path and not rest.strip() else None


def _split_key(line: str) -> tuple[KeyPath, str]:
    path, rest = _dotted(line)
    if path and rest.startswith("="):
        return path, rest[1:]
    return (), ""


def _dotted(text: str) -> tuple[KeyPath, str]:
    """The dotted key at the start of `text`, and what follows it."""
    parts: list[str] = []
    while True:
        match = _KEY_PART.match(text)
        if match is None:
            return (), text
        text = text[match.end() :]
        parts.append(_unquoted(match))
        if not text.startswith("."):
            return tuple(parts), text
        text = text[1:]


def _unquoted(match: re.Match[str]) -> str:
    if match["basic"] is not None:
        return str(tomllib.loads(f'k = "{match["basic"]}"')["k"])
    return str(match["literal"] if match["literal"] is not None else match["bare"])


def _further_lines(value: str, following: list[str]) -> int:
    """How many more lines a value takes: the first count with which it is a whole TOML value."""
    for count in range(len(following) + 1):
        try:
            tomllib.loads("k =" + "\n".join([value, *following[:count]]))
        except tomllib.TOMLDecodeError:
            continue
        return count
    return 0
