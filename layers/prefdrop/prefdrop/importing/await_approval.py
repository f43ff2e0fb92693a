"""AwaitApproval: keep the task token of a held import, for whoever approves or cancels it."""

from __future__ import annotations

from typing import Any

import msgspec

from prefdrop.importing.services import Deadline, Services
from prefdrop.importing.step import StepInput


def run(services: Services, event: dict[str, Any], _: Deadline) -> None:
    """Write the token into the ledger; `prefdrop imports approve` and `cancel` answer it."""
    request = msgspec.convert(event, StepInput)
    services.imports.update(request.import_id, status="Held", approval_token=request.task_token)
