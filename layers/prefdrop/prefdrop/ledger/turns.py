"""Turns: the vendor asks for one import at a time, so imports wait for the account's only turn.

Hand-over is three steps, each safe to repeat: the holder is written with a condition, its task
token is sent, and the sending is acknowledged. Whoever frees the turn looks at the tickets again
afterwards, and whoever takes a ticket looks at the holder afterwards, so one of them sees the
other. Tickets are read from the table itself, never through an index.
"""

from __future__ import annotations

from typing import Any

import msgspec
from boto3.dynamodb.conditions import Attr

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.clock import now_ms
from prefdrop.ledger.order import padded
from prefdrop.ledger.table import ConditionFailed, Table, Write, another_worker
from prefdrop.reached import reached


class TurnLost(Terminal):
    """The execution does not hold the turn: it was aborted, or the turn was taken from it."""


class Turn(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Whose turn it is. `execution` is empty when nobody holds it; times in ms since 1970."""

    execution: str = ""
    import_id: str = ""
    epoch: int = 0
    since: int = 0
    not_before: int = 0
    """When the holder may begin: a worker of the holder before it may be sending until then."""
    acknowledged: bool = False
    """Whether the holder has surely been told."""


class Ticket(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One execution's place in the queue. `token` answers its waiting state; it is a secret."""

    execution: str
    import_id: str
    token: str = ""
    dropped_at: str
    sequencer: str
    taken_at: int

    @property
    def order(self) -> tuple[str, str, int]:
        """Drops come in the order of their S3 time, then sequencer, then of asking."""
        return (self.dropped_at, padded(self.sequencer), self.taken_at)

    def __repr__(self) -> str:
        """Without the token: it must not reach a log or an error text."""
        return f"Ticket(execution={self.execution!r})"


class Turns:
    """The turn of one vendor account."""

    def __init__(self, table: Table, client_id: str) -> None:
        self._table = table
        self._client_id = client_id
        self._holder_key = keys.turn_holder(client_id)

    def holder(self) -> Turn:
        """Whose turn it is now."""
        return msgspec.convert(self._table.get(self._holder_key) or {}, Turn)

    def require(self, execution: str) -> Turn:
        """The turn, if `execution` holds it; raises TurnLost."""
        turn = self.holder()
        if turn.execution != execution:
            raise TurnLost(
                "This execution does not hold the turn.",
                hint="Continue with `prefdrop imports retry`; it waits for its turn again.",
            )
        return turn

    def check(self, turn: Turn) -> Write:
        """The condition, for a transaction, that the turn is still this one."""
        mine = Attr("execution").eq(turn.execution) & Attr("epoch").eq(turn.epoch)
        return self._table.check_write(self._holder_key, mine)

    def queue(self) -> list[Ticket]:
        """The tickets in the order in which they will be served."""
        items = self._table.query(self._holder_key.pk, begins="TICKET#")
        return sorted((msgspec.convert(i, Ticket) for i in items), key=lambda t: t.order)

    def take_ticket(self, ticket: Ticket) -> None:
        """Queue up. A ticket that is there keeps its place and gets the new token.

        It keeps the earlier ones, too: a worker that comes late brings one that is dead already.
        """
        self._table.update(
            keys.ticket(self._client_id, ticket.execution),
            put={"token": ticket.token},
            add={"tokens": {ticket.token}},
            first={
                "execution": ticket.execution,
                "import_id": ticket.import_id,
                "dropped_at": ticket.dropped_at,
                "sequencer": ticket.sequencer,
                "taken_at": ticket.taken_at,
            },
        )

    def drop_ticket(self, execution: str) -> None:
        """Leave the queue; not being in it is fine."""
        self._table.delete(keys.ticket(self._client_id, execution))

    def hand_over(self, held: Turn, *fence: Write, not_before: int = 0) -> Turn | None:
        """Give the turn, held as in `held`, to the first in the queue, or to nobody.

        Nobody may begin before `not_before` (ms). `fence` is written with it, so that a worker of
        the holder before it can go on with nothing. Returns the turn as it is then, or None when
        somebody else handed it over meanwhile; raises LedgerBusy when the fence does not hold.
        """
        others = (t for t in self.queue() if t.execution != held.execution)
        earliest = max(not_before, held.not_before)
        after = Turn(epoch=held.epoch + 1, since=now_ms(), not_before=earliest)
        if first := next(others, None):
            after = msgspec.structs.replace(
                after, execution=first.execution, import_id=first.import_id
            )
        unchanged = Attr("epoch").eq(held.epoch) if held.epoch else Attr("epoch").not_exists()
        put = self._table.put_write(self._holder_key, _members(after), when=unchanged)
        try:
            self._table.transact(put, *fence)
        except ConditionFailed as stale:
            if 0 in stale.failed:
                reached("a turn passed by another")
                return None
            raise another_worker() from None
        return after

    def give_to(self, held: Turn, execution: str) -> Write:
        """Return the write that lets another execution of the holder's import have the turn."""
        after = msgspec.structs.replace(held, execution=execution, acknowledged=False)
        same = Attr("execution").eq(held.execution) & Attr("epoch").eq(held.epoch)
        return self._table.put_write(self._holder_key, _members(after), when=same)

    def tokens_of(self, execution: str) -> list[str]:
        """Return the task tokens of a ticket, the last one first; none when it left the queue."""
        item = self._table.get(keys.ticket(self._client_id, execution)) or {}
        last = item.get("token", "")
        return [token for token in (last, *(item.get("tokens", set()) - {last})) if token]

    def acknowledge(self, turn: Turn) -> None:
        """Write down that the holder has been told; a turn that went on meanwhile is left alone."""
        same = Attr("epoch").eq(turn.epoch)
        try:
            self._table.update(self._holder_key, put={"acknowledged": True}, when=same)
        except ConditionFailed:
            return


def _members(turn: Turn) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in turn.__struct_fields__}
