"""The exports of the ledger: where each stands, who works on it, and what each run has done.

One run at a time works on an export: the claim in its state says which. Whatever a run decides is
written on the condition that the claim is still its own.

The AWS client repeats a request whose answer was lost, and the condition of the first one no longer
holds for the second. So each write on a run's item carries a word of its own: the word in the item
is the proof that the writing there is this one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any, Literal, NamedTuple

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.clock import days_from_now, iso_now
from prefdrop.ledger.imports import Failure
from prefdrop.ledger.table import AGAIN, ConditionFailed, LedgerBusy, Table, Write

RunStatus = Literal[
    "Beginning",
    "Waiting",
    "Retrieving",
    "Finishing",
    "Publishing",
    "Completed",
    "Failed",
    "Skipped",
]
RUN_ENDED = frozenset({"Completed", "Failed", "Skipped"})
PAST_FAILING = ("Publishing", "Completed", "Failed")
"""A run that is decided is published; one that has failed has failed already."""


UNKNOWN = -1
"""The total of a run for which the vendor has named none."""


class UnknownRun(Terminal):
    """The ledger holds no such run of this export."""


class ClaimLost(Terminal):
    """The execution was stopped, and another run has taken over the export."""


class RunGoneOn(LedgerBusy):
    """Another worker has gone on with the run, so what the ledger now holds decides."""


class ExportState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where one export stands. Keys are of objects in the bucket; empty means: none yet."""

    export: str
    run: str = ""
    """The run that has the claim."""
    execution: str = ""
    watermark: str = ""
    """The moment, by the vendor's clock, up to which every change has surely been exported."""
    scope: str = ""
    """Digest of what the last run selected; another selection cannot go on from its watermark."""
    last_run: str = ""
    last_slot: str = ""
    """The newest slot of the schedule that was started."""
    tail: str = ""
    """Roll of all that the last run was given: what the next one's overlap may bring again."""
    known: str = ""
    """Roll of all that was exported since the last full run, which is included."""
    full_run: str = ""
    """The last full run."""


