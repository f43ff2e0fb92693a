"""How large the ledger's items and the state become, with the longest of everything in them."""

from __future__ import annotations

import json
from math import floor
from typing import Any

import msgspec

from prefdrop.importing import collect_exceptions
from prefdrop.importing.rejects_file import MOST_KINDS, Progress, RejectKind
from prefdrop.ledger import keys
from prefdrop.ledger.imports import Import
from prefdrop.ledger.order import Dropped
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop.ledger.table import marshal
from prefdrop.ledger.turns import Ticket
from prefdrop.ledger.uploads import PART_BYTES, Upload
from tests.unit.template.scale_history import DEFAULTS, RECORDS, stage_requests
from tools.dynamodb_units import ITEM_LIMIT, item_bytes

UPLOAD_PARTS = 10_000
"""That one upload may have (S3)."""
TASK_TOKEN = "t" * 1_024
LONGEST_KEY = "k" * 1_024
ARN = f"arn:aws:states:eu-central-1:123456789012:execution:prefdrop-import:{'e' * 80}"


def state_bytes() -> int:
    cursor = {"offset": RECORDS, "stretch": RECORDS, "round": collect_exceptions.ROUNDS}
    step = {
        "next": "collect",
        "resume_at": "2026-01-15T10:30:00.000Z",
        "seconds": 3600,
        "cursor": cursor,
    }
    held = {"import": {"import_id": "imp-6c1a6f1f83ff0d95", "next": "import"}, "step": step}
    return len(json.dumps(held | {"turn": {"import_id": "imp-6c1a6f1f83ff0d95"}}))


def members(value: msgspec.Struct) -> dict[str, Any]:
    return {name: msgspec.to_builtins(getattr(value, name)) for name in value.__struct_fields__}


def stored(value: msgspec.Struct, key: keys.Key) -> int:
    return item_bytes(marshal({**key._asdict(), **members(value), "expires_at": 1 << 31}))


BIG = {"offset": 10**12, "row": RECORDS}


def chunk_item() -> int:
    chunk = StagedChunk(
        number=stage_requests(),
        state="settled",
        start=BIG,
        end=BIG,
        first_sequence=RECORDS,
        records=RECORDS,
        rows=RECORDS,
        rejected_local=RECORDS,
        bytes=DEFAULTS["ChunkBytes"],
        sha256="0" * 64,
        received_before=RECORDS,
        posted_at=10**13,
    )
    return stored(chunk, keys.chunk("imp-6c1a6f1f83ff0d95", 1, stage_requests()))


def part_item() -> int:
    refused = {str(RECORDS - n): "400" for n in range(DEFAULTS["MaxPoisonRecords"])}
    part = Part(number=1, state="executing", start=BIG, end=BIG, refused=refused, token="9" * 12)
    return stored(part, keys.part("imp-6c1a6f1f83ff0d95", 1))


def import_item() -> int:
    record = Import(
        import_id="imp-6c1a6f1f83ff0d95",
        feed="crm-contacts",
        bucket="b" * 63,
        key=LONGEST_KEY,
        version_id="v" * 32,
        execution_arn=ARN,
        registered_at="2026-01-15T10:30:00.000Z",
        approval_token=TASK_TOKEN,
        report_key=LONGEST_KEY,
        rejects_key=LONGEST_KEY,
        corrects=Dropped("imp-6c1a6f1f83ff0d95", LONGEST_KEY, "0" * 18, "2026-01-15T10:30:00Z"),
    )
    return stored(record, keys.meta("imp-6c1a6f1f83ff0d95"))


def ticket_item() -> int:
    ticket = Ticket(
        execution=ARN,
        import_id="imp-6c1a6f1f83ff0d95",
        token=TASK_TOKEN,
        dropped_at="2026-01-15T10:30:00Z",
        sequencer="0" * 16,
        taken_at=10**13,
    )
    return stored(ticket, keys.ticket("DEMO_CLIENT", ARN))


def note_bytes(uploaded: int) -> int:
    """Of the note by which a report goes on, once so many parts of its rejects are uploaded."""
    kinds = [RejectKind("validation", "c" * 40, RECORDS, RECORDS) for _ in range(MOST_KINDS)]
    tags = [f'"{"0" * 32}"'] * uploaded
    upload = Upload(key=LONGEST_KEY, content_type="text/csv", upload_id="u" * 128, tags=tags)
    progress = Progress(attempt=1, held=False, upload=upload, kinds=kinds)
    return len(msgspec.json.encode(progress))


def largest_rejects() -> int:
    """Of a rejects file, in GB: the parts that the note can name."""
    each = (note_bytes(1_000) - note_bytes(0)) / 1_000
    return floor((ITEM_LIMIT - note_bytes(0) - 1_000) / each) * PART_BYTES // 10**9
