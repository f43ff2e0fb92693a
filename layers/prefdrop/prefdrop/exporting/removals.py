"""Who is gone since the last full run, and the gate that keeps too many of them from readers.

A vendor may answer an empty or a cut segment as if it were whole. Readers of a full run take it for
everything, so all who are missing would be removed.
"""

from __future__ import annotations

from shlex import quote
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from prefdrop.errors import Terminal
from prefdrop.exporting import rolls
from prefdrop.exporting.definition import Export
from prefdrop.exporting.part_files import sha256_of
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger.exports import ExportObject, ExportRun, ExportState

FEW = 100
"""Up to so many profiles may be removed whatever share they are, unless nothing is left."""


class TooManyRemoved(Terminal):
    """A full run lacks more of the profiles that were exported before than its gate allows."""


def write_removed(
    services: ExportServices, run: ExportRun, state: ExportState, roll: str
) -> ExportObject:
    """Write the profile ids that a full run does not hold any more, one object a line."""
    files = services.files
    gone = rolls.gone(rolls.read_roll(files, state.known), rolls.read_roll(files, roll))
    key, count = f"{run.folder}/removed.jsonl", 0
    with TemporaryFile() as file:
        for number in gone:
            file.write(b'{"ProfileId":%d}\n' % number)
            count += 1
        body = cast(BinaryIO, file)
        sha256, size = sha256_of(body)
        version = files.write_file(key, body, content_type="application/x-ndjson")
    return ExportObject(key, version, sha256, size, count)


def check_removed(
    services: ExportServices,
    export: Export,
    run: ExportRun,
    state: ExportState,
    removed: ExportObject | None,
) -> None:
    """Raise TooManyRemoved where a full run removes more than its gate or its operator allows.

    `state` is where the export stood before. Where `removed` is None because the roll of what is
    known is gone, the counts of the last full run and of this one are compared.
    """
    left = run.offset - 1
    if removed:
        known, gone = rolls.length(services.files, state.known), removed.records
    else:
        last = services.exports.find(run.export, state.full_run) if state.full_run else None
        known = last.records if last else 0
        gone = known - left
    limit = export.gates.max_removed_percent
    if gone <= run.allow_removals or gone * 100 <= known * limit or (gone <= FEW and left):
        return
    services.exports.update(run, removed=gone)  # for those who look at the failed run
    raise TooManyRemoved(
        f"The run has {left:,} profiles and would remove {gone:,} of {known:,} that were exported "
        f"before; max_removed_percent is {limit}. Nothing was published.",
        hint="Check the segment in MyPreferences. If they are to be removed, publish them with "
        f"`prefdrop exports run {quote(run.export)} --full --allow-removals {gone}`.",
    )
