"""AwaitApproval: keep the task token of a held import, to be sent once an operator decides."""

from __future__ import annotations

from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.importing.operate import send_decision
from prefdrop.importing.step import StepInput, import_of
from prefdrop.ledger.imports import NOT_ENDED
from prefdrop.ledger.table import ConditionFailed, another_worker
from prefdrop.reached import reached
from prefdrop.services import Deadline, Services


def run(services: Services, event: dict[str, Any], _: Deadline) -> None:
    """Write the token into the ledger, or send it at once when the decision was made before.

    The tokens that are there stay: a worker that comes late must not replace the one that waits.
    """
    request = msgspec.convert(event, StepInput)
    record = import_of(services, request)
    kept = record.approval_token
    same = Attr("approval_token").eq(kept) if kept else Attr("approval_token").not_exists()
    pending = Attr("hold").not_exists() | Attr("hold.state").eq("pending")
    try:
        services.imports.update(
            record,
            when=Attr("cancelled").not_exists() & pending & NOT_ENDED & same,
            status="Held",
            approval_token=request.task_token,
            approval_tokens=[*record.task_tokens, request.task_token],
        )
    except ConditionFailed:
        reached("a hold decided on before it waits")
        record = services.imports.get(record.import_id)
        if record.approval_token not in (kept, request.task_token):
            raise another_worker() from None
        send_decision(services, record, request.task_token)
