"""Carries out what strikes a call, between applying the request and sending its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefdrop_local.sandbox.books import Entry
from prefdrop_local.sandbox.faults.answers import garbage, refusal, reworded
from prefdrop_local.sandbox.faults.layer import Struck
from prefdrop_local.sandbox.faults.pages import change_page
from prefdrop_local.sandbox.faults.plan import Fate
from prefdrop_local.sandbox.faults.rules import (
    Away,
    Cut,
    ExpireToken,
    Garbage,
    Late,
    ResetAfter,
    ResetBefore,
    Status,
    TimeoutAfter,
    TimeoutBefore,
    Word,
)
from prefdrop_local.sandbox.faults.wire import Wire
from prefdrop_local.sandbox.messages import Request, Response

if TYPE_CHECKING:
    from prefdrop_local.sandbox.sandbox import Sandbox


class Striking:
    """One call that may be struck, its connection and its entry in the books."""

    def __init__(self, sandbox: Sandbox, wire: Wire, entry: Entry, struck: Struck) -> None:
        self._sandbox = sandbox
        self._wire = wire
        self._entry = entry
        self._struck = struck

    def reset_in_body(self) -> bool:
        """Reset the connection in mid-body if that is due; whether it was."""
        rule = self._struck.in_body()
        if rule is None:
            return False
        self._entry.bytes = self._wire.read(min(rule.after_bytes or 0, self._entry.bytes))
        self._entry.fault = rule.kind
        self._sandbox.books.settle(self._entry)
        self._wire.reset()
        return True

    def answer(self, request: Request) -> None:
        """Apply and answer a request that was read whole, as far as its fate allows."""
        fate = self._struck.decide(request.body)
        self._entry.fault = "+".join(fate.kinds)
        if fate.delay and self._struck.over.wait(fate.delay):
            self._wire.reset()
            return
        self._sandbox.faults.held.release_before(self._entry.route)
        if isinstance(fate.rule, Status | Away | ResetBefore | TimeoutBefore | Late):
            self._not_applied(request, fate)
        else:
            self._applied(request, fate)

    def _not_applied(self, request: Request, fate: Fate) -> None:
        entry, rule, sandbox = self._entry, fate.rule, self._sandbox
        if isinstance(rule, Status | Away):
            self._answer_with(refusal(rule))
            return
        entry.late = isinstance(rule, Late)
        sandbox.books.settle(entry)
        if isinstance(rule, TimeoutBefore):
            self._wire.hold(rule.seconds, self._struck.over)
            return
        if isinstance(rule, Late):
            sandbox.faults.held.hold(entry, rule, lambda: sandbox.handle(request, entry))
        self._wire.reset()

    def _answer_with(self, response: Response) -> None:
        self._entry.status = response.status
        self._sandbox.books.settle(self._entry)
        self._wire.send(response)
        self._sandbox.books.close(self._entry)

    def _applied(self, request: Request, fate: Fate) -> None:
        entry, rule = self._entry, fate.rule
        if isinstance(rule, ExpireToken):
            self._sandbox.expire_token(entry.token)
        response = self._sandbox.handle(request, entry)
        if isinstance(rule, ResetAfter):
            self._wire.reset()
            return
        if isinstance(rule, TimeoutAfter):
            self._wire.hold(rule.seconds, self._struck.over)
            return
        if response.status == 200:
            self._change(response, fate)
        if isinstance(rule, Cut):
            self._wire.cut(response, matching_length=rule.matching_length)
        else:
            self._wire.send(garbage() if isinstance(rule, Garbage) else response)
        self._sandbox.books.close(entry)

    def _change(self, response: Response, fate: Fate) -> None:
        """Falsify an answer as the rules say; what is stored stays as it is."""
        pages = [change for change in fate.changes if not isinstance(change[0], Word)]
        if pages:
            change_page(response, self._sandbox.listing(self._entry.token), pages)
        for rule, _ in fate.changes:
            if isinstance(rule, Word):
                reworded(response, rule)
