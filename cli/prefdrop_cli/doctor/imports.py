"""Imports that wait for a person: stopped, held, failed, in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from prefdrop.importing.turn import status_of
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import FINISHED, STATUSES, Import, Status
from prefdrop.ledger.quota import Quota
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.operator_services import OperatorServices

LATELY = timedelta(days=2)
LOOKED_AT = 50
"""Of each status at most; older ones are in `imports list`."""
DYING_MS = 30 * 60 * 1000
"""A token that has less than half an hour left."""
ALIVE = ("staging", "staged", "executing")
"""States of parts whose vendor token is needed."""
SHOW = "`prefdrop imports show {}` tells its story and the next step."


def under_way(patient: Patient) -> Iterator[Finding]:
    """Imports that have not ended: does somebody work on them, and do their tokens live?"""
    services, count, wrong = OperatorServices(patient.deployment), 0, 0
    for status in STATUSES:
        if status in FINISHED:
            continue
        for record in patient.deployment.imports.list(status, limit=LOOKED_AT):
            count += 1
            found = list(_of(patient, record, status_of(services, record.execution_arn)))
            wrong += len(found)
            yield from found
    if not wrong:
        yield good("imports under way", f"{count} under way, none of them waits for you.")


def _of(patient: Patient, record: Import, execution: str) -> Iterator[Finding]:
    if execution != "RUNNING":
        yield bad(
            "imports under way",
            f"Import {record.import_id} is {record.status}, and its execution is "
            f"{execution or 'gone'}: nothing works on it.",
            f"`prefdrop imports retry {record.import_id}` goes on from the ledger.",
        )
        return
    if record.status == "Held":
        yield doubtful(
            "imports under way",
            f"Import {record.import_id} is held by a gate until {record.hold_until}, then it is "
            f"aborted: {record.gate}",
            f"`prefdrop imports approve {record.import_id}` or `prefdrop imports cancel "
            f"{record.import_id}`; until then nothing else is imported.",
        )
    yield from _tokens(patient, record)


def _tokens(patient: Patient, record: Import) -> Iterator[Finding]:
    for part in patient.deployment.parts.all(record.import_id):
        left = part.expires - now_ms()
        if part.state not in ALIVE or not part.expires or left > DYING_MS:
            continue
        name = f"part {part.number} of import {record.import_id} ({part.state})"
        if left <= 0:
            yield bad(
                "vendor tokens",
                f"The vendor's token of {name} died at {iso(part.expires)}.",
                SHOW.format(record.import_id),
            )
        else:
            yield doubtful(
                "vendor tokens",
                f"The vendor's token of {name} dies at {iso(part.expires)}.",
                f"{SHOW.format(record.import_id)} If it is held, decide now; else lower "
                "PartRecords for files of this size.",
            )


def lately(patient: Patient) -> Iterator[Finding]:
    """Imports that ended badly and that nothing has put right since."""
    since = iso(int((patient.now - LATELY).timestamp() * 1000))
    completed = list(patient.deployment.imports.list("Completed", limit=LOOKED_AT))
    found = [
        finding
        for status, told in ENDED.items()
        for record in patient.deployment.imports.list(status, limit=LOOKED_AT)
        if (record.finished_at or record.updated_at) >= since and not _put_right(record, completed)
        for finding in [_ended(record, told)]
    ]
    yield from found
    yield from _torn(patient, since)
    if not found:
        yield good("imports lately", "None of the last two days failed and stayed so.")


ENDED: dict[Status, str] = {
    "Unreconciled": "was executed, and the figures do not add up",
    "Failed": "failed",
    "Aborted": "was aborted",
}


def _ended(record: Import, told: str) -> Finding:
    why = record.error.code if record.error else record.gate
    said = f"Import {record.import_id} of feed {record.feed} {told}{f': {why}' if why else '.'}"
    remedy = SHOW.format(record.import_id)
    if record.error and record.error.hint:
        remedy = f"{record.error.hint} {remedy}"
    make = doubtful if record.status == "Aborted" else bad
    return make("imports lately", said, remedy)


def _put_right(record: Import, completed: Iterable[Import]) -> bool:
    """Whether the same file was imported after all, as a later version."""
    return any(
        one.key == record.key and one.registered_at > record.registered_at for one in completed
    )


def _torn(patient: Patient, since: str) -> Iterator[Finding]:
    """Parts that were abandoned: harmless each, but a sign when there are many."""
    torn = [
        record.import_id
        for record in patient.deployment.imports.list(limit=LOOKED_AT)
        if record.registered_at >= since
        for part in patient.deployment.parts.all(record.import_id)
        if part.state == "torn"
    ]
    if torn:
        yield doubtful(
            "torn parts",
            f"{len(torn)} part{'s' if len(torn) > 1 else ''} were begun again lately, because the "
            f"vendor's counts were not ours: import {', '.join(dict.fromkeys(torn))}.",
            "Nothing of them was executed. Does anything else import into this account at the same "
            f"time? {SHOW.format(torn[0])}",
        )


def quota(patient: Patient) -> Iterator[Finding]:
    """How much of the vendor's rolling limit is left."""
    settings = patient.deployment.parameters
    use = Quota(
        patient.deployment.table,
        settings["ClientId"],
        limit=int(settings["QuotaLimit"]),
        reserve=int(settings["QuotaReserve"]),
    ).use()
    if use.left:
        yield good("quota", f"{use.used} used in 24 hours, {use.left} left.")
        return
    frees = f" until {iso(use.next_slot)}" if use.next_slot else ""
    yield doubtful(
        "quota",
        f"The vendor's rolling limit is used up{frees}: imports wait.",
        "Nothing is lost; they go on by themselves. If the vendor allows more, raise QuotaLimit.",
    )
