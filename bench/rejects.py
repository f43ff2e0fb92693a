"""Memory of writing a rejects file: an import whose every row was rejected by the vendor.

    python -m bench rejects

The step's own pass runs in a process of its own against S3 and the ledger (moto, in another): it
merges the spooled exceptions, reads the source again, and writes the file in parts. Items of the
Exceptions table are measured by themselves, and left out here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import msgspec

from bench import corpus
from bench.contest import check_rows
from bench.figures import Figure
from bench.memory import figure
from bench.moto import FUNCTION, moto
from bench.plan import Plan
from bench.processes import Run, run_in_a_process, timed
from prefdrop.feeds import Cursor
from prefdrop.importing import spool
from prefdrop.importing.collect_exceptions import STRETCH
from prefdrop.importing.rejects_file import Progress, RejectsFile
from prefdrop.importing.spool import VendorReject
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop.ledger.uploads import Upload
from prefdrop.services import Deadline, Services

IMPORT = "imp-0123456789abcdef"
CHUNK = 40_000
"""Records of a chunk, as 25,000,000 bytes hold of the example's."""
ENVIRONMENT = FUNCTION | {"PREFDROP_MAX_EXCEPTION_ITEMS": "0"}


def rows(plan: Plan) -> Iterator[Figure]:
    """The memory of the pass, and how many rows a second it wrote."""
    count = 25_000 if plan.quick else 100_000
    with moto():
        path = str(plan.people(count))
        run = run_in_a_process("bench.rejects", path, str(count), memory=True)
    check_rows("the rejects file", run, count)
    found = figure("rejects", f"rejects file of {count:,} rows, memory", run)
    yield msgspec.structs.replace(found, note=f"{count / run.wall:,.0f} rows/s")


class _Parts:
    """The ledger of a part, every row of which was staged."""

    def __init__(self, count: int) -> None:
        self._count = count

    def chunks(self, *_: Any) -> Iterator[StagedChunk]:
        for number, first in enumerate(range(0, self._count, CHUNK), 1):
            last = min(first + CHUNK, self._count)
            yield StagedChunk(
                number=number, state="settled", start=self._place(first), end=self._place(last),
                first_sequence=first + 1, records=last - first, rows=last - first,
                rejected_local=0, bytes=0, sha256="", received_before=first, posted_at=0,
            )  # fmt: skip

    @staticmethod
    def _place(row: int) -> Any:
        """Rows are read on from chunk to chunk, so that only the first place is gone to."""
        return msgspec.to_builtins(Cursor(0, row))


def prepare(services: Services, count: int) -> None:
    """A bucket with the spooled exceptions of every row."""
    boto3.client("s3").create_bucket(Bucket="bench")
    reason = "CustomerType: The customer type is unknown."
    for stretch, first in enumerate(range(1, count + 1, STRETCH), 1):
        refused = [
            VendorReject(
                n, "UnknownCustomerType", reason, (f"alternate:crmcontactid:c-{n - 1:08}",)
            )
            for n in range(first, min(first + STRETCH, count + 1))
        ]
        spool.write_vendor(services.objects, IMPORT, 1, "validation", stretch, refused)


def main(path: Path, count: int) -> Run:
    """Measure one pass."""
    os.environ |= ENVIRONMENT
    services = Services()
    prepare(services, count)
    services.__dict__["parts"] = _Parts(count)
    upload = Upload(key="rejects.csv", content_type="text/csv")
    record: Any = SimpleNamespace(import_id=IMPORT, corrections=[])
    progress = Progress(attempt=1, held=False, upload=upload)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
    part = Part(number=1, state="finished", start={}, end={})
    file = RejectsFile(services, record, lambda _: corpus.source(path), progress)

    def write() -> int:
        if not file.write([part], Deadline(context)):
            raise RuntimeError("The pass has not come to its end within 900 seconds.")
        if file.progress.unnamed:
            raise RuntimeError(f"The pass has not found {file.progress.unnamed} of the rows.")
        return file.progress.written

    return timed(write)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
