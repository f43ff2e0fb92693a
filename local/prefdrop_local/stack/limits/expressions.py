"""DynamoDB's expressions, as far as limits and rules need them; moto parses them whole.

Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from prefdrop_local.stack.limits.refusal import RefusalError

MOST_BYTES = 4096
MOST_OPERATORS = 300
MOST_OPERANDS = 100
_TOKEN = re.compile(r"[#:]?[A-Za-z0-9_]+|<=|>=|<>|[=<>+\-(),.\[\]]")
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_WORDS = frozenset(["AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"])
_FUNCTIONS = frozenset(
    [
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
        "if_not_exists",
        "list_append",
    ]
)


@dataclass(frozen=True)
class Expression:
    """What an expression names.

    `attributes` are the names at the beginning of paths, `ranges` the bounds of BETWEEN, `compared`
    a name with the value that it is set to or compared with by `=`.
    """

    names: frozenset[str]
    values: frozenset[str]
    attributes: frozenset[str]
    ranges: tuple[tuple[str, str], ...]
    compared: tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def parse(kind: str, text: str) -> Expression:
    """Return what an expression names; RefusalError if it exceeds a limit.

    `kind` is the parameter's name, for messages.
    """
    if not text.strip():
        raise RefusalError(f"Invalid {kind}: The expression can not be empty;")
    if len(text.encode()) > MOST_BYTES:
        raise RefusalError(
            f"Invalid {kind}: Expression size has exceeded the maximum allowed size; "
            f"expression size: {len(text.encode())}"
        )
    tokens = _TOKEN.findall(text)
    _check_counts(kind, tokens)
    _check_operands(kind, tokens)
    _check_words(kind, tokens)
    return Expression(
        names=frozenset(t for t in tokens if t[0] == "#"),
        values=frozenset(t for t in tokens if t[0] == ":"),
        attributes=frozenset(_attributes(tokens)),
        ranges=tuple(_ranges(tokens)),
        compared=tuple(_compared(tokens)),
    )


def compared(
    request: Mapping[str, Any], expression: Expression | None
) -> Iterator[tuple[str, Any]]:
    """Return the attributes that an expression sets to a value, or compares with one by `=`."""
    names = request.get("ExpressionAttributeNames") or {}
    for name, value in expression.compared if expression else ():
        yield names.get(name, name), request["ExpressionAttributeValues"][value]


def _check_counts(kind: str, tokens: list[str]) -> None:
    operators = sum(
        t in _COMPARATORS or t.upper() in ("AND", "OR", "NOT", "BETWEEN", "IN") or t in _FUNCTIONS
        for t in tokens
    )
    if operators > MOST_OPERATORS:
        raise RefusalError(
            f"Invalid {kind}: The expression contains too many operators; "
            f"operator count: {operators}"
        )
    for at, token in enumerate(tokens):
        if token.upper() == "IN" and _operands(tokens[at + 1 :]) > MOST_OPERANDS:
            raise RefusalError(
                f"Invalid {kind}: The IN operator is provided with too many operands; "
                f"number of operands: {_operands(tokens[at + 1 :])}"
            )


def _operands(tokens: list[str]) -> int:
    depth = commas = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        commas += token == "," and depth == 1
        if not depth:
            break
    return commas + 1


def _check_operands(kind: str, tokens: list[str]) -> None:
    if kind == "UpdateExpression":
        return
    bounded = ["(", *tokens, ")"]
    for at in range(2, len(bounded) - 2):
        left, operator, right = bounded[at - 1 : at + 2]
        whole = bounded[at - 2] not in (".", "]") and bounded[at + 2] not in (".", "[")
        if operator in _COMPARATORS and left == right and whole and _is_path(left):
            raise RefusalError(
                f"Invalid {kind}: The first operand must be distinct from the remaining operands "
                f"for this operator or function; operator: {operator}, first operand: [{left}]"
            )


def _check_words(kind: str, tokens: list[str]) -> None:
    """Check every name of a path; moto leaves out those inside a projection's paths."""
    reserved = ReservedKeywords.get_reserved_keywords()
    for token in tokens:
        if token[0] != "#" and _is_path(token) and token.upper() in reserved:
            raise RefusalError(
                f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {token}"
            )


def _attributes(tokens: list[str]) -> Iterator[str]:
    for at, token in enumerate(tokens):
        if _is_path(token) and not (at and tokens[at - 1] in (".", "[")):
            yield token


def _is_path(token: str) -> bool:
    if token[0] == "#":
        return True
    is_word = token.upper() in _WORDS or token in _FUNCTIONS
    return (token[0].isalpha() or token[0] == "_") and not is_word


def _ranges(tokens: list[str]) -> Iterator[tuple[str, str]]:
    for at, token in enumerate(tokens[:-3]):
        low, _, high = tokens[at + 1 : at + 4]
        if token.upper() == "BETWEEN" and low[0] == high[0] == ":":
            yield low, high


def _compared(tokens: list[str]) -> Iterator[tuple[str, str]]:
    for at in range(1, len(tokens) - 1):
        left, operator, right = tokens[at - 1 : at + 2]
        nested = at > 1 and tokens[at - 2] in (".", "]")
        if operator == "=" and right[0] == ":" and _is_path(left) and not nested:
            yield left, right
