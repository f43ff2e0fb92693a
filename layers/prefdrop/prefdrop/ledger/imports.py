"""The imports of the ledger: one item each, from the drop to the report."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any, Literal, get_args

import msgspec
from boto3.dynamodb.conditions import Attr, ConditionBase

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.clock import days_from_now, iso_now
from prefdrop.ledger.order import Dropped
from prefdrop.ledger.table import ConditionFailed, Table, Write
from prefdrop.reached import reached

Status = Literal[
    "Registered",
    "Queued",
    "Staging",
    "Held",
    "Executing",
    "Collecting",
    "Reporting",
    "Completed",
    "CompletedWithRejects",
    "Aborted",
    "Failed",
    "Unreconciled",
    "Duplicate",
]
STATUSES: tuple[Status, ...] = get_args(Status)
FINISHED = frozenset(
    {"Completed", "CompletedWithRejects", "Aborted", "Failed", "Unreconciled", "Duplicate"}
)

NOT_ENDED = ~Attr("status").is_in(sorted(FINISHED))
"""Condition on an import's item."""

EARLIER_HOLD = "earlier"
"""Id of a hold that a release wrote down which kept no ids."""


class AttemptOver(Terminal):
    """Another attempt, or another execution, works on the import; this one changes nothing."""


class UnknownImport(Terminal):
    """The ledger holds no import of this id."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why an import did not complete: the error's stable name, what happened, what to do next."""

    code: str
    message: str
    hint: str = ""


class Configuration(msgspec.Struct, frozen=True, omit_defaults=True):
    """The configuration snapshot of an import, decided on once: which object version its rows are
    held to. `version_id` is empty where there was none; a `stale` one is not used, nor one that
    a later release could not read."""

    version_id: str = ""
    taken_at: str = ""
    stale: bool = False
    undecided: bool = False
    """Nothing is decided on yet, so the next attempt to begin takes what is newest then."""
    not_understood: tuple[str, ...] = ()
    """What nobody here can hold rows to: the account's `email_pattern`, or the whole `snapshot`."""


Order = Literal["feed", "key", "none"]

Position = dict[str, int]
"""A place in the source between two rows, as the reader of its format wrote it; opaque here."""


class Correction(msgspec.Struct, frozen=True):
    """A file of corrected rows that is staged into a held import."""

    key: str
    version_id: str
    bytes: int


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an operator decided about an import, and who did: `at` is ISO 8601 in UTC."""

    id: str
    """A random name: by it, a writer recognises its own decision when it is repeated."""
    what: Literal["approve", "cancel", "retry"]
    at: str
    by: str = ""
    reason: str = ""


HoldState = Literal["pending", "approved", "cancelled", "ended"]


class Hold(msgspec.Struct, frozen=True):  # whole in the ledger: conditions compare its members
    """One hold of an import by a gate, and its one decision."""

    id: str
    state: HoldState = "pending"
    start: Position = {}
    """Where the held part begins in the source."""
    rows_read: int = -1
    rejected: int = -1
    """What was approved: rows and rejects at the time of the hold; -1 where no one counted."""
    since: str = ""
    decision: str = ""
    """The id of the decision that holds."""
    correction: Correction | None = None
    """The corrected rows that came with the approval."""
    taken: bool = False
    """Whether the import went on by the decision, which is final from then on."""
    movable: bool = False
    """Whether the execution can take another turn, so that this one may pass while it is held."""


WaitingFor = Literal["away", "credentials", "throttled", "call"]


class Waiting(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an import waits for at the vendor.

    `away`: the vendor answers no call. `credentials`: it refuses the stack's credentials on every
    call. `throttled`: it asked for a pause. `call`: it answers other calls and not this import's.
    """

    kind: WaitingFor
    since: str
    looks: int = 0
    text: str = ""
    """The last error, in a sentence."""


