"""Writing the rejects file and the rejects' items: one pass over the source, in stretches.

The pass goes chunk by chunk through the ledger, in the order of the rows, and reads only those
stretches of the source that hold a rejected row. Between invocations it is kept in the ledger.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import msgspec

from prefdrop.feeds import RejectsWriter, Source
from prefdrop.importing import spool
from prefdrop.importing.correcting import superseded_rows
from prefdrop.importing.merging import (
    Rejected,
    RowStream,
    Told,
    rejected_rows,
    rows_of_strays,
    vendor_rejects,
)
from prefdrop.importing.origin import signed
from prefdrop.importing.report_members import RejectKind
from prefdrop.ledger.exceptions import ExceptionStore, RejectItem
from prefdrop.ledger.imports import Import
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop.ledger.uploads import Upload
from prefdrop.services import Deadline, Services

MARGIN_SECONDS = 60
"""Time kept to write down where the pass stands."""

MOST_KINDS = 200
"""Kinds of rejects that a report counts apart; the rest is counted together."""

TOGETHER = 250
"""Items that are handed over at a time: ten requests."""
SIDE_BY_SIDE = 4
"""Hand-overs that are under way at most."""


class Progress(msgspec.Struct, kw_only=True):
    """How far the pass has come."""

    attempt: int
    held: bool
    """The import's attempt, and whether it is the report of a hold: no other goes on with it."""
    part: int = 1
    chunk: int = 0
    """The last chunk of `part` that is done."""
    written: int = 0
    items: int = 0
    found: dict[str, int] = {}
    """Vendor exceptions by part and stage, as `<part>/<stage>`."""
    kinds: list[RejectKind] = []
    unnamed: int = 0
    """Vendor exceptions for which no row was found."""
    upload: Upload


