"""A record that is not quite JSON, read as leniently as it takes to write it as a row."""

from __future__ import annotations

import json
from typing import Any

from prefdrop.exporting.rolls import RecordUnreadable, entry_of, profile_id


def leniently_decoded(raw: bytes) -> dict[str, Any]:
    """The record's members. Bytes and escapes that are no text become halves of characters.

    Raises RecordUnreadable.
    """
    try:
        record = json.loads(bytes(raw).decode("utf-8", "surrogateescape"))
    except json.JSONDecodeError as error:
        raise _unreadable(raw, f"{error.msg} at its character {error.pos}") from None
    except (ValueError, RecursionError):
        raise _unreadable(raw, "its numbers or its nesting are beyond reason") from None
    if not isinstance(record, dict):
        raise _unreadable(raw, "it is no JSON object")
    return record


def _unreadable(raw: bytes, why: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The record of profile {profile_id(entry_of(raw))} cannot be written as a row: {why}.",
        hint="Nothing of the run is visible. Ask the vendor's support to look at that profile, or "
        'export with format = "jsonl", which takes records as they come.',
    )
