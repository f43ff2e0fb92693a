"""Judging an assumed name by what the vendor shows."""

from __future__ import annotations

from typing import Any

from mypreferences_assumptions import NAMES
from prefdrop.mypreferences.answers import Answer
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import decoded_json, members

CHANGE = "NAMES in mypreferences_assumptions.py"
_EVERYWHERE = frozenset(
    {
        "id", "isactive", "edited", "localizedfields", "texttags", "channels", "consenttype",
        "updaterule",
    }
)  # fmt: skip
"""Members that are confirmed, or of no concern."""


def judged_collection(name: str, answer: Answer) -> Confirmation:
    """Whether a list's items are under the assumed name."""
    if answer.status != 200:
        return untold_name(name, f"the list is answered {answer.status}")
    decoded = decoded_json(answer)
    if isinstance(decoded, list):
        return held(number_of_name(name), fact_of(name), "the answer is the array itself")
    there = {k: v for k, v in decoded.items() if isinstance(v, list)} if decoded else {}
    wanted = NAMES[name].value
    if wanted.lower() in members(answer):
        return held_name(name)
    if there:
        return wrong_name(name, f"it is {' or '.join(there)}")
    return untold_name(name, "the answer has no collection")


def judged_member(
    name: str, items: list[dict[str, Any]], documented: set[str] | frozenset[str], status: int
) -> Confirmation:
    """A member that no item has is called otherwise, if there is one that nobody knows."""
    if status != 200 or not items:
        return untold_name(name, "there is nothing that would show it" if status == 200 else
                       f"the list is answered {status}")  # fmt: skip
    seen = {member for item in items for member in item}
    wanted = NAMES[name].value.lower()
    if wanted in {member.lower() for member in seen}:
        return held_name(name)
    strange = sorted(m for m in seen if m.lower() not in documented | _EVERYWHERE)
    if strange:
        return wrong_name(name, f"it may be one of {', '.join(strange)}")
    return untold_name(name, "nothing that was read has it")


def number_of_name(name: str) -> str:
    """The open point of a name."""
    return str(NAMES[name].number)


def fact_of(name: str) -> str:
    """How a finding calls a name."""
    return f"name {name} ({NAMES[name].value})"


def held_name(name: str) -> Confirmation:
    """The vendor uses the assumed name."""
    return held(number_of_name(name), fact_of(name))


def untold_name(name: str, why: str) -> Confirmation:
    """The vendor does not show which name it uses."""
    return untold(number_of_name(name), fact_of(name), why)


def wrong_name(name: str, said: str) -> Confirmation:
    """The vendor uses another name."""
    return not_held(number_of_name(name), fact_of(name), said, CHANGE)
