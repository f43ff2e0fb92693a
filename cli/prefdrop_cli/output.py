"""What commands print: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from prefdrop.errors import PrefdropError
from prefdrop_cli.shapes.problems import Problem, ProblemTold


def say(text: str = "") -> None:
    """Print a line of result as it stands."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_json(value: Any) -> None:
    """Print `value` as one line of JSON."""
    say(msgspec.json.encode(value).decode())


def note(text: str) -> None:
    """Print a remark that is not part of the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print rows under column names; numbers are aligned right.

    Nothing is folded or cut: an import's id has to be copied from here.
    """
    body = [[_cell(value) for value in row] for row in rows]
    numeric = [bool(body) and all(_is_number(row[n]) for row in body) for n in range(len(columns))]
    lines = [list(columns), *body]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    for line in lines:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        say("  ".join(cells).rstrip())


def pairs(values: Mapping[str, Any]) -> None:
    """Print names and values, one pair per line."""
    width = max(map(len, values), default=0)
    for name, value in values.items():
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
    """`text` with what a terminal would act on written out: it may come from anybody."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()
