"""Reading what a question names."""

from __future__ import annotations

from prefdrop.ledger.imports import STATUSES, Status
from prefdrop_cli.console.answers import Asked
from prefdrop_cli.exits import WrongUse

USUAL = 50
MOST = 500


def limit_of(asked: Asked) -> int:
    """How many are wanted at most; raises WrongUse."""
    text = asked.query.get("limit") or str(USUAL)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST):
        raise WrongUse("limit is not a number in reach.", hint=f"Use 1 to {MOST}.")
    return int(text)


def status_of(asked: Asked) -> Status | None:
    """The status that is wanted, or None for any; raises WrongUse."""
    given = asked.query.get("status", "")
    for status in STATUSES:
        if status == given:
            return status
    if given:
        raise WrongUse("There is no such status.", hint=f"Use one of: {', '.join(STATUSES)}.")
    return None
