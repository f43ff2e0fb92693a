"""Imports that wait for a person: stopped, held, failed, in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

from prefdrop.importing.turn import status_of
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import FINISHED, STATUSES, Import, Status
from prefdrop_cli.attention import UpTo, all_in, needs
from prefdrop_cli.doctor.findings import Finding, bad, doubtful, good
from prefdrop_cli.doctor.patient import Patient

LATELY = timedelta(days=2)
MOST_UNDER_WAY = 200
"""Executions that are looked at; Step Functions limits such calls."""
SHOWN = 50
"""Of each status that are named; the others are counted."""
DYING_MS = 30 * 60 * 1000
"""A token that has less than half an hour left."""
ALIVE = ("staging", "staged", "executing")
"""States of parts whose vendor token is needed."""
SHOW = "`prefdrop imports show {}` tells its story and the next step."


def under_way(patient: Patient) -> Iterator[Finding]:
    """Imports that have not ended: does somebody work on them, and do their tokens live?"""
    count, wrong = 0, 0
    going_on = [status for status in STATUSES if status not in FINISHED]
    looked = UpTo(all_in(patient.deployment, going_on, newest_first=False), MOST_UNDER_WAY)
    for record in looked:
        count += 1
        found = list(_of(patient, record, status_of(patient.deployment, record.execution_arn)))
        wrong += len(found)
        yield from found
    if looked.cut:
        yield doubtful(
            "imports under way",
            f"Only the oldest {count} were checked.",
            "`prefdrop imports list --open --limit 1000` checks more.",
        )
    elif not wrong:
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
    count = 0
    for status, told in ENDED.items():
        looked = UpTo(patient.deployment.imports.list(status, limit=None))
        recent = (one for one in looked if (one.finished_at or one.updated_at) >= since)
        found = [one for one, need in needs(patient.deployment, recent) if need]
        count += len(found)
        yield from (_ended(record, told) for record in found[:SHOWN])
        if more := len(found[SHOWN:]):
            all_of_them = "`prefdrop imports list --open --limit 1000` lists them."
            yield bad("imports lately", f"{more} more imports are {status}.", all_of_them)
    yield from _torn(patient, since)
    if not count:
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


def _torn(patient: Patient, since: str) -> Iterator[Finding]:
    """Parts that were abandoned: harmless each, but a sign when there are many."""
    torn = [
        record.import_id
        for record in UpTo(
            takewhile(
                lambda one: one.registered_at >= since, patient.deployment.imports.list(limit=None)
            )
        )
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
    use = patient.deployment.quota.use()
    if use.left:
        yield good("quota", f"{use.used} used in 24 hours, {use.left} left.")
        return
    frees = f" until {iso(use.next_slot)}" if use.next_slot else ""
    yield doubtful(
        "quota",
        f"The vendor's rolling limit is used up{frees}: imports wait.",
        "Nothing is lost; they go on by themselves. If the vendor allows more, raise QuotaLimit.",
    )
