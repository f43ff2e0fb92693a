"""FinishExport: from objects in the bucket to a run that readers see.

All that the manifest says is written down first. Then the vendor is told, then the ledger decides:
the watermark moves and the run is to be published, in one transaction. From there on the run will
be published, by this step, by its repetition, or by the next run of the export; before it, nothing
of the run counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from prefdrop.exporting import rolls
from prefdrop.exporting.attempts import begin_again
from prefdrop.exporting.ending import clear_away, publish
from prefdrop.exporting.manifest import compose, draft_key
from prefdrop.exporting.patience import AWAY, wait_for_vendor
from prefdrop.exporting.pinned import pinned_definition, state_folder
from prefdrop.exporting.removals import check_removed, write_removed
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import ExportInput, is_late, next_of
from prefdrop.importing.step import Answer
from prefdrop.ledger.exports import UNKNOWN, ClaimLost, ExportObject, ExportRun, ExportState
from prefdrop.mypreferences import TokenRefused
from prefdrop.services import Deadline
from prefdrop.telemetry import logger


class _ProfilesMissing(Exception):
    """Pages brought a profile twice, so that another may not have come at all."""


def run(services: ExportServices, event: dict[str, Any], _: Deadline) -> Answer:
    """Answer `done`, or `begin` when the objects are not what the vendor has.

    Raises ClaimLost and TooManyRemoved.
    """
    request = msgspec.convert(event, ExportInput)
    logger.append_keys(export=request.export, run=request.run)
    # Read before the run: once that is decided, the state tells of the run itself.
    state = services.exports.state(request.export)
    run = services.exports.get(request.export, request.run)
    if is_late(request, run):
        return next_of(run)
    if run.status == "Finishing":
        if state.run != run.run:
            raise ClaimLost(
                f"Another run has taken over the export {run.export}.",
                hint="Nothing of this run is visible; the other one goes on from the watermark.",
            )
        objects = services.exports.objects(run)
        if why := _wrong(services, run, objects):
            return begin_again(services, run, why)
        try:
            run = _decide(services, run, state, objects)
        except AWAY as error:
            return wait_for_vendor(services, request, error)
        except _ProfilesMissing as missing:
            return begin_again(services, run, str(missing))
    if run.status == "Publishing":
        run = publish(services, run)
    elif run.status == "Completed":  # and who published it may have died over this
        clear_away(services, run)
    return next_of(run)


def _wrong(services: ExportServices, run: ExportRun, objects: list[ExportObject]) -> str:
    """What is wrong with what was retrieved; empty if nothing is."""
    if run.total not in (UNKNOWN, run.offset - 1):
        return f"the vendor's pages hold {run.offset - 1} records and it counts {run.total}"
    # Nobody but the run itself should know the names; a person may have meddled all the same.
    with ThreadPoolExecutor(rolls.AT_ONCE) as threads:
        versions = list(threads.map(services.files.version_of, [one.key for one in objects]))
    for one, version in zip(objects, versions, strict=True):
        if version != one.version_id:
            return f"{one.key} is not the object that was written last by this run"
    return ""


def _decide(
    services: ExportServices, run: ExportRun, state: ExportState, objects: list[ExportObject]
) -> ExportRun:
    export, files = pinned_definition(services, run), services.files
    # The word keeps a worker that was thought dead from replacing what the ledger names.
    kept = f"{state_folder(run)}/{run.run}-{run.attempt}-{secrets.token_hex(4)}"
    roll = rolls.store(
        files, f"{kept}.roll", _each_once(rolls.merged(files, services.exports.rolls(run)), run)
    )
    removed, before = None, state
    state = _with_what_is_known(services, state)
    if run.full:
        known = roll
        if state.full_run:
            removed = write_removed(services, run, state, roll)
        check_removed(services, export, run, before, removed)
    else:
        known = rolls.store(
            files,
            f"{kept}.known",
            rolls.profiles_of(files, (state.known, roll)),
        )
    committed = _commit(services, run, keep_files=export.output.keep_files)
    run = services.exports.update(
        run, committed=committed, removed=removed.records if removed else 0, away_since=None
    )
    draft = compose(export, run, state, objects, removed)
    files.write(draft_key(run), msgspec.json.format(msgspec.json.encode(draft), indent=2))
    return services.exports.decide(
        run,
        {
            "watermark": run.watermark_after,
            "scope": run.scope,
            "last_run": run.run,
            "tail": roll,
            "known": known,
            "full_run": run.run if run.full else state.full_run,
        },
    )


def _each_once(roll: Iterator[bytes], run: ExportRun) -> Iterator[bytes]:
    """The roll as it is; raises _ProfilesMissing at its end if a profile came more than once."""
    profiles = 0
    for piece, new in rolls.count_profiles(roll):
        profiles += new
        yield piece
    if profiles != run.offset - 1:
        raise _ProfilesMissing(
            f"the vendor's pages hold {run.offset - 1} records of {profiles} profiles"
        )


def _with_what_is_known(services: ExportServices, state: ExportState) -> ExportState:
    """The state; without its last full run if the roll of what it knows was taken away.

    Nobody can tell then what disappeared since, until there is another full run.
    """
    if not state.known or services.files.version_of(state.known):
        return state
    logger.warning("the roll of what is known is gone", extra={"key": state.known})
    return msgspec.structs.replace(state, known="", full_run="")


def _commit(services: ExportServices, run: ExportRun, *, keep_files: bool) -> bool:
    """Tell the vendor that everything was retrieved; whether it was there to be told.

    A token that is dead by now takes nothing away: all records are here and counted, and an
    earlier commit whose answer was lost looks the same.
    """
    try:
        services.export_vendor.commit(run.token, keep_files=keep_files)
    except TokenRefused:
        logger.warning("the token was dead before the commit, or by an earlier one")
        return run.committed
    return True
