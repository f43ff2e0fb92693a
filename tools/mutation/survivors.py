"""The list of mutants that survive, each with a reason: `survivors.toml` beside this file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path

from tools.mutation.sampling import Name

FILE = Path(__file__).with_suffix(".toml")
SHORTEST_REASON = 20
"""Characters. A shorter text gives no reason."""


class WrongList(ValueError):
    """An entry of the list is not usable; the text says which."""


def read(text: str) -> dict[Name, str]:
    """Return the reasons by mutant; raises WrongList."""
    reasons: dict[Name, str] = {}
    for entry in tomllib.loads(text).get("survivor", []):
        reason = str(entry.pop("reason", ""))
        if len(reason) < SHORTEST_REASON:
            raise WrongList(f"The survivor in {entry['module']} has no reason: {entry}. Add one.")
        name = Name(**entry)
        if name in reasons:
            raise WrongList(f"The survivor {name} is listed twice: delete one entry.")
        reasons[name] = reason
    return reasons


def entry(name: Name) -> str:
    """Return the entry of a mutant for the list, its reason to be filled in."""
    members = {key: value for key, value in asdict(name).items() if (key, value) != ("number", 1)}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in members.items()]
    return "\n".join(["[[survivor]]", *lines, 'reason = ""', ""])


def faults(
    survived: Collection[Name], tried: Iterable[Name], reasons: Collection[Name]
) -> tuple[list[Name], list[Name]]:
    """Return the survivors that are not listed, and the listed mutants that were killed."""
    unlisted = [name for name in survived if name not in reasons]
    killed = [name for name in tried if name in reasons and name not in survived]
    return unlisted, killed
