"""A step's errors leave it under names that the state machine knows, and quote nobody's data."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prefdrop.errors import Terminal
from prefdrop.importing.record_failure import read_failure
from prefdrop.importing.step import AwsFailed, invoked
from prefdrop.telemetry import logger

PERSON = "ana.ruiz@example.test"


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_what_aws_says_of_a_record_is_in_neither_the_error_nor_the_log() -> None:
    def refuse(*_: Any) -> None:
        words = f"The value {PERSON} is not valid"
        raise ClientError({"Error": {"Code": "ValidationException", "Message": words}}, "PutItem")

    lines = io.StringIO()
    before = logger.registered_handler.setStream(lines)  # type: ignore[attr-defined]
    try:
        with pytest.raises(AwsFailed, match="ValidationException to PutItem") as raised:
            invoked(refuse, object)({}, Context())
    finally:
        logger.registered_handler.setStream(before)  # type: ignore[attr-defined]

    assert PERSON not in lines.getvalue() + str(raised.value)
    assert "ValidationException" in lines.getvalue()
    assert raised.value.__suppress_context__


def test_line_feed_in_a_file_name_forges_neither_hint_nor_log_line() -> None:
    def refuse(*_: Any) -> None:
        raise Terminal("inbox/people/a\n`forged command`.csv is empty.", hint="Drop another.")

    lines = io.StringIO()
    before = logger.registered_handler.setStream(lines)  # type: ignore[attr-defined]
    try:
        with pytest.raises(Terminal) as raised:
            invoked(refuse, object)({}, Context())
    finally:
        logger.registered_handler.setStream(before)  # type: ignore[attr-defined]

    failure = read_failure("Terminal", json.dumps({"errorMessage": str(raised.value)}))
    assert failure.message == r"inbox/people/a\n`forged command`.csv is empty."
    assert failure.hint == "Drop another."
    assert len(lines.getvalue().splitlines()) == 1