class ExportRun(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One run of an export. Times are ISO 8601 in UTC; counts are of the present attempt."""

    export: str
    run: str
    execution: str = ""
    status: RunStatus = "Beginning"
    started_at: str
    updated_at: str = ""
    finished_at: str = ""
    definition_version: str = ""

    full: bool = False
    why_full: str = ""
    """In words, for a run of an incremental export that has to be full."""
    why_skipped: str = ""
    """In words, for a run that brought nothing because another did."""
    scope: str = ""
    watermark_before: str = ""
    watermark_after: str = ""
    sent_since: str = ""
    """The lower bound that the vendor was given; empty for a full run."""
    tail: str = ""
    """Roll that overlapping records are compared with; empty where there is no overlap."""

    attempt: int = 0
    """How many times the vendor was asked for an export that this run then went by."""
    initiated_at: int = 0
    """When, by our clock (ms)."""
    token: str = ""
    """The vendor's access token; a secret while it lives."""
    task_token: str = ""
    called_back: bool = False
    given_up: str = ""
    """Why the attempt before this one came to nothing."""
    allow_removals: int = 0
    """How many profiles an operator lets this run remove, whatever the definition's gate says."""
    away_since: str = ""
    """Since when the vendor has not answered, or has asked for patience; empty while it answers."""
    rounds: int = 0
    """How often the run has waited, over all attempts: each wait adds to the history of its
    execution."""

    offset: int = 1
    """The vendor's 1-based number of the record that comes next."""
    stretches: int = 0
    """How many stretches of pages are done; a stretch makes one object, or none."""
    objects: int = 0
    total: int = UNKNOWN
    """How many records the vendor says there are; -1 as long as it has not."""
    records: int = 0
    duplicates: int = 0
    """Records of the overlap that the run before had exported in the same state."""
    bytes: int = 0
    inexpressible: dict[str, int] = {}
    """By column or path, how many values the columns cannot tell exactly."""
    examples: dict[str, int] = {}
    """For each of these, the profile id of the first."""
    lapsed: dict[str, int] = {}
    """How much that is not in force any more the rows met, by kind."""

    removed: int = 0
    committed: bool = False
    manifest_key: str = ""
    error: Failure | None = None
    expires_at: int = 0

    def __repr__(self) -> str:
        """Without tokens: they must not reach a log or an error text."""
        return f"ExportRun(export={self.export!r}, run={self.run!r}, status={self.status!r})"

    @property
    def folder(self) -> str:
        """Where this attempt's objects lie. A later attempt never touches an earlier one's."""
        again = f"-{self.attempt}" if self.attempt > 1 else ""
        return f"exports/{self.export}/{self.run}{again}"


class ExportObject(msgspec.Struct, frozen=True):
    """One object of a run, as the manifest lists it; `version_id` is the bucket's."""

    key: str
    version_id: str
    sha256: str
    bytes: int
    records: int


class Tally(NamedTuple):
    """What the columns of an export cannot tell, or do not because it is not in force any more."""

    inexpressible: Mapping[str, int] = {}
    examples: Mapping[str, int] = {}
    lapsed: Mapping[str, int] = {}


class Stretch(NamedTuple):
    """What one stretch of pages adds to its run."""

    number: int
    next_offset: int
    total: int
    duplicates: int
    tally: Tally
    roll: str
    """Key of the roll of what it was given; empty where the vendor had nothing more."""
    made: ExportObject | None
    last: bool
    """Whether the vendor has no more records."""


class ExportStore:
    """Reads and writes the items of exports."""

    def __init__(self, table: Table, retention_days: int) -> None:
        self._table = table
        self._retention_days = retention_days

    # --- the export ---------------------------------------------------------------------------

    def state(self, export: str) -> ExportState:
        """Where an export stands; a new one stands nowhere."""
        item = self._table.get(keys.export_state(export))
        return msgspec.convert(item, ExportState) if item else ExportState(export=export)

    def claim(self, state: ExportState, run: str, execution: str) -> bool:
        """Make `run` the one that works on the export, unless another has done so since `state`.

        A run that has ended claims nothing. A claim that is there already is the run's own.
        """
        holder = Attr("run").eq(state.run) if state.run else _nobody()
        put = {"export": state.export, "run": run, "execution": execution}
        going_on = Attr("run").exists() & ~Attr("status").is_in(list(RUN_ENDED))
        try:
            self._table.transact(
                self._table.update_write(
                    keys.export_state(state.export), put=put, when=holder | _held_by(run)
                ),
                self._table.update_write(
                    keys.export_run(state.export, run),
                    put={"execution": execution},
                    when=going_on,
                ),
            )
        except ConditionFailed:
            return False
        return True

    def release(self, export: str, run: str) -> None:
        """Let another run begin; not having the claim is fine."""
        try:
            self._table.update(
                keys.export_state(export), put={"run": None, "execution": None}, when=_held_by(run)
            )
        except ConditionFailed:
            return

    def slot_started(self, export: str, slot: str) -> None:
        """Remember the newest slot that was started."""
        put = {"export": export, "last_slot": slot}
        older = Attr("last_slot").not_exists() | Attr("last_slot").lt(slot)
        try:
            self._table.update(keys.export_state(export), put=put, when=older)
        except ConditionFailed:
            return

    # --- its runs -----------------------------------------------------------------------------

    def begin(self, new: ExportRun) -> ExportRun:
        """Store `new` unless the run is there already; return what the ledger then holds."""
        item = msgspec.to_builtins(new)
        item |= {"status": new.status, "expires_at": days_from_now(self._retention_days)}
        key = keys.export_run(new.export, new.run)
        try:
            self._table.put(key, item, when=Attr("run").not_exists())
        except ConditionFailed:
            return self.get(new.export, new.run)
        return new

    def find(self, export: str, run: str) -> ExportRun | None:
        """Read one run, or None."""
        item = self._table.get(keys.export_run(export, run))
        return None if item is None else msgspec.convert(item, ExportRun)

    def get(self, export: str, run: str) -> ExportRun:
        """Read one run; raises UnknownRun."""
        found = self.find(export, run)
        if found is None:
            raise UnknownRun(
                f"There is no run {run} of export {export}.",
                hint=f"`prefdrop exports show {quote(export)}` lists its runs.",
            )
        return found

    def runs(self, export: str, *, limit: int = 50) -> Iterator[ExportRun]:
        """The runs of an export, newest first."""
        pk, begins = keys.export_run(export, "")
        found = self._table.query(pk, begins=begins, limit=limit, reverse=True)
        return (msgspec.convert(item, ExportRun) for item in found)

    def update(self, run: ExportRun, **changes: Any) -> ExportRun:
        """Change members of a run; None removes one. Returns the run as it is then.

        Raises RunGoneOn when it has gone on since `run` was read: to another status or attempt.
        """
        put = {name: msgspec.to_builtins(value) for name, value in changes.items()}
        return self._go_on(run, put, when=_as_read(run))

    def initiated(self, run: ExportRun, token: str, **changes: Any) -> ExportRun:
        """Write down the access token of the run's next attempt, which begins from nothing.

        Raises RunGoneOn when another worker of the same run did so meanwhile.
        """
        fresh = {"attempt": run.attempt + 1, "token": token, "status": "Waiting", "offset": 1}
        fresh |= {"stretches": 0, "objects": 0, "total": UNKNOWN, "records": 0, "duplicates": 0}
        fresh |= {"bytes": 0, "inexpressible": {}, "examples": {}, "lapsed": {}}
        fresh |= {"called_back": False, "task_token": None, "away_since": None}
        owner = {"export": run.export, "run": run.run, "expires_at": days_from_now(2)}
        named = self._table.put_write(keys.export_token(_digest(token)), owner)
        return self._go_on(run, {**fresh, **changes}, named, when=_as_read(run))

    def of_token(self, token: str) -> ExportRun | None:
        """The run that has this access token, as long as it goes by it."""
        item = self._table.get(keys.export_token(_digest(token)))
        run = self.find(item["export"], item["run"]) if item else None
        return run if run and run.token == token else None

    # --- what a run has done ------------------------------------------------------------------

    def add_stretch(self, run: ExportRun, stretch: Stretch) -> ExportRun:
        """Settle one stretch; raises RunGoneOn when another worker settled it first."""
        made = stretch.made
        tally = stretch.tally
        put = {
            "status": "Finishing" if stretch.last else run.status,
            "stretches": stretch.number,
            "offset": stretch.next_offset,
            "total": stretch.total,
            "duplicates": run.duplicates + stretch.duplicates,
            "inexpressible": _added(run.inexpressible, tally.inexpressible),
            "examples": {**tally.examples, **run.examples},
            "lapsed": _added(run.lapsed, tally.lapsed),
            "objects": run.objects + (1 if made else 0),
            "records": run.records + (made.records if made else 0),
            "bytes": run.bytes + (made.bytes if made else 0),
            "away_since": None,
        }
        writes = []
        if made:
            place = keys.export_object(run.export, run.run, run.attempt, run.objects + 1)
            item = msgspec.to_builtins(made) | {"expires_at": days_from_now(self._retention_days)}
            writes.append(self._table.put_write(place, item))
        if stretch.roll:
            place = keys.export_roll(run.export, run.run, run.attempt, stretch.number)
            item = {"key": stretch.roll, "expires_at": days_from_now(self._retention_days)}
            writes.append(self._table.put_write(place, item))
        mine = _as_read(run) & Attr("stretches").eq(run.stretches)
        return self._go_on(run, put, *writes, when=mine)

    def rolls(self, run: ExportRun) -> list[str]:
        """Keys of the rolls of the run's present attempt, in the order of their stretches."""
        pk = keys.export_run(run.export, run.run).pk
        found = self._table.query(pk, begins=keys.export_rolls_of(run.run, run.attempt))
        return [item["key"] for item in found]

    def objects(self, run: ExportRun) -> list[ExportObject]:
        """The objects of the run's present attempt, in their order."""
        pk = keys.export_run(run.export, run.run).pk
        found = self._table.query(pk, begins=keys.export_objects_of(run.run, run.attempt))
        return [msgspec.convert(item, ExportObject) for item in found]

    def decide(self, run: ExportRun, changes: Mapping[str, str]) -> ExportRun:
        """The point of no return: the watermark moves, and the run is to be published.

        `changes` are members of the state. Raises ClaimLost.
        """
        moved = self._table.update_write(
            keys.export_state(run.export),
            put={name: value or None for name, value in changes.items()},
            when=_held_by(run.run),
        )
        finishing = Attr("attempt").eq(run.attempt) & Attr("status").eq("Finishing")
        try:
            return self._write(run, {"status": "Publishing"}, moved, when=finishing)
        except ConditionFailed:
            raise ClaimLost(
                f"Another run has taken over the export {run.export}.",
                hint="Nothing of this run is visible; the other one goes on from the watermark.",
            ) from None

    def fail(self, run: ExportRun, failure: Failure) -> ExportRun:
        """Mark a run Failed and let go of its export, both or neither; returns what then is.

        A run that is decided, or has failed already, stays as it is. Raises RunGoneOn.
        """
        put = {
            "status": "Failed",
            "error": msgspec.to_builtins(failure),
            "finished_at": iso_now(),
            "token": None,
            "task_token": None,
        }
        released = []
        if self.state(run.export).run == run.run:
            nobody = {"run": None, "execution": None}
            state = keys.export_state(run.export)
            released = [self._table.update_write(state, put=nobody, when=_held_by(run.run))]
        undecided = Attr("run").exists() & ~Attr("status").is_in(list(PAST_FAILING))
        try:
            return self._write(run, put, *released, when=undecided)
        except ConditionFailed:
            found = self.get(run.export, run.run)
            if found.status not in PAST_FAILING:
                raise RunGoneOn("Another worker changed the claim.", hint=AGAIN) from None
            return found

    def _go_on(self, run: ExportRun, put: Mapping[str, Any], *also: Write, when: Any) -> ExportRun:
        """As `_write`; raises RunGoneOn where `when` does not hold."""
        try:
            return self._write(run, put, *also, when=when)
        except ConditionFailed:
            raise RunGoneOn("Another worker went on with the same run.", hint=AGAIN) from None

    def _write(self, run: ExportRun, put: Mapping[str, Any], *also: Write, when: Any) -> ExportRun:
        """Change a run's item, and do the writes `also` with it; returns the run as it is then.

        Raises ConditionFailed, unless what stands in the way is this very writing.
        """
        key, word = keys.export_run(run.export, run.run), secrets.token_hex(8)
        put = {**put, "updated_at": iso_now(), "word": word}
        try:
            if not also:
                return msgspec.convert(self._table.update(key, put=put, when=when), ExportRun)
            self._table.transact(self._table.update_write(key, put=put, when=when), *also)
        except ConditionFailed:
            item = self._table.get(key)
            if item is None or item.get("word") != word:
                raise
        return self.get(run.export, run.run)


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))


def _as_read(run: ExportRun) -> Any:
    """That the run is where it was: who was thought dead brings none back that has gone on."""
    attempt = Attr("attempt")
    same = attempt.eq(run.attempt) if run.attempt else attempt.not_exists()
    return Attr("status").eq(run.status) & same


def _nobody() -> Any:
    return Attr("run").not_exists()


def _held_by(run: str) -> Any:
    return Attr("run").eq(run)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]
