"""Which outputs of the stack our programs read, by their syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path


def outputs_read(*folders: Path) -> set[str]:
    """Patterns of the names of outputs: one that is put together stands for several.

    An output is read as `outputs["Name"]` or `outputs.get("Name")`, or its name is given to a
    function that calls it `output`.
    """
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    readers = {n.name for n in nodes if isinstance(n, ast.FunctionDef) and _takes_output(n)}
    asked = [name for node in nodes for name in _asked(node, readers)]
    return {pattern for name in asked for pattern in _patterns(name)}


def _takes_output(function: ast.FunctionDef) -> bool:
    return any(argument.arg == "output" for argument in function.args.args)


def _asked(node: ast.AST, readers: set[str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Subscript) and _name(node.value) == "outputs":
        yield node.slice
    elif isinstance(node, ast.Call):
        of_outputs = isinstance(node.func, ast.Attribute) and _name(node.func.value) == "outputs"
        if (of_outputs and _name(node.func) == "get") or _name(node.func) in readers:
            yield from node.args


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else str(getattr(node, "id", ""))


def _patterns(name: ast.expr) -> Iterator[str]:
    if isinstance(name, ast.Constant) and re.fullmatch(r"[A-Z]\w+", str(name.value)):
        yield str(name.value)
    elif isinstance(name, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else r"\w+" for part in name.values]
        yield "".join(map(str, parts))
