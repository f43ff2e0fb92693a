"""StartExports: every five minutes, start what is due, and settle runs whose execution is gone.

An execution is named by its export and slot, so that a slot never starts twice: whoever started
the execution of that name has started the slot.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from aws_lambda_powertools.metrics import MetricUnit

from prefdrop.errors import PrefdropError
from prefdrop.exporting.ending import settle
from prefdrop.exporting.pinned import FOLDER, read_definition
from prefdrop.exporting.schedule import slot_name, slots_of
from prefdrop.exporting.services import ExportServices
from prefdrop.importing.turn import is_running
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.export_files import Listed
from prefdrop.ledger.exports import RUN_ENDED, ExportState
from prefdrop.services import Deadline
from prefdrop.telemetry import logger, metrics


def run(services: ExportServices, _event: dict[str, Any], _: Deadline) -> None:
    """Look at each definition of the bucket; one that is broken keeps no other from starting."""
    for listed in services.files.here(FOLDER, ".toml"):
        name = listed.key.removeprefix(FOLDER).removesuffix(".toml")
        try:
            state = services.exports.state(name)
            _settle_dead(services, state)
            _start_due(services, name, listed, state)
        except Exception as error:  # its text may quote what nobody may log
            code = error.code if isinstance(error, PrefdropError) else type(error).__name__
            logger.error("cannot start", extra={"export": name, "code": code})
            metrics.add_metric("ExportFailed", MetricUnit.Count, 1)
            metrics.flush_metrics()


class Start(NamedTuple):
    """A run to be started. `full` and `allow_removals` are what its operator asks for."""

    export: str
    run: str
    full: bool = False
    allow_removals: int = 0

    @property
    def input(self) -> str:
        """What the execution is started with."""
        return msgspec.json.encode(self._asdict()).decode()


def start(services: ExportServices, machine: str, wanted: Start) -> tuple[str, bool]:
    """Start a run, by the state machine's ARN, unless an execution of its name is there.

    Returns the execution's ARN, and whether it may be another's that is there.
    """
    called = f"{wanted.export}-{wanted.run}"
    client = services.step_functions
    try:
        started = client.start_execution(stateMachineArn=machine, name=called, input=wanted.input)
    except client.exceptions.ExecutionAlreadyExists:
        return machine.replace(":stateMachine:", ":execution:") + f":{called}", True
    return started["executionArn"], False


def _start_due(services: ExportServices, name: str, listed: Listed, state: ExportState) -> None:
    export, _ = read_definition(services, name)
    if export.schedule is None:
        return
    slot = slots_of(export.schedule)(datetime.fromtimestamp(now_ms() / 1000, UTC))
    # The slots before an export was defined are not due.
    if slot is None or (not state.last_slot and slot < listed.modified):
        return
    due = slot_name(slot)
    if due > state.last_slot:
        start(services, services.settings.export_machine, Start(name, due))
        services.exports.slot_started(name, due)
        logger.info("export started", extra={"export": name, "run": due})


def _settle_dead(services: ExportServices, state: ExportState) -> None:
    """End a run whose execution was stopped, so that it is told of without waiting for the next."""
    held = services.exports.find(state.export, state.run) if state.run else None
    if held and held.status not in RUN_ENDED and not is_running(services, state.execution):
        settle(services, held)
