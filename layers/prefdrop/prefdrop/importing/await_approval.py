"""AwaitApproval: keep the task token of a held import, to be sent once an operator decides."""

from __future__ import annotations

from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.importing.operate import send_decision
from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.step import StepInput, import_of
from prefdrop.ledger.imports import NOT_ENDED
from prefdrop.ledger.table import ConditionFailed
from prefdrop.reached import reached


def run(services: Services, event: dict[str, Any], _: Deadline) -> None:
    """Write the token into the ledger, or send it at once when the decision was made before."""
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    pending = Attr("cancelled").not_exists() & (
        Attr("hold").not_exists() | Attr("hold.state").eq("pending")
    )
    pending = pending & NOT_ENDED
    try:
        services.imports.update(
            record, when=pending, status="Held", approval_token=request.task_token
        )
    except ConditionFailed:
        reached("a hold decided on before it waits")
        send_decision(services, services.imports.get(record.import_id), request.task_token)
