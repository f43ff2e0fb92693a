"""Parts and chunks: which records have surely been staged under which vendor access token.

A part belongs to one vendor token. Whoever stages it holds a *lease*: every write checks the
part's `epoch`, and taking the part over raises it, so a worker that was thought dead can neither
write here nor start a request once somebody else has taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Transient
from prefdrop.ledger import keys
from prefdrop.ledger.clock import LONGEST_IMPORT_DAYS, days_from_now, now_ms
from prefdrop.ledger.imports import Position
from prefdrop.ledger.table import ConditionFailed, Table, Write
from prefdrop.ledger.turns import Turn, Turns

PartState = Literal["local", "staging", "staged", "executing", "finished", "torn", "dead"]
"""
    local       no record of it goes to the vendor: only rejected rows, or none at all
    staging     chunks are being staged under its token
    staged      it takes no more chunks: the file is read, or the part is full
    executing   the vendor has been told to execute it
    finished    the vendor has executed it, and its exceptions are collected
    torn        what the vendor holds is not surely what we sent; never executed
    dead        its token died before it was executed
"""

LIVE: frozenset[PartState] = frozenset({"local", "staging", "staged", "executing", "finished"})
"""Parts whose rows count; the rows of the others are read again by a later part."""


class Fenced(Transient):
    """Another worker has taken over the part or the turn; this one must stop at once."""


class LeaseHeld(Transient):
    """Another worker may still be acting on the part.

    `until` is when its lease ends, in milliseconds since 1970.
    """

    def __init__(self, until: int) -> None:
        super().__init__("Another worker still holds the part.")
        self.until = until


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One part of an import. Times are milliseconds since 1970; `token` is a secret."""

    number: int
    state: PartState
    attempt: int = 1
    """The import's attempt that began it."""
    token: str = ""
    expires: int = 0
    """When the vendor's token dies: no call of any kind works after it."""
    stage_until: int = 0
    """When staging must end, so that execution and exceptions still fit into the token's life."""
    epoch: int = 0
    lease_until: int = 0
    source: int = 0
    """What is being read: 0 is the drop, 1 and up the corrections of a held import."""
    start: Position
    end: Position
    """Where the settled chunks end in `source`."""
    rows: int = 0
    restaged: int = 0
    """Rows of corrections."""
    rejected_local: int = 0
    staged: int = 0
    """Records of the chunks that are settled: what the vendor must have received."""
    chunks: int = 0
    """Chunks in the ledger; `stage_requests` counts those of them that went to the vendor."""
    stage_requests: int = 0
    source_read: bool = False
    refusals_collected: bool = False
    """Whether what validation refused has been read."""
    exhausted: bool = False
    """Whether it was given up because the vendor's limit was used up, and for no other reason."""
    set_aside: bool = False
    """Whether it was given up by choice, with nothing in doubt about it."""
    ghosts: int = 0
    """Requests given up on and sent again, which may still land."""
    ghost_until: int = 0
    refused: dict[str, str] = {}
    """Rows that the vendor refuses to take in any request, and its status code for them."""
    halfway: Position = {}
    """A place in the other half of the first chunk that the vendor refused whole."""
    probed_row: int = 0
    """A row that was staged ahead of its place, to see whether the vendor takes any record."""
    execute_until: int = 0
    """Until when an Execute that was sent without a clear answer may still land; 0: none was."""
    suspects: int = 0
    """Records at `end` among which one is known to make the vendor refuse the whole request."""
    suspect_chunk: int = 0
    """The chunk in doubt where the vendor's totals differ from the ledger's after execution."""

    later: str = ""
    """Digest of the newer drops whose match keys its rows leave out; empty for none."""
    newer: int = 0
    """Rows of `rejected_local` that were left out for a newer drop."""

    given_up: str = ""
    """Why it was given up, where it is torn or dead."""

    vendor_status: str = ""
    validation_ok: int = 0
    rejected_validation: int = 0
    processed: int = 0
    pending: int = 0
    rejected_execution: int = 0
    not_honored: int = 0
    started_at: str = ""
    executed_at: str = ""
    finished_at: str = ""

    @property
    def failed_partly(self) -> bool:
        """Whether the vendor says that it failed, and counts records of it as added."""
        handled = self.processed + self.rejected_execution + self.not_honored
        return self.vendor_status == "Failed" and handled > 0

    def __repr__(self) -> str:
        """Without the token: it must not reach a log or an error text."""
        return f"Part(number={self.number}, state={self.state!r}, epoch={self.epoch})"


