"""Where dynalite is known to answer otherwise than DynamoDB or than the emulated one, and why.

What is not in here fails `make test-dynalite`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

_TRANSACTIONS = "dynalite has no transactions: they are made of single writes, without own limits"
_KEYS = "dynalite counts the characters of a key, not its bytes, and measures keys of items alone"
_SIZES = "dynalite has no limit for expressions and nesting"
_OWN = "DynamoDB takes the request too: the rule is the local stack's own"

NOT_IN_DYNALITE = {
    "transactItems": _TRANSACTIONS,
    "aggregate size of the items in the transaction": _TRANSACTIONS,
    "clientRequestToken": _TRANSACTIONS,
    "multiple operations on one item": _TRANSACTIONS,
    "maximum size limit of": _KEYS,
    "exceeded the size limit of": _KEYS,
    "Expression size has exceeded": _SIZES,
    "too many operators": _SIZES,
    "too many operands": _SIZES,
    "Nesting Levels": _SIZES,
    "The local stack refuses": _OWN,
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
