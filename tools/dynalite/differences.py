"""Where dynalite is known to answer otherwise than DynamoDB or than the emulated one, and why.

What is not in here fails `make test-dynalite`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

NOT_IN_DYNALITE = {
    "transactItems": "transactions are made of single writes here, and have no limits",
    "aggregate size of the items in the transaction": "the same",
    "clientRequestToken": "the same",
    "multiple operations on one item": "the same",
    "maximum size limit of": "dynalite counts characters, and looks at keys of items only",
    "exceeded the size limit of": "the same",
    "Expression size has exceeded": "dynalite has no limit for it",
    "too many operators": "dynalite has no limit for it",
    "too many operands": "dynalite has no limit for it",
    "Nesting Levels": "dynalite has no limit for it",
    "The local stack refuses": "DynamoDB takes it too: the rule is our own",
}
"""By a part of the recorded refusal. Such a request is not replayed: dynalite would apply it."""


class Answered(NamedTuple):
    """One request with the recorded answer and dynalite's."""

    request: dict[str, Any]
    recorded: dict[str, Any]
    replayed: dict[str, Any]


def _is_full_page(answered: Answered) -> bool:
    recorded, replayed = dict(answered.recorded), dict(answered.replayed)
    replayed.pop("LastEvaluatedKey", None)
    return recorded == replayed and answered.request.get("Limit") == recorded.get("Count")


KNOWN: dict[str, Callable[[Answered], bool]] = {
    "a full page names a key to continue from, in dynalite as in DynamoDB, if nothing follows; "
    "moto names none": _is_full_page,
}
