"""How an import stands: what it is doing or waiting for, since when, and what comes next."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote

import msgspec

from prefdrop.importing.drop import is_feed_name
from prefdrop.importing.record_failure import RETRY_HINT
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import FINISHED, Import, Waiting
from prefdrop.ledger.parts import Part
from prefdrop_cli.story.steps import Trace
from prefdrop_cli.watching import ALIVE

RETRY = "`prefdrop imports retry {id}` goes on from the ledger; nothing staged is staged twice."
OTHERWISE = "{hint} " + RETRY
DROP = "`prefdrop drop FILE --feed {feed} --watch`"
DROP_AGAIN = f"Then drop the file again: {DROP}. A retry would read the same version of it."
NEW_CREDENTIALS = (
    "Put the right credentials into the stack's secret: `aws secretsmanager "
    "put-secret-value --secret-id {secret} --secret-string "
    '\'{{"auth":"pnauthinfo3","user_id":"...","secret":"..."}}\'`. '
    "`prefdrop doctor` shows whether the vendor accepts them."
)
CREDENTIALS = "{hint} " + NEW_CREDENTIALS + " Then: " + RETRY
SUPPORT = (
    "Ask the vendor's support what became of the token ids in the report. If nothing was executed, "
    "or if the feed matches people by an alternate id (match_alternate_id), drop the file again, "
    f"which then changes nobody twice: {DROP}. Else leave it: new profiles would be made."
)
REMEDIES = {
    "FeedMissing": "Put the feed into the bucket with `prefdrop feeds push FEED.toml`; if the "
    "drop was meant for another feed, drop it there instead. Then: " + RETRY,
    "FeedError": "{hint} Correct the feed and put it into the bucket with `prefdrop feeds push "
    "FEED.toml`. Then: " + RETRY,
    "SourceError": "{hint} `prefdrop feeds check FEED.toml FILE` tries both and sends nothing. "
    "Correct the file, or the feed (`prefdrop feeds push FEED.toml`). " + DROP_AGAIN,
    "NotADrop": "{hint} " + DROP_AGAIN,
    "ObjectMissing": "{hint} " + DROP_AGAIN,
    "TooManyRecords": "Raise max_records only if so many deletions are meant, and put the feed "
    "into the bucket with `prefdrop feeds push FEED.toml`. " + DROP_AGAIN,
    "Superseded": "Import only the rows whose match key no later file holds: `prefdrop imports "
    "retry {id} --except-newer`. Or overwrite the newer data: `prefdrop imports retry {id} "
    "--force`.",
    "LaterDropUnreadable": "{hint}",
    "NotAuthorized": CREDENTIALS,
    "WrongCredentials": CREDENTIALS,
    "WrongSecret": CREDENTIALS,
    "TornStage": "Nothing of it was executed. See that nothing else imports into this account at "
    "the same time. Then: " + RETRY,
    "TokenDied": SUPPORT + " A retry would only say the same.",
    "ExecutionAborted": "Somebody stopped it; what was staged and not executed has no effect. "
    + RETRY,
}
"""By the error's code, for those that a retry alone does not mend."""


def remedy(record: Import, secret: str) -> str:
    """The next step for an import that ended in an error; `secret` names the vendor's secret."""
    code = record.error.code if record.error else ""
    return filled(REMEDIES.get(code, OTHERWISE), record, secret)


def filled(words: str, record: Import, secret: str = "") -> str:
    """`words` with this import's names in them, and the hint that its error brings."""
    hint = record.error.hint if record.error and record.error.hint != RETRY_HINT else ""
    hint = hint.replace("`prefdrop imports retry`", f"`prefdrop imports retry {record.import_id}`")
    # Older releases took drops for any name; one that no feed can have is for nobody to type.
    feed = quote(record.feed) if is_feed_name(record.feed) else "FEED"
    told = words.format(id=quote(record.import_id), feed=feed, secret=quote(secret), hint=hint)
    return told.strip()


class Standing(msgspec.Struct, frozen=True):
    """What whoever is on call has to know."""

    now: str
    """How it stands, in a sentence."""
    since: str
    """Since when (a moment), or empty."""
    next: str
    """What to do, or what comes by itself."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What an import's standing depends on besides its own items."""

    execution_status: str
    """Of its execution in Step Functions; empty when that is not known any more."""
    holder: str = ""
    """The import that has the turn."""
    holder_held: bool = False
    """Whether a gate holds that import, so that it keeps the turn until somebody decides."""
    ahead: int = 0
    """How many imports are to have the turn before this one, besides the holder."""
    next_slot: str = ""
    """When the vendor's limit next frees a slot, where it is used up."""
    not_before: str = ""
    """Until when the holder of the turn waits for a worker of the import before it."""
    secret: str = ""
    """Name of the secret that holds the vendor's credentials."""
    cause: str = ""
    """Why the report says that the import ended as it did."""


