"""Getting the mapped values out of a JSON object, as the texts that cells would hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from prefdrop.feeds.faults import Fault


def value_getter(names: Sequence[str]) -> Callable[[dict[str, Any]], list[Any]]:
    """A function from an object to the values at `names`, in their order.

    A name is a member, or several with dots between; a number steps into a list. A member whose
    own name holds dots is found first. Values come as cell texts: absent and null as empty, numbers
    and booleans as JSON writes them. Lists and objects come as they are, for the caller to refuse.
    """
    deep = [(place, name.split(".")) for place, name in enumerate(names) if "." in name]

    def get(value: dict[str, Any]) -> list[Any]:
        find = value.get
        found = [find(name) for name in names]
        for place, steps in deep:
            if found[place] is None:
                found[place] = _descend(value, steps)
        return [each if each.__class__ is str else _as_cell(each) for each in found]

    return get


def _descend(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _as_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value


def not_scalar_faults(names: Sequence[str], cells: Sequence[Any]) -> list[Fault]:
    """One fault for each cell that holds a list or an object."""
    return [
        Fault("NotAValue", name, f"Column {name} holds a list or an object, not a single value.")
        for name, cell in zip(names, cells, strict=True)
        if cell.__class__ is not str
    ]
