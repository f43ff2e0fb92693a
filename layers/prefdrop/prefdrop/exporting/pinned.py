"""The definition that a run goes by, pinned to its version in the bucket."""

from __future__ import annotations

from shlex import quote

from prefdrop.errors import Terminal
from prefdrop.exporting.definition import Export
from prefdrop.exporting.loading import load_export
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger.exports import ExportRun
from prefdrop.ledger.objects import ObjectMissing

FOLDER = "exports/"


class ExportMissing(Terminal):
    """The bucket holds no definition of this export."""


def definition_key(name: str) -> str:
    """Where a definition lies in the bucket."""
    return f"{FOLDER}{name}.toml"


def read_definition(
    services: ExportServices, name: str, *, version_id: str = ""
) -> tuple[Export, str]:
    """Read a definition and say which version; raises ExportMissing, or ExportError."""
    key = definition_key(name)
    try:
        stored = services.files.read(key, version_id=version_id)
    except ObjectMissing:
        raise ExportMissing(
            f"There is no export {name!r}: s3://{services.files.bucket}/{key} is not there.",
            hint=f"Put its definition there: `prefdrop exports push {quote(name)}.toml`; "
            "docs/exports.md says what stands in it.",
        ) from None
    return load_export(stored.body, file=key), stored.version_id


def pinned_definition(services: ExportServices, run: ExportRun) -> Export:
    """The definition that the run began with."""
    export, _ = read_definition(services, run.export, version_id=run.definition_version)
    return export


def spool_folder(run: ExportRun) -> str:
    """Where an attempt's working files lie; the bucket forgets them by itself."""
    return f"spool/{run.folder}"


def state_folder(run: ExportRun) -> str:
    """Where an export keeps what its next run needs."""
    return f"{FOLDER}{run.export}/_state"