class Subject(msgspec.Struct, frozen=True):
    """One import with all that its standing is drawn from."""

    record: Import
    part: Part | None
    """The part begun last."""
    around: Surroundings
    in_doubt: bool = False
    """Whether a chunk of that part is on its way, or went without a clear answer."""


ENDED = {
    "Completed": "Nothing is to be done.",
    "CompletedWithRejects": "Fetch the rejected rows: `prefdrop imports rejects {id} -o "
    "rejects.csv`. Correct them, and drop that file: `prefdrop drop rejects.csv --feed {feed} "
    "--watch`.",
    "Duplicate": "Nothing is to be done: this content was imported before.",
    "Aborted": "`prefdrop imports rejects {id} -o rejects.csv` fetches the rejected rows, if there "
    "are any. Drop a better file: `prefdrop drop FILE --feed {feed} --watch`; or try the same one "
    "again: `prefdrop imports retry {id}`.",
    "Unreconciled": "Keep the report. " + SUPPORT,
}


def standing(subject: Subject, trace: Trace | None) -> Standing:
    """How the import stands."""
    record = subject.record
    if record.status in FINISHED:
        return _ended(record, subject.around)
    if subject.around.execution_status not in ALIVE:
        ended = subject.around.execution_status or "forgotten by Step Functions"
        return Standing(
            f"Nothing works on it: its execution is {ended} while the import is {record.status}.",
            record.updated_at,
            filled(RETRY, record),
        )
    if record.waiting is not None:
        return _waiting(record, record.waiting, subject.around.secret)
    state = trace.state if trace else ""
    doing = DOING.get(state, _between)
    now, coming = doing(subject)
    return Standing(now, trace.since if trace else record.updated_at, coming)


VENDOR = {
    "away": "The vendor answers no call",
    "credentials": "The vendor refuses the stack's credentials",
    "throttled": "The vendor asked for a pause",
    "call": "The vendor answers other calls, but not this import's",
}
"""What an import waits for at the vendor."""


def _waiting(record: Import, waiting: Waiting, secret: str) -> Standing:
    now = f"{VENDOR[waiting.kind]}. The import keeps its turn and waits: {waiting.text}"
    coming = "It continues by itself once the vendor answers; nothing is staged twice."
    if waiting.kind == "credentials":
        coming = filled(NEW_CREDENTIALS, record, secret) + " The import continues by itself then."
    if waiting.kind == "call":
        coming = "It fails after 15 minutes, and the turn passes to the next import."
    return Standing(now, waiting.since, coming)


def _ended(record: Import, around: Surroundings) -> Standing:
    if record.error:
        failed = "It failed" if record.status == "Failed" else f"It has ended {record.status}"
        now = f"{failed}: {record.error.code}: {record.error.message}"
        return Standing(now, record.finished_at, remedy(record, around.secret))
    cause = around.cause if record.status == "Unreconciled" else record.gate
    why = f": {cause}" if record.status in ("Aborted", "Unreconciled") and cause else "."
    coming = filled(ENDED.get(record.status, RETRY), record)
    return Standing(f"It has ended {record.status}{why}", record.finished_at, coming)


Said = tuple[str, str]


def _plain(now: str, coming: str) -> Callable[[Subject], Said]:
    return lambda _: (now, coming)


def _turn(subject: Subject) -> Said:
    around = subject.around
    if around.holder in ("", subject.record.import_id):
        return "It is being given its turn.", "Its first part begins."
    others = f", {around.ahead} more are ahead of it" if around.ahead else ""
    if around.holder_held:
        return (
            f"It waits for its turn: {around.holder} has it{others}, and a gate holds that one.",
            f"Decide on that one first: `prefdrop imports show {around.holder}` says how. Then "
            "this one begins by itself.",
        )
    return (
        f"It waits for its turn: {around.holder} has it{others}.",
        "It begins by itself when the vendor is free; imports go one at a time.",
    )


