"""The marks that the code declares: each `reached("...")` in the sources of importing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.workbench import ROOT

FOLDERS = ("layers/prefdrop/prefdrop/importing", "layers/prefdrop/prefdrop/ledger")


def declared() -> dict[str, str]:
    """Return the file of each mark; raises ValueError for a name that is no literal or is twice."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).glob("*.py")):
            place = str(file.relative_to(ROOT))
            for name in _names(file):
                if name in found:
                    raise ValueError(f"{name!r} is a mark of {found[name]} and of {place}")
                found[name] = place
    return found


def _names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "reached":
            (name,) = node.args
            if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
                raise ValueError(f"{file}, line {node.lineno}: the name of a mark is a literal")
            yield name.value
