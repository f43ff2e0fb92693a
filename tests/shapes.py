"""Holding what a command printed to what is documented of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from prefdrop_cli.shapes.commands import COMMANDS


def held_to(shape: Any, printed: str) -> Any:
    """The one line that was printed, as a value: exactly the members of `shape`."""
    lines = printed.splitlines()
    assert len(lines) == 1, f"one line of JSON is to be printed:\n{printed}"
    value = json.loads(lines[0])
    try:
        read = msgspec.json.decode(lines[0], type=shape)
    except msgspec.ValidationError as error:
        raise AssertionError(f"{error}: {printed}") from None
    assert json.loads(msgspec.json.encode(read)) == value, f"not exactly the members of {shape}"
    return value


def printed_by(command: str, printed: str, case: str = "") -> Any:
    """What `prefdrop <command> --json` printed, held to what is documented of that command."""
    return held_to(COMMANDS[command][case], printed)