class Import(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One import. Times are ISO 8601 in UTC; counts are cumulative over its parts.

    The counts here are for showing progress; the parts hold the ones that decide.
    """

    import_id: str
    feed: str
    status: Status = "Registered"
    bucket: str
    key: str
    version_id: str
    bytes: int = 0
    sequencer: str = ""
    dropped_at: str = ""
    execution_arn: str
    attempt: int = 1
    continued: int = 0
    """How many executions of this attempt handed over to the next, for their histories' length."""
    continues: str = ""
    """The execution that handed over to this one."""
    code_version: str = ""
    feed_version_id: str = ""
    configuration: Configuration | None = None
    """None where a release registered the import that held rows to no snapshot."""
    registered_at: str
    started_at: str = ""
    updated_at: str = ""
    finished_at: str = ""

    parts: int = 0
    chunk_bytes: int = 0
    """The byte limit of this import's chunks, where the vendor refused larger ones; else 0."""

    rows_read: int = 0
    restaged: int = 0
    """Rows of corrections, read besides `rows_read`."""
    read_bytes: int = 0
    rejected_local: int = 0
    staged: int = 0
    rejected_validation: int = 0
    processed: int = 0
    pending: int = 0
    rejected_execution: int = 0
    not_honored: int = 0
    chunks: int = 0
    vendor_requests: int = 0

    corrections: list[Correction] = []
    forced: bool = False
    """Whether it may overwrite what a newer drop of the feed brought."""
    except_newer: bool = False
    """Whether rows are left out whose match key a newer executed drop of the feed held."""
    order: Order = "feed"
    """Among which drops an older one is refused, as the pinned feed says."""
    corrects: Dropped | None = None
    """The drop whose rejects this one brings back, if they name it."""
    content_sha256: str = ""
    """Of the source, where the feed skips content that was imported before."""
    hold: Hold | None = None
    """The last hold by a gate."""
    approved: bool = False
    held_start: Position = {}
    """`approved` and `held_start` are how releases before `hold` wrote a hold down."""
    cancelled: Decision | None = None
    """The operator's decision to stop the import; it excludes `executing`."""
    executing: int = 0
    """The part that the vendor was told to execute, or may have been; 0 between parts."""
    decisions: list[Decision] = []
    """All decisions of operators, oldest first."""
    waiting: Waiting | None = None
    """What it waits for at the vendor, until a call succeeds."""
    throttles: int = 0
    """How many times in a row the vendor answered 429 though our count leaves slots."""
    initiate_after: int = 0
    """When the vendor may have a free slot again, after it said that there was none (ms)."""
    approval_token: str = ""
    approval_tokens: list[str] = []
    """The token of the hold, and those before it: a late worker brings one that is dead."""
    hold_until: str = ""
    gate: str = ""
    """The gate that stopped the import, in a sentence."""

    expires_at: int = 0
    """When DynamoDB may forget the item (s); 0 for never."""
    error: Failure | None = None
    reconciled: bool | None = None
    report_key: str = ""
    rejects_key: str = ""

    def __repr__(self) -> str:
        """Return the import without its task token, which must not reach a log."""
        return f"Import({self.import_id!r}, {self.status!r}, attempt={self.attempt})"

    @property
    def last_hold(self) -> Hold | None:
        """The last hold, also of an import that an earlier release held."""
        if self.hold is not None or not (self.approval_token or self.held_start):
            return self.hold
        state: HoldState = "approved" if self.approved else "pending"
        return Hold(
            id=EARLIER_HOLD,
            state=state if self.status == "Held" or self.approved else "ended",
            start=self.held_start,
            taken=self.approved,
        )

    @property
    def task_tokens(self) -> list[str]:
        """The task tokens that may wait for a decision, the last one first."""
        earlier = [token for token in self.approval_tokens if token != self.approval_token]
        return [self.approval_token, *earlier] if self.approval_token else earlier

    @property
    def is_approved(self) -> bool:
        """Whether the last hold was approved."""
        hold = self.last_hold
        return hold is not None and hold.state == "approved"


class ImportStore:
    """Reads and writes the import items, which expire `retention_days` after the import's end."""

    def __init__(self, table: Table, retention_days: int = 0) -> None:
        self._table = table
        self._retention_days = retention_days

    def register(self, new: Import) -> Import:
        """Store `new` unless its id is there already; return what the ledger then holds."""
        try:
            self._table.put(
                keys.meta(new.import_id), _item(new), when=Attr("import_id").not_exists()
            )
        except ConditionFailed:
            return self.get(new.import_id)
        return new

    def find(self, import_id: str) -> Import | None:
        """Read one import, or None."""
        item = self._table.get(keys.meta(import_id))
        return None if item is None else msgspec.convert(item, Import)

    def get(self, import_id: str) -> Import:
        """Read one import; raises UnknownImport."""
        found = self.find(import_id)
        if found is None:
            raise _unknown(import_id)
        return found

    def update(
        self, record: Import, *, when: ConditionBase | None = None, **changes: Any
    ) -> Import:
        """Change members of an import; None removes one. Return the import as it is then.

        The write is fenced: `record` names the attempt and the execution that may write. Raises
        AttemptOver when another works on the import, ConditionFailed when `when` does not hold,
        and UnknownImport.
        """
        fence = _by(record) if when is None else _by(record) & when
        try:
            put = _changes(changes) | self._life(changes.get("status"))
            item = self._table.update(keys.meta(record.import_id), put=put, when=fence)
        except ConditionFailed:
            found = self.get(record.import_id)
            if when is None or not _is_by(found, record):
                reached("a write of an attempt that is over")
                raise _over(record) from None
            raise
        return msgspec.convert(item, Import)

    def _life(self, status: Status | None) -> dict[str, int | None]:
        """Return how long the item lives: only one that has ended expires, and a retry keeps it."""
        if status is None:
            return {}
        ended = status in FINISHED and self._retention_days
        return {"expires_at": days_from_now(self._retention_days) if ended else None}

    def update_open(self, record: Import, **changes: Any) -> Import:
        """Change members as `update` does, of an import that has not ended.

        Raises AttemptOver when it has: the step that writes comes late.
        """
        try:
            return self.update(record, when=NOT_ENDED, **changes)
        except ConditionFailed:
            reached("a write after the end of its import")
            raise _over(record) from None

    def show_progress(self, record: Import, **changes: Any) -> Import | None:
        """Change members as `update` does, unless the import has ended: its end stays visible.

        Return the import as it is then, or None when nothing was written.
        """
        try:
            return self.update(record, when=NOT_ENDED, **changes)
        except (ConditionFailed, AttemptOver):
            return None

    def count_requests(self, import_id: str, requests: int) -> None:
        """Add requests sent to the vendor.

        An addition repeated by the AWS client would count twice; a transaction is applied once.
        """
        self._table.transact(
            self._table.update_write(
                keys.meta(import_id),
                add={"vendor_requests": requests},
                when=Attr("import_id").exists(),
            )
        )

    def hand_on(self, record: Import, execution: str, *others: Write) -> Import:
        """Let `execution` go on with the import in place of its own, together with `others`.

        Raises ConditionFailed when one of the writes cannot be made.
        """
        changes = {
            "execution_arn": execution,
            "continues": record.execution_arn,
            "continued": record.continued + 1,
        }
        write = self._table.update_write(
            keys.meta(record.import_id), put=_changes(changes), when=_by(record)
        )
        self._table.transact(write, *others)
        return msgspec.structs.replace(record, **changes)

    def list(
        self, status: Status | None = None, *, limit: int | None = 50, newest_first: bool = True
    ) -> Iterator[Import]:
        """The imports in `status`, or in any, newest first.

        Whoever filters them takes no limit: pages are read as imports are taken.
        """
        wanted = (status,) if status else STATUSES
        streams = [
            self._table.query_index(
                keys.STATUS_INDEX,
                "gsi1pk",
                keys.status_partition(one),
                limit=limit,
                reverse=newest_first,
            )
            for one in wanted
        ]
        newest = merge(*streams, key=lambda item: item["gsi1sk"], reverse=newest_first)
        return (msgspec.convert(item, Import) for item in islice(newest, limit))


def _by(record: Import) -> ConditionBase:
    """Return the condition that the attempt and the execution of `record` still work on it."""
    attempt: ConditionBase = Attr("attempt").eq(record.attempt)
    if record.attempt == 1:  # an item of an earlier release leaves the first attempt out
        attempt = attempt | Attr("attempt").not_exists()
    return attempt & Attr("execution_arn").eq(record.execution_arn)


def _is_by(found: Import, record: Import) -> bool:
    return (found.attempt, found.execution_arn) == (record.attempt, record.execution_arn)


def _changes(changes: dict[str, Any]) -> dict[str, Any]:
    put = {name: msgspec.to_builtins(value) for name, value in changes.items()}
    put["updated_at"] = iso_now()
    if "status" in changes:
        put["gsi1pk"] = keys.status_partition(changes["status"])
    return put


def _over(record: Import) -> AttemptOver:
    return AttemptOver(
        f"Attempt {record.attempt} of import {record.import_id} is over.",
        hint=f"Run `prefdrop imports show {record.import_id}` to see what works on it now.",
    )


def _unknown(import_id: str) -> UnknownImport:
    return UnknownImport(
        f"There is no import {import_id}.", hint="`prefdrop imports list` shows those there are."
    )


def _item(record: Import) -> dict[str, Any]:
    item: dict[str, Any] = msgspec.to_builtins(record)
    item["status"] = record.status
    item["gsi1pk"] = keys.status_partition(record.status)
    item["gsi1sk"] = f"{record.registered_at}#{record.import_id}"
    return item