ChunkState = Literal["posting", "settled", "refused"]

UNSETTLED = Attr("state").not_exists() | Attr("state").is_in(["posting", "refused"])
"""Condition on a chunk's item: its number has not been used for good."""


class StagedChunk(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One chunk in the ledger: written before its request is sent, settled after it landed."""

    number: int
    state: ChunkState
    source: int = 0
    start: Position
    end: Position
    first_sequence: int
    """The vendor's sequence number of its first record, 1-based within the part (O-10)."""
    records: int
    rows: int
    rejected_local: int
    newer: int = 0
    """Rows of `rejected_local` that were left out for a newer drop."""
    rejects: bool = False
    """Whether the spool holds rows of its range that it has no record of."""
    bytes: int
    sha256: str
    received_before: int
    posted_at: int
    probe: int = 0
    """The row, where the chunk holds but that one ahead of its place."""
    last: bool = False
    """Whether the file ends with it."""
    attempts: int = 1


class PartStore:
    """Reads and writes parts and chunks; every write of a worker is fenced.

    What it writes expires `retention_days` after the longest import; without them it never does.
    """

    def __init__(self, table: Table, turns: Turns, retention_days: int = 0) -> None:
        self._table = table
        self._retention_days = retention_days
        self._turns = turns

    def all(self, import_id: str) -> list[Part]:
        """The parts of an import, in order."""
        items = self._table.query(keys.meta(import_id).pk, begins="PART#")
        return [msgspec.convert(item, Part) for item in items]

    def live(self, import_id: str) -> list[Part]:
        """The parts whose rows count."""
        return [part for part in self.all(import_id) if part.state in LIVE]

    def current(self, import_id: str, *expected: PartState) -> Part | None:
        """The part begun last, if it is in one of these states; else None.

        A step that is tried again may find that it gave its part up before it died.
        """
        parts = self.all(import_id)
        return parts[-1] if parts and parts[-1].state in expected else None

    def chunks(self, import_id: str, part: int) -> Iterator[StagedChunk]:
        """The chunks of a part, in the order in which they were staged."""
        items = self._table.query(keys.meta(import_id).pk, begins=keys.chunks_of(part))
        return (msgspec.convert(item, StagedChunk) for item in items)

    def last_chunk(self, import_id: str, part: int) -> StagedChunk | None:
        """The chunk of a part that was written last."""
        items = self._table.query(
            keys.meta(import_id).pk, begins=keys.chunks_of(part), limit=1, reverse=True
        )
        item = next(items, None)
        return None if item is None else msgspec.convert(item, StagedChunk)

    def suspect(self, import_id: str, part: Part, received: int) -> int:
        """The chunk in doubt when the vendor received another number of records than we staged.

        That is one that was sent twice, else the last one; 0 when nothing is in doubt, or when the
        vendor's answer does not say what it received.
        """
        if received in (0, part.staged):
            return 0
        again = (c.number for c in self.chunks(import_id, part.number) if c.attempts > 1)
        return next(again, part.chunks)

    def begin(self, import_id: str, part: Part, turn: Turn) -> None:
        """Write a new part, if its number is free and the turn is ours; else raises Fenced."""
        key = keys.part(import_id, part.number)
        put = self._table.put_write(key, self._item(part), when=Attr("number").not_exists())
        self._fenced(self._turns.check(turn), put)

    def take_over(self, import_id: str, part: Part, turn: Turn, lease_ms: int) -> Part:
        """Become the one who stages `part`: raise its epoch and take the lease.

        Raises LeaseHeld while an earlier worker's lease lasts, Fenced when somebody else was
        faster or the turn is not ours.
        """
        if part.lease_until > now_ms():
            raise LeaseHeld(part.lease_until)
        lease = {"epoch": part.epoch + 1, "lease_until": now_ms() + lease_ms}
        self._fenced(self._turns.check(turn), self._part_write(import_id, part, lease))
        return msgspec.structs.replace(part, **lease)

    def write_ahead(
        self, import_id: str, part: Part, chunk: StagedChunk, turn: Turn, lease_ms: int
    ) -> Part:
        """Write down that `chunk` is about to be sent, and renew the lease for its request."""
        put = self._table.put_write(
            keys.chunk(import_id, part.number, chunk.number), self._item(chunk), when=UNSETTLED
        )
        lease = {"lease_until": now_ms() + lease_ms, "ghosts": part.ghosts}
        lease["ghost_until"] = part.ghost_until
        self._fenced(self._turns.check(turn), self._part_write(import_id, part, lease), put)
        return msgspec.structs.replace(part, **lease)

    def settle(self, import_id: str, part: Part, chunk: StagedChunk, after: Part) -> None:
        """Write down that `chunk` has landed, and the part as it is `after` it."""
        settled = self._table.put_write(
            keys.chunk(import_id, part.number, chunk.number),
            self._item(msgspec.structs.replace(chunk, state="settled")),
            when=UNSETTLED,
        )
        self._fenced(settled, self._part_write(import_id, part, _changes(part, after)))

    def refuse(self, import_id: str, part: Part, chunk: StagedChunk, after: Part) -> None:
        """Write down that the vendor refused `chunk` whole: its number is free again."""
        refused = self._table.put_write(
            keys.chunk(import_id, part.number, chunk.number),
            self._item(msgspec.structs.replace(chunk, state="refused")),
            when=Attr("state").eq("posting"),
        )
        self._fenced(refused, self._part_write(import_id, part, _changes(part, after)))

    def fence(self, import_id: str, part: Part) -> Write:
        """The write, for a transaction, after which no worker goes on with `part` as it is.

        It fails when one has done so since `part` was read, and may be sending a request.
        """
        unchanged = (
            Attr("epoch").eq(part.epoch)
            & Attr("lease_until").eq(part.lease_until)
            & Attr("execute_until").eq(part.execute_until)
        )
        key = keys.part(import_id, part.number)
        return self._table.update_write(key, put={"epoch": part.epoch + 1}, when=unchanged)

    def change(self, import_id: str, part: Part, *beside: Write, **changes: Any) -> Part:
        """Change members of a part, fenced by its epoch; returns it as it is then.

        The writes `beside` it happen in the same transaction.
        """
        after = msgspec.structs.replace(part, **changes)
        self._fenced(self._part_write(import_id, part, _changes(part, after)), *beside)
        return after

    def _item(self, value: Part | StagedChunk) -> dict[str, Any]:
        days = self._retention_days
        expires = {"expires_at": days_from_now(days + LONGEST_IMPORT_DAYS)} if days else {}
        return _builtins(value) | expires

    def _part_write(self, import_id: str, part: Part, changes: dict[str, Any]) -> Any:
        return self._table.update_write(
            keys.part(import_id, part.number), put=changes, when=Attr("epoch").eq(part.epoch)
        )

    def _fenced(self, *writes: Any) -> None:
        try:
            self._table.transact(*writes)
        except ConditionFailed:
            raise Fenced("Another worker has taken over; this one stops.") from None


def _builtins(value: msgspec.Struct) -> dict[str, Any]:
    """All members, also those at their default: conditions compare them."""
    return {name: msgspec.to_builtins(getattr(value, name)) for name in value.__struct_fields__}


def _changes(before: Part, after: Part) -> dict[str, Any]:
    old, new = _builtins(before), _builtins(after)
    return {name: value for name, value in new.items() if value != old[name]} or {
        "epoch": after.epoch
    }
