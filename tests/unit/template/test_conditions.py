"""The evaluator decides about requests as IAM's documentation says IAM does."""

from __future__ import annotations

from typing import Any

import pytest

from tools.permissions.conditions import Request, allowed
from tools.permissions.grants import UnreadablePolicy

KEYS = "dynamodb:LeadingKeys"
NOT_EMPTY = {"Null": {KEYS: "false"}}
OF_IMPORTS = {"ForAllValues:StringLike": {KEYS: "IMPORT#*"}}
OF_BOTH = {"ForAllValues:StringLike": {KEYS: ["IMPORT#*", "TURN#?"]}}
EXACT = {"ForAllValues:StringEquals": {KEYS: ["TURN#*"]}}
PREFIX = {"StringLike": {"s3:prefix": ["feeds/*", "exports/"]}}
VIA = {"StringEquals": {"kms:ViaService": ["dynamodb.${AWS::Region}.${AWS::URLSuffix}"]}}
BOTH_KEYS = {"StringLike": {KEYS: "IMPORT#*"}}


def asked(condition: dict[str, Any], **context: tuple[str, ...]) -> bool:
    keys = {"keys": KEYS, "prefix": "s3:prefix", "via": "kms:ViaService"}
    statement = {"Effect": "Allow", "Action": "a:Do", "Resource": "r", "Condition": condition}
    named = {keys[name]: values for name, values in context.items()}
    return allowed([statement], Request("a:Do", "r", named))


@pytest.mark.parametrize(
    ("condition", "context", "is_allowed"),
    [
        (OF_IMPORTS, {"keys": ("IMPORT#1",)}, True),
        (OF_IMPORTS, {"keys": ("IMPORT#",)}, True),
        (OF_IMPORTS, {"keys": ("IMPORT#a\nb/c",)}, True),
        (OF_IMPORTS, {"keys": ("import#1",)}, False),
        (OF_IMPORTS, {"keys": ("EXIMPORT#1",)}, False),
        (OF_IMPORTS, {"keys": ("IMPORT#1", "IMPORT#2")}, True),
        (OF_IMPORTS, {"keys": ("IMPORT#1", "TURN#2")}, False),
        (OF_BOTH, {"keys": ("IMPORT#1", "TURN#2")}, True),
        (OF_BOTH, {"keys": ("IMPORT#1", "TURN#22")}, False),
        # All of none are alike: only the demand for a key refuses a request without.
        (OF_IMPORTS, {}, True),
        (OF_IMPORTS | NOT_EMPTY, {}, False),
        (OF_IMPORTS | NOT_EMPTY, {"keys": ("IMPORT#1",)}, True),
        ({"Null": {KEYS: "true"}}, {}, True),
        ({"Null": {KEYS: "true"}}, {"keys": ("IMPORT#1",)}, False),
        (EXACT, {"keys": ("TURN#*",)}, True),
        (EXACT, {"keys": ("TURN#1",)}, False),
        (PREFIX, {"prefix": ("feeds/a.toml",)}, True),
        (PREFIX, {"prefix": ("exports/",)}, True),
        (PREFIX, {"prefix": ("exports/a",)}, False),
        (PREFIX, {"prefix": ("",)}, False),
        (PREFIX, {}, False),
        (VIA, {"via": ("dynamodb.${AWS::Region}.${AWS::URLSuffix}",)}, True),
        (VIA, {"via": ("s3.${AWS::Region}.${AWS::URLSuffix}",)}, False),
        (BOTH_KEYS, {"keys": ("IMPORT#1", "IMPORT#2")}, False),
        (PREFIX | OF_IMPORTS, {"prefix": ("feeds/a",), "keys": ("TURN#1",)}, False),
        ({}, {"keys": ("TURN#1",)}, True),
    ],
)
def test_condition_over_a_request_holds_as_iam_says(
    condition: dict[str, Any], context: dict[str, tuple[str, ...]], is_allowed: bool
) -> None:
    assert asked(condition, **context) == is_allowed


def test_statement_of_other_action_or_resource_allows_nothing() -> None:
    statement = {"Effect": "Allow", "Action": ["a:Do", "a:Be*"], "Resource": ["r/x/*", "s"]}

    assert allowed([statement], Request("a:Being", "r/x/y/z", {}))
    assert not allowed([statement], Request("a:Undo", "s", {}))
    assert not allowed([statement], Request("a:Do", "r/x", {}))


def test_denial_that_concerns_the_request_wins() -> None:
    allow = {"Effect": "Allow", "Action": "a:Do", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "a:Do", "Resource": "*", "Condition": OF_IMPORTS}

    assert not allowed([allow, deny], Request("a:Do", "r", {KEYS: ("IMPORT#1",)}))
    assert allowed([allow, deny], Request("a:Do", "r", {KEYS: ("TURN#1",)}))
    assert not allowed([], Request("a:Do", "r", {}))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLikeIfExists": {KEYS: "IMPORT#*"}},
        {"ForAnyValue:StringLike": {KEYS: "IMPORT#*"}},
        {"Null": {KEYS: ["true", "false"]}},
    ],
)
def test_condition_of_another_operator_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePolicy, match="no condition that is evaluated"):
        asked(condition, keys=("IMPORT#1",))
