"""What commands print: results on standard output, progress and errors on standard error.

This module is the only way to the terminal. Each function writes out what a terminal would act on,
so a file's name can neither forge a line nor control the screen, whoever prints it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

import msgspec
import typer

from prefdrop.errors import PrefdropError, Problem


class ProblemTold(msgspec.Struct, frozen=True):
    """In place of the result, with exit code 2 or 5."""

    error: Problem
    """The mistake."""


def say(*lines: str) -> None:
    """Print lines of result; none prints an empty one. A line feed within a line is written out."""
    _write(sys.stdout, lines)


def say_json(value: Any) -> None:
    """Print `value` as one line of JSON: exact data, with what a terminal acts on as JSON escapes.

    Nothing but the texts within JSON can hold such characters.
    """
    sys.stdout.write(f"{_escaped(msgspec.json.encode(value).decode(), _json_escape)}\n")
    sys.stdout.flush()


def say_formatted(value: Any) -> None:
    """Print `value` as JSON over several lines, for a person to read."""
    say(*msgspec.json.format(msgspec.json.encode(value), indent=2).decode().split("\n"))


def copy_out(blocks: Iterable[bytes]) -> None:
    """Print a file: to the byte into a pipe or a file, and as lines on a terminal."""
    if not sys.stdout.isatty():
        for block in blocks:
            sys.stdout.buffer.write(block)
        sys.stdout.flush()
        return
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            say(_decoded(line))
    if rest:
        say(_decoded(rest))


def note(*lines: str) -> None:
    """Print remarks that are not part of the result, as `say` prints lines."""
    _write(sys.stderr, lines)


def ask(question: str, *, default: bool | None = None) -> bool:
    """Ask a person at the terminal for a yes or no; Enter answers `default` where there is one."""
    return typer.confirm(printable(question), default=default, err=True)


def table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print rows under column names; numbers are aligned right.

    Nothing is folded or cut: an import's id has to be copied from here.
    """
    body = [[_cell(value) for value in row] for row in rows]
    numeric = [bool(body) and all(_is_number(row[n]) for row in body) for n in range(len(columns))]
    lines = [[printable(name) for name in columns], *body]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    for line in lines:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        say("  ".join(cells).rstrip())


def pairs(values: Mapping[str, Any]) -> None:
    """Print names and values, one pair per line."""
    shown = {printable(name): value for name, value in values.items()}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        say(f"  {name:<{width}}  {_cell(value)}")


def show_error(error: PrefdropError, *, as_json: bool) -> None:
    """Tell the user what went wrong and what to do about it."""
    if as_json:
        say_json(ProblemTold(Problem(error.code, error.message, error.hint)))
        return
    note(f"Error: {error.message}")
    if error.hint:
        note(f"       {error.hint}")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))


def printable(text: str) -> str:
    """Return `text` with what a terminal would act on written out, a line feed as `\\n`.

    That is every control and every character that changes the order or the place of others.
    """
    return _escaped(text, _escape)


def _write(stream: TextIO, lines: Sequence[str]) -> None:
    stream.write("".join(f"{printable(line)}\n" for line in lines or ("",)))
    stream.flush()


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else escape(c) for c in text)


def _escape(character: str) -> str:
    """Return an escape of the form that JSON, TOML and Python read; none of them reads `\\x9b`."""
    code = ord(character)
    return _SHORT.get(character) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _json_escape(character: str) -> str:
    # JSON escapes are UTF-16, so a character beyond U+FFFF takes two.
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _decoded(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", errors="backslashreplace")


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()
