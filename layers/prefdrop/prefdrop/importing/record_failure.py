"""RecordFailure: write down why the import failed, in words for whoever is on call."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.importing.drop import read_event
from prefdrop.importing.step import Cancelled
from prefdrop.ledger.imports import Failure
from prefdrop.services import Deadline, Services

RETRY_HINT = "Once the cause is gone, `prefdrop imports retry` goes on from the ledger."


class _Cause(msgspec.Struct):
    errorMessage: str = ""  # noqa: N815 - Lambda's name


def run(services: Services, event: dict[str, Any], _: Deadline) -> dict[str, str]:
    """Store the failure that the state machine caught; answers the import's id."""
    state = event["state"]
    import_id = state.get("import", {}).get("import_id") or import_of(state)
    caught = state.get("failure", {})
    failure = read_failure(caught.get("Error", "Unknown"), caught.get("Cause") or "")
    record = services.imports.get(import_id)
    if record.execution_arn == event["execution"] and failure.code != Cancelled.__name__:
        services.imports.update(record, error=failure)
    return {"import_id": import_id, "next": "fail"}


def import_of(state: dict[str, Any]) -> str:
    """The import's id of an execution's input; raises NotADrop."""
    if retry := state.get("retry") or state.get("continue"):
        return str(retry["import_id"])
    return read_event(state).import_id


def read_failure(error: str, cause: str) -> Failure:
    """Read what the state machine says of a failed step.

    A Terminal error brings its own name and its hint; others are Lambda's, AWS's or Transient.
    """
    try:
        text = msgspec.json.decode(cause, type=_Cause).errorMessage
    except msgspec.DecodeError:
        text = cause
    if error != "Terminal":
        return Failure(error, text or "The step gave no reason.", RETRY_HINT)
    code, _, rest = text.partition(": ")
    message, _, hint = rest.partition("\n")
    return Failure(code, message, hint)