def _quota(subject: Subject) -> Said:
    after, around = subject.record.initiate_after, subject.around
    if around.not_before and around.holder == subject.record.import_id:
        return (
            f"It waits until {around.not_before}, when no worker of the import before it can be "
            "sending any more.",
            "It goes on by itself.",
        )
    until = (iso(after) if after else "") or around.next_slot
    when = f" until {until}" if until else ""
    return (
        f"The vendor's rolling 24-hour limit is used up; it waits{when} for a slot.",
        "It goes on by itself then, and nothing is lost. `prefdrop quota` shows what is used; if "
        "that comes often, ask the vendor for a higher limit and raise QuotaLimit.",
    )


def _staging(subject: Subject) -> Said:
    part, record = subject.part, subject.record
    read = (
        f"{100 * record.read_bytes // record.bytes} % of the file is read" if record.bytes else ""
    )
    staged = f"{part.staged:,} records of part {part.number} are staged" if part else ""
    return f"It is staging: {', '.join(filter(None, (staged, read)))}.", "Gates, then execution."


def _vendor(subject: Subject) -> Said:
    """Requests that may still land come first; else it was the vendor who asked for a pause."""
    part, slot = subject.part, subject.around.next_slot
    if subject.in_doubt or (part and max(part.ghost_until, part.lease_until) > now_ms()):
        return _ghosts(subject)
    until = f" until {slot}, when its limit frees a slot" if slot else " for as long as it asked"
    return (
        f"The vendor takes no more requests for now (429); it waits{until}.",
        "It goes on by itself; what is staged stays staged, and nothing is sent twice.",
    )


def _ghosts(subject: Subject) -> Said:
    part = subject.part
    until = f" until {iso(part.ghost_until)}" if part and part.ghost_until else ""
    return (
        f"A request got no clear answer; it waits{until}, until that request cannot land any more, "
        "and then compares counts with the vendor.",
        "It goes on, or begins the part again under a new token.",
    )


def _held(subject: Subject) -> Said:
    import_id = subject.record.import_id
    return (
        f"A gate holds it: {subject.record.gate} It ends in an abort at "
        f"{subject.record.hold_until}. After 30 minutes the turn passes if another import waits.",
        f"Look at the rows: `prefdrop imports rejects {import_id} -o rejects.csv`. Then one of: "
        f"`prefdrop imports approve {import_id}` to import the others as they are, "
        f"`prefdrop imports approve {import_id} --with rejects.csv` once you have corrected these, "
        f"or `prefdrop imports cancel {import_id}`.",
    )


def _executing(subject: Subject) -> Said:
    part = subject.part
    done = ""
    if part:
        handled = part.processed + part.rejected_execution + part.not_honored
        done = f" part {part.number} ({handled:,} of {part.validation_ok:,} done)"
    return (
        f"The vendor executes{done}; its status is looked at now and then.",
        "Exceptions are read.",
    )


def _between(subject: Subject) -> Said:
    return f"It is {subject.record.status}.", "It goes on by itself."


_FINISHING = "The report."
DOING: dict[str, Callable[[Subject], Said]] = {
    "RegisterImport": _plain("It is being registered.", "It takes its place in the queue."),
    "TakeTurn": _turn,
    "InitiatePart": _plain("The vendor is asked for an access token.", "Staging."),
    "WaitForQuota": _quota,
    "StageChunks": _staging,
    "WaitForVendor": _vendor,
    "CollectRefused": _plain("What validation refused is being read.", "Gates."),
    "WaitForRefused": _plain("The vendor is to be asked again for what it refused.", "Gates."),
    "ApplyGates": _plain("The feed's gates are being applied.", "Execution, a hold, or an abort."),
    "ReportHeld": _plain("The report of a held import is being written.", "A hold."),
    "AnnounceHeld": _plain("Who has subscribed to results is told of the hold.", "A hold."),
    "AwaitApproval": _held,
    "ExecutePart": _plain("The vendor is told to execute.", "Its status is looked at."),
    "WaitForGhosts": _vendor,
    "WaitForStatus": _executing,
    "CheckStatus": _executing,
    "CollectExceptions": _plain("The vendor's exceptions are being read.", _FINISHING),
    "WaitForExceptions": _plain("The vendor is to be asked again for its exceptions.", _FINISHING),
    "PassTurn": _plain("The turn is being passed on.", _FINISHING),
    "WaitToPass": _plain("It waits until its turn may be passed on.", _FINISHING),
    "ReportImport": _plain("Rejects and report are being written.", "The end."),
    "AnnounceImport": _plain("Who has subscribed to results is told of the end.", "The end."),
    "AnnounceUnreported": _plain("Who has subscribed is told that there is no report.", "The end."),
    "RecordFailure": _plain("Its failure is being written down.", _FINISHING),
}
"""What each state of the workflow that takes time means, by its name."""
