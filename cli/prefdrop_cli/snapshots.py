"""Which configuration snapshot a feed is checked against, and what that finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import msgspec
import typer
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.configuring.snapshot import Snapshot, decode
from prefdrop.configuring.store import KEY, SnapshotStore, SnapshotUnreadable
from prefdrop.errors import PrefdropError
from prefdrop.feeds import AccountSnapshot, Feed, FeedError
from prefdrop.feeds.account import MAX_AGE, PATTERN_NOT_UNDERSTOOD
from prefdrop.feeds.unknown_names import doubtful_names, unknown_names
from prefdrop.ledger.clock import iso, milliseconds
from prefdrop.ledger.objects import ObjectCut, ObjectLocked
from prefdrop_cli.aws_errors import explain_aws
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.options import DEFAULT_STACK
from prefdrop_cli.output import note, say_json, show_error
from prefdrop_cli.preflight import read_file
from prefdrop_cli.shapes.feeds import HeldTo, RefusedFeed, UnknownName


@dataclass(frozen=True)
class KnownAccount:
    """The snapshot that a feed is checked against, if there is one."""

    snapshot: Snapshot | None = None
    origin: str = ""
    stale: bool = False
    why_not: str = ""
    """Why the names of the feed are not checked, in a sentence."""

    @property
    def usable(self) -> AccountSnapshot | None:
        """What feeds and rows are held to; an import does without a stale snapshot too."""
        return None if self.snapshot is None or self.stale else self.snapshot.account()

    def held_to(self) -> HeldTo | None:
        """As it is told to programs."""
        if self.snapshot is None:
            return None
        return HeldTo(self.origin, iso(milliseconds(self.snapshot.taken_at)), self.stale)


def known_account(file: Path | None, stack: str, endpoint: str) -> KnownAccount:
    """The snapshot in `file`, else that of the stack where one is named; raises WrongUse.

    A stack that cannot be reached is said: a check must not need AWS.
    """
    if file is not None:
        return _aged(read_snapshot(file), str(file), MAX_AGE)
    if not stack and not endpoint:
        return KnownAccount(
            why_not="Neither --snapshot, --sandbox nor a stack was named, so the feed was not "
            "checked against the account."
        )
    try:
        return _of_stack(connect(stack or DEFAULT_STACK, endpoint))
    except (BotoCoreError, ClientError, ObjectCut, ObjectLocked) as error:
        why = (error if isinstance(error, PrefdropError) else explain_aws(error)).message
        why = why.rstrip(".")
        return KnownAccount(
            why_not=f"The stack's snapshot could not be read ({why}), so the feed was not checked "
            "against the account."
        )


def _of_stack(deployment: Deployment) -> KnownAccount:
    """What an import of this stack would pin."""
    try:
        found = SnapshotStore(deployment.objects).find()
    except SnapshotUnreadable:
        return _without("The stack's snapshot is not one that this release reads")
    if found is None:
        return _without("The stack has no configuration snapshot")
    account = deployment.parameters.get("ClientId", found.snapshot.client_id)
    if found.snapshot.client_id != account:
        return _without(f"The stack's snapshot is of another account than {account}")
    return _aged(found.snapshot, f"s3://{deployment.bucket}/{KEY}", max_age(deployment))


def _without(why: str) -> KnownAccount:
    return KnownAccount(
        why_not=f"{why}, so the feed was not checked against the account; "
        "`prefdrop configuration pull` takes one."
    )


def read_snapshot(file: Path) -> Snapshot:
    """A snapshot from a file on this machine; raises WrongUse."""
    try:
        return decode(read_file(file, "snapshot"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise WrongUse(
            f"{file} is no configuration snapshot.",
            hint="`prefdrop configuration show --json` prints one.",
        ) from None


def hold_feed_to(known: KnownAccount, feed: Feed, text: bytes, *, as_json: bool) -> None:
    """End the command if the feed names what the account has not.

    What a stale snapshot lacks may have been added since, so it is only said; so is what the
    vendor may take all the same.
    """
    if known.snapshot is None:
        note(known.why_not)
        return
    account = known.snapshot.account()
    errors = unknown_names(feed, text, account)
    doubtful = doubtful_names(feed, text, account)
    if known.stale:
        note(
            f"The snapshot is of {known.snapshot.taken_at:%Y-%m-%d %H:%M} UTC and stale, so nothing"
            " is refused by it; `prefdrop configuration pull` takes a new one."
        )
        errors, doubtful = [], [*errors, *doubtful]
    for error in doubtful:
        note(f"Warning: {error.message} {error.hint}")
    if account.pattern_not_understood:
        note(f"Warning: {PATTERN_NOT_UNDERSTOOD}")
    if errors:
        _fail(errors, as_json=as_json)


def _fail(errors: Sequence[FeedError], *, as_json: bool) -> NoReturn:
    if as_json:
        told = [
            UnknownName(one.code, one.message, one.hint, one.file, one.line, one.key)
            for one in errors
        ]
        say_json(RefusedFeed(told[0], told))
    for error in () if as_json else errors:
        show_error(error, as_json=False)
    raise typer.Exit(Exit.WRONG_USE)


def _aged(snapshot: Snapshot, origin: str, longest: timedelta) -> KnownAccount:
    stale = snapshot.account().is_stale(datetime.now(UTC), longest)
    return KnownAccount(snapshot, origin, stale)


def max_age(deployment: Deployment) -> timedelta:
    """The age from which on the stack takes a snapshot for stale."""
    days = deployment.parameters.get("SnapshotDays")
    return MAX_AGE if days is None else timedelta(days=int(days))