class RejectsFile:
    """One import's rejects, written to the bucket and to the Exceptions table."""

    def __init__(
        self,
        services: Services,
        record: Import,
        open_source: Callable[[int], Source],
        progress: Progress,
    ) -> None:
        self._services = services
        self._record = record
        self._source = cache(open_source)
        self.progress = progress
        self._stream = cache(lambda number: RowStream(self._source(number)))
        self._writer = cache(lambda number: RejectsWriter(self._source(number)))
        self._file = services.growing(progress.upload)
        held = "held" if progress.held else "final"
        self._folder = f"spool/{record.import_id}/rejects/{progress.attempt}-{held}"
        self._strays = self._saved_strays()
        self._items = ItemWriter(services.exceptions, record.import_id)
        self._superseded = superseded_rows(services, record) if record.corrections else frozenset()
        if not progress.upload.carry_key:
            self._file.write(self._writer(0).header())
        self._mark = self._now()

    def write(self, parts: list[Part], deadline: Deadline) -> bool:
        """Go on with the pass; False when the time is up before its end."""
        with self._items.writing():
            return self._write(parts, deadline)

    def _write(self, parts: list[Part], deadline: Deadline) -> bool:
        for part in parts:
            if part.number < self.progress.part:
                continue
            if part.number > self.progress.part:
                self.progress.part, self.progress.chunk = part.number, 0
            if not self._write_part(part, deadline):
                return False
        self._write_strays()
        self._items.settle()
        self._file.finish()
        return True

    def _saved_strays(self) -> list[Told]:
        """Exceptions whose number did not lead to their row, found so far."""
        saved = self.progress.upload.carry_key.replace("/carry-", "/strays-")
        return spool.read_strays(self._services.objects, saved) if saved else []

    def _now(self) -> tuple[bytes, int, tuple[Upload, bytes]]:
        return msgspec.json.encode(self.progress), len(self._strays), self._file.mark()

    def rewind(self) -> None:
        """Forget the chunk that an error interrupted, so that `save` keeps those before it."""
        progress, strays, mark = self._mark
        self.progress = msgspec.json.decode(progress, type=Progress)
        del self._strays[strays:]
        self._file.rewind(mark)

    def save(self) -> Progress:
        """Keep what is written for the next invocation."""
        place = f"{self.progress.part:04d}-{self.progress.chunk:06d}"
        self.progress.upload = self._file.save(f"{self._folder}/carry-{place}")
        spool.write_strays(self._services.objects, f"{self._folder}/strays-{place}", self._strays)
        return self.progress

    def _write_part(self, part: Part, deadline: Deadline) -> bool:
        id_, objects = self._record.import_id, self._services.objects
        told = _Peekable(vendor_rejects(objects, id_, part.number))
        for chunk in self._services.parts.chunks(id_, part.number):
            if chunk.state != "settled":
                continue
            mine = told.below(chunk.first_sequence + chunk.records)
            if chunk.number <= self.progress.chunk:
                continue
            self._write_chunk(part, chunk, mine)
            self.progress.chunk = chunk.number
            self._items.settle()
            self._mark = self._now()
            if deadline.remaining() < MARGIN_SECONDS:
                return False
        self._set_aside(part, told.below(None))
        return True

    def _write_chunk(self, part: Part, chunk: StagedChunk, told: list[Told]) -> None:
        for stage, _ in told:
            self._count_found(part, stage)
        numbered = [one for one in told if one[1].sequence >= chunk.first_sequence]
        self._strays += [one for one in told if one[1].sequence < chunk.first_sequence]
        if not numbered and not chunk.rejects:
            return
        local = (
            spool.read_local(
                self._services.objects, self._record.import_id, part.number, chunk.number
            )
            if chunk.rejects
            else []
        )
        stream = self._stream(chunk.source)
        for rejected in rejected_rows(stream, chunk, local, numbered, self._strays):
            self._write_row(rejected, chunk.source)

    def _set_aside(self, part: Part, told: list[Told]) -> None:
        for one in told:
            self._count_found(part, one[0])
            self._strays.append(one)

    def _write_strays(self) -> None:
        """Find the rows of exceptions whose number did not lead to them."""
        strays = self._strays
        if not strays:
            return
        named = 0
        for number in range(len(self._record.corrections) + 1):
            for rejected in rows_of_strays(self._source(number), strays):
                self._write_row(rejected, number)
                named += 1
        self.progress.unnamed = len(strays) - named

    def _write_row(self, rejected: Rejected, source: int) -> None:
        row, stage, code = rejected.row, rejected.stage, rejected.code
        if source == 0 and row.number in self._superseded:
            return
        if source and row.origin is not None:
            row = msgspec.structs.replace(row, number=row.origin)
        reason = signed(rejected.reason, self._record.import_id)
        self._file.write(self._writer(source).row(row, stage, code, reason))
        self.progress.written += 1
        self._count_kind(stage, code, row.number)
        if self.progress.items < self._services.settings.max_exception_items:
            self.progress.items += 1
            self._items.add(RejectItem(row.number, stage, code, rejected.reason))

    def _count_found(self, part: Part, stage: str) -> None:
        key = f"{part.number}/{stage}"
        self.progress.found[key] = self.progress.found.get(key, 0) + 1

    def _count_kind(self, stage: str, code: str, row: int) -> None:
        kinds = self.progress.kinds
        for kind in kinds:
            if (kind.stage, kind.code) == (stage, code):
                kind.count += 1
                return
        if len(kinds) >= MOST_KINDS:
            stage, code = "other", ""
            if kinds[-1].stage == stage:
                kinds[-1].count += 1
                return
        kinds.append(RejectKind(stage, code, 1, row))


class _Peekable:
    """Exceptions in the order of their sequence, taken as far as a chunk reaches."""

    def __init__(self, told: Iterator[Told]) -> None:
        self._told = told
        self._next = next(told, None)

    def below(self, sequence: int | None) -> list[Told]:
        """Take those before `sequence`, or all that are left."""
        taken = []
        while self._next and (sequence is None or self._next[1].sequence < sequence):
            taken.append(self._next)
            self._next = next(self._told, None)
        return taken


class ItemWriter:
    """Writes one import's rejects as items.

    They are handed over by the hundred to a few threads, while the pass goes on. Where the table is
    slower than the pass, the pass waits for it, so that memory does not grow.
    """

    def __init__(self, store: ExceptionStore, import_id: str) -> None:
        self._store = store
        self._id = import_id
        self._waiting: list[RejectItem] = []
        self._under_way: deque[Future[None]] = deque()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write within this block what is added in it; raises TableBusy. All of it is in the table
        when the block has ended without an error."""
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as self._threads:
            yield
            self.settle()

    def settle(self) -> None:
        """Wait until all of it so far is in the table."""
        self._hand_over()
        self._wait(0)

    def add(self, item: RejectItem) -> None:
        """Write one more, within `writing`."""
        self._waiting.append(item)
        if len(self._waiting) >= TOGETHER:
            self._hand_over()

    def _hand_over(self) -> None:
        self._wait(SIDE_BY_SIDE - 1)
        if self._waiting:
            write = self._threads.submit(self._store.write, self._id, self._waiting)
            self._under_way.append(write)
            self._waiting = []

    def _wait(self, most: int) -> None:
        """Until `most` hand-overs are under way."""
        while len(self._under_way) > most:
            self._under_way.popleft().result()
