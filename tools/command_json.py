"""The page `docs/command-json.md`: `python -m tools.command_json` writes it.

It lists what each command prints with `--json`, from the shapes that the commands build it of. A
member that the page has and no shape has any more is refused: scripts rely on it.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from prefdrop.ledger.clock import Moment
from prefdrop_cli.output import ProblemTold
from prefdrop_cli.shapes.commands import COMMANDS

PAGE = Path(__file__).parents[1] / "docs/command-json.md"
BEGIN, END = "<!-- written from cli/prefdrop_cli/shapes by `make json` -->\n", "<!-- /written -->"
WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    Any: "any value",
    NoneType: "null",
}

Shape = type[msgspec.Struct]


def shapes() -> list[Shape]:
    """Every shape, in the order in which commands name them and they name each other."""
    found: dict[Shape, None] = {}
    for told in [ProblemTold, *(each for one in COMMANDS.values() for each in one.values())]:
        _gather(told, found)
    return list(found)


def _gather(kind: Any, found: dict[Shape, None]) -> None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind not in found:
            if base := base_of(kind):
                _gather(base, found)
            found[kind] = None
            for each in hints(kind).values():
                _gather(each, found)
        return
    for each in get_args(kind):
        _gather(each, found)


def _bases(shape: Shape) -> list[Shape]:
    """A shape and those whose members it has, the nearest first."""
    known = (each for each in shape.__mro__ if issubclass(each, msgspec.Struct))
    return [each for each in known if each is not msgspec.Struct]


def base_of(shape: Shape) -> Shape | None:
    """The shape whose members another has besides its own."""
    return next((each for each in _bases(shape) if each is not shape), None)


def hints(shape: Shape) -> dict[str, Any]:
    """The types of a shape's members, by their names in JSON."""
    told = get_type_hints(shape, include_extras=True)
    names = zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True)
    return {encoded: told[name] for name, encoded in names}


def meanings(shape: Shape) -> dict[str, str]:
    """What is said below each member, by its name in JSON; raises ValueError for one without."""
    told: dict[str, str] = {}
    for each in reversed(_bases(shape)):
        told |= dict(_said_below(each))
    names = zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True)
    missing = [name for name in shape.__struct_fields__ if name not in told]
    if missing:
        raise ValueError(f"{shape.__name__} does not say what {', '.join(missing)} means")
    return {encoded: told[name] for name, encoded in names}


def _said_below(shape: type) -> Iterator[tuple[str, str]]:
    (written,) = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    assert isinstance(written, ast.ClassDef)
    for member, below in zip(written.body, written.body[1:], strict=False):
        if isinstance(member, ast.AnnAssign) and isinstance(below, ast.Expr):
            said = ast.literal_eval(below.value)
            yield ast.unparse(member.target), " ".join(said.split())


def in_words(kind: Any) -> str:
    """A type as a reader of JSON calls it."""
    if kind == Moment:
        return "moment"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return in_words(inner[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(in_words(each) for each in inner))
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in inner)
    if origin in (list, tuple):
        return f"list of {in_words(inner[0])}"
    if origin is dict:
        return f"object: {in_words(inner[1])} by name"
    return WORDS[kind]


def written() -> str:
    """The tables of the page."""
    lines = ["| command | prints |", "|---|---|"]
    for command, told in COMMANDS.items():
        for case, kind in told.items():
            asked = f" with {case}" if case[:1].isupper() else f" {case}"
            lines.append(f"| `{f'{command}{asked}'.strip()}` | {in_words(kind)} |")
    for shape in shapes():
        lines += ["", f"### {shape.__name__}", "", *_table(shape)]
    return "\n".join(lines) + "\n"


def _table(shape: Shape) -> list[str]:
    base, said = base_of(shape), meanings(shape)
    more = f" The members of {in_words(base)}, and:" if base else ""
    above = hints(base) if base else {}
    own = {name: kind for name, kind in hints(shape).items() if name not in above}
    return [
        f"{_first_of(shape)}{more}",
        "",
        "| member | type | meaning |",
        "|---|---|---|",
        *(f"| `{name}` | {in_words(kind)} | {said[name]} |" for name, kind in own.items()),
    ]


def _first_of(shape: Shape) -> str:
    """The first paragraph of what a shape says of itself."""
    return " ".join(inspect.cleandoc(shape.__doc__ or "").partition("\n\n")[0].split())


def rewritten(page: str) -> str:
    """The page with its tables written anew; raises ValueError where a member would be lost."""
    before, _, rest = page.partition(BEGIN)
    old, mark, after = rest.partition(END)
    if not mark:
        raise ValueError("the page has no place for its tables")
    new = written()
    if lost := members(old) - members(new):
        named = ", ".join(sorted(f"{shape}.{member}" for shape, member in lost))
        raise ValueError(f"scripts rely on {named}: a member stays, under its name")
    return before + BEGIN + new + END + after


def members(tables: str) -> set[tuple[str, str]]:
    """The members that written tables have, with their shapes, those of other shapes included."""
    own: dict[str, set[str]] = {}
    for section in tables.split("\n### ")[1:]:
        shape, _, text = section.partition("\n")
        own[shape] = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
        if base := re.search(r"The members of \[(\w+)\]", text):
            own[shape] |= own.get(base[1], set())
    return {(shape, member) for shape, names in own.items() for member in names}


def main() -> int:
    """Write the page anew."""
    try:
        text = rewritten(PAGE.read_text(encoding="utf-8"))
    except ValueError as error:
        print(f"{PAGE.name} was not written: {error}.", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
