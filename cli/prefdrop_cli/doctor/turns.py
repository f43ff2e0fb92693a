"""Whether the vendor account's only turn is with somebody who works, and the queue moves."""

from __future__ import annotations

from collections.abc import Iterator

from prefdrop.importing.turn import status_of
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.turns import Turn
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.operator_services import OperatorServices

SWEEP_SECONDS = 180
"""The sweeper runs every minute, so what stands longer is not swept."""


def turn(patient: Patient) -> Iterator[Finding]:
    """The holder, and the tickets behind it."""
    services, turns = OperatorServices(patient.deployment), patient.deployment.turns
    holder, queue = turns.holder(), turns.queue()
    stuck = holder.execution and _stuck(patient, holder, status_of(services, holder.execution))
    yield stuck or _moving(holder, len(queue))
    dead = [
        ticket.import_id
        for ticket in queue
        if ticket.execution != holder.execution
        and status_of(services, ticket.execution) != "RUNNING"
    ]
    if dead:
        yield doubtful(
            "queue for the turn",
            f"Imports wait whose executions have ended: {', '.join(dead)}.",
            f"The sweeper takes them out within a minute. {_sweep(patient)} "
            "`prefdrop imports retry ID` for those that are to go on.",
        )


def _stuck(patient: Patient, holder: Turn, status: str) -> Finding | None:
    stands = (now_ms() - holder.since) / 1000
    name = f"import {holder.import_id}, since {iso(holder.since)}"
    if status != "RUNNING":
        told = f"The turn is held by {name}, whose execution is {status or 'gone'}."
        remedy = f"The sweeper takes it back within a minute. {_sweep(patient)}"
        if stands > SWEEP_SECONDS:
            return bad("turn", f"{told} Nothing is imported meanwhile.", remedy)
        return doubtful("turn", told, remedy)
    if not holder.acknowledged and stands > SWEEP_SECONDS:
        told = f"The turn was given to {name}, and it was never surely told."
        return bad("turn", told, f"The sweeper tells it again every minute. {_sweep(patient)}")
    return None


def _moving(holder: Turn, waiting: int) -> Finding:
    if holder.execution:
        behind = f", {waiting - 1} behind it" if waiting > 1 else ""
        return good("turn", f"Import {holder.import_id} has it since {iso(holder.since)}{behind}.")
    return good("turn", "Nobody has it and nobody waits." if not waiting else "It is being given.")


def _sweep(patient: Patient) -> str:
    name = patient.physical("SweepTurnsFunction") or "the function sweep-turns"
    return (
        f"If it does not: look into the log of {name}, and call it by hand (`aws lambda invoke`)."
    )
