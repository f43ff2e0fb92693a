"""Plays a schedule: imports side by side, operators, sweeps, and all that befalls them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.errors import PrefdropError
from prefdrop.importing import initiate_part, operate, waiting
from prefdrop.importing.drop import read_event
from prefdrop.ledger import clock
from prefdrop.ledger.imports import FINISHED, Import
from prefdrop.mypreferences.auth import PnAuthInfo3
from prefdrop.mypreferences.transport import Retries
from prefdrop_local.sandbox.process import SandboxProcess
from tests.faults.interpreter import Execution, Json, StepError
from tests.faults.schedule import ROWS, Event, Schedule
from tests.faults.simulation import Clock, Killed, Simulation
from tests.faults.weather import Spell
from tests.workbench import FEED

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:prefdrop-import"
MOST_STEPS = 6_000
"""Steps of all state machines after which a schedule does not end."""

GONE_WRONG = (PrefdropError, ClientError, BotoCoreError, Killed)
"""How a command of an operator may end."""


class Stuck(AssertionError):
    """The imports of a schedule do not end."""


class SteadyClock(Clock):
    """A clock that moves by waits alone, and a little each time that somebody looks at it."""

    def __init__(self, tell: Callable[[float], None], start_ns: int) -> None:
        super().__init__(tell)
        self._now = self._told = start_ns

    def time_ns(self) -> int:
        self._now += 50_000
        return self._now

    def advance(self, until: str | float) -> None:
        self.advance_to(self.moment(until))

    def advance_to(self, moment: int) -> None:
        """Move on to a moment in ns, and the vendor's clock with it."""
        self._now = max(self._now, moment)
        self._tell((self._now - self._told) / 1_000_000_000)
        self._told = self._now


class Drop:
    """One file, and the executions that its events started."""

    def __init__(self, event: Event, body: bytes) -> None:
        self.number: int = event["number"]
        self.rows: int = len(event["kinds"])
        self.sequencer: str = event["sequencer"]
        self.second: int = event["second"]
        self.key = f"inbox/people/{event['name']}"
        self.body = body
        self.import_id = ""


class World(Simulation):
    """A stack, a vendor and some operators under one schedule."""

    def __init__(
        self, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, schedule: Schedule
    ) -> None:
        super().__init__(sandbox, monkeypatch, **schedule.settings)
        self.vendor("reset", "POST")
        now = self.vendor("clock", "POST", stopped=True)["now"]
        begun = round(clock.datetime.fromisoformat(now).timestamp() * 1000) * 1_000_000
        self.clock = SteadyClock(self.clock._tell, begun)
        self.weather._time_ns = self.clock.time_ns
        self._use_the_clock(monkeypatch)
        for module in (initiate_part, waiting):
            monkeypatch.setattr(module, "MOST_ROUNDS", schedule.most_rounds)
        self.vendor("settings", "PATCH", exceptions_limit_max=schedule.page)
        self.push_feed(_feed(schedule))
        self.schedule = schedule
        self.pick = random.Random(schedule.seed)
        self.drops: list[Drop] = []
        self.rules: list[Json] = []
        self.unordered: set[str] = set()
        """Imports that an operator let be older than what was executed."""
        self.crashes: list[str] = []
        """Errors that nobody foresaw."""
        self.steps = 0
        self._seen_ends: set[str] = set()
        self._told_of_ends = True

    def _use_the_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock.time, "time_ns", self.clock.time_ns)
        seconds = lambda: self.clock.time_ns() / 1e9  # noqa: E731
        monkeypatch.setitem(PnAuthInfo3.__init__.__kwdefaults__, "clock", seconds)
        monkeypatch.setattr(
            Retries.__new__, "__defaults__", (4, 0.5, 8.0, self.clock.advance, lambda: 0.5)
        )

    # --- state machines side by side ------------------------------------------------------------

    def start(self, event: Json, arn: str = "") -> Execution:
        arn = arn or f"{MACHINE.replace(':stateMachine:', ':execution:')}:{len(self.executions)}"
        execution = Execution(arn, event, self.invoke, self.clock.moment)
        self.executions.append(execution)
        return execution

    def call(self, function: str, payload: Json) -> Any:
        try:
            return super().call(function, payload)
        except StepError as error:
            if error.name == "StepCrashed":
                self.crashes.append(f"{function}: {error.cause}")
            raise

    def play(self) -> None:
        """Let everything happen, then clean up as operators do."""
        for event in self.schedule.events:
            while self.steps < event["at"] and self._go_on(hurry=True):
                pass
            self.steps = max(self.steps, event["at"])
            self.happen(event)
        self.run()
        self.clean_up()

    def run(self) -> None:
        """Go on until every execution has ended."""
        while self._go_on():
            if self.steps > MOST_STEPS:
                raise Stuck(self.where())

    def where(self) -> str:
        """Return where each execution is that still runs."""
        running = [e for e in self.executions if e.status == "RUNNING"]
        return ", ".join(f"{e.visited[-1]} of {e.start}" for e in running)

    def _go_on(self, *, hurry: bool = False) -> bool:
        """Take one step of one execution, or let the time pass; False when all have ended.

        Who is in a hurry takes half of the waits as they come and leaves the rest for later.
        """
        self._tell_of_ends()
        running = [one for one in self.executions if one.status == "RUNNING"]
        if not running:
            return False
        self.steps += 1
        now = self.clock.time_ns()
        awake = [one for one in running if one.asleep_until <= now and _can_go_on(one)]
        if awake:
            self.pick.choice(awake).step()
            return True
        if hurry and self.pick.random() < 0.5:
            return False
        self._let_time_pass(running, now)
        return True

    def _let_time_pass(self, running: list[Execution], now: int) -> None:
        """Sleep until the next execution wakes up; the sweeper runs each minute."""
        wakes = [one.asleep_until for one in running if one.asleep_until > now]
        waits = [one for one in running if one.waiting and one.asleep_until <= now]
        ends = {one.arn: self._end_of_wait(one, now) for one in waits}
        if waits:
            self.clock.advance_to(min([now + 60_000_000_000, *wakes]))
            if self.sweep() and any(_can_go_on(one) for one in waits):
                return
        timed = [end for end in ends.values() if end]
        if not wakes and not timed:
            return
        until = min([*wakes, *timed])
        if len(waits) > 1:  # one may be held while others wait for its turn
            until = min(until, now + 600_000_000_000)
        self.clock.advance_to(until)
        for one in waits:
            if ends[one.arn] and ends[one.arn] <= until and one.waiting:
                one.waiting.timed_out = not one.waiting.answered

    def _end_of_wait(self, one: Execution, now: int) -> int:
        wait = one.waiting
        if wait is None or not wait.seconds:
            return 0
        if not wait.until:
            wait.until = now + round(wait.seconds * 1_000_000_000)
        return wait.until

    def sweep(self) -> bool:
        """Run the sweeper; True when it did its work."""
        try:
            self.call("SweepTurns", {})
        except StepError:
            return False
        return True

    def _tell_of_ends(self) -> None:
        """Run PassTurn for each execution that failed, as the rule of EventBridge does."""
        for one in self.executions:
            if one.status in ("RUNNING", "SUCCEEDED") or one.arn in self._seen_ends:
                continue
            self._seen_ends.add(one.arn)
            if one.status == "ABORTED" and not self._told_of_ends:
                continue
            detail = {
                "executionArn": one.arn,
                "status": one.status,
                "input": json.dumps(one.start),
            }
            with suppress(StepError):
                self.call("PassTurn", {"detail": detail})

    # --- events ---------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Let one event of the schedule happen, perhaps in the middle of a step."""
        act = partial(getattr(self, "_" + event["what"].replace(" ", "_")), event)
        if event.get("amid"):
            self.trouble.meanwhile(event["amid"], act)
        else:
            act()

    def _drop(self, event: Event) -> None:
        rows = [
            ROWS[kind].format(n=n, d=event["number"])
            for n, kind in enumerate(event["kinds"], start=1)
        ]
        drop = Drop(event, ("id,first,email,news\n" + "".join(rows)).encode())
        execution = self.drop(
            drop.body,
            name=event["name"],
            time=f"2026-01-15T10:00:{event['second']:02d}Z",
            sequencer=event["sequencer"],
        )
        drop.import_id = import_id_of(execution)
        self.drops.append(drop)
        if event["twice"]:
            self.start(execution.start)

    def _fault(self, event: Event) -> None:
        self.rules.append(event["rule"])
        self.fault(*self.rules)

    def _die(self, event: Event) -> None:
        self.death.plan(*event["points"])

    def _trouble(self, event: Event) -> None:
        self.trouble.plan(*event["points"])

    def _weather(self, event: Event) -> None:
        until = self.clock.moment(event["minutes"] * 60)
        self.weather.spells.append(Spell(until, event["status"], event["paths"]))

    def _wrong_secret(self, event: Event) -> None:
        self.wrong_secret_until = self.clock.moment(event["minutes"] * 60)

    def _sweep(self, event: Event) -> None:
        self.sweep()

    def _pass_time(self, event: Event) -> None:
        self.clock.advance(event["minutes"] * 60)
        self.sweep()

    def _stop(self, event: Event) -> None:
        """Somebody stops an execution; the event of it may get lost."""
        running = [one for one in self.executions if one.status == "RUNNING" and one.visited[1:]]
        if running:
            self._told_of_ends = event["told"]
            running[event["which"] % len(running)].status = "ABORTED"

    def _late(self, event: Event) -> None:
        """A worker comes late with a step that was taken before."""
        if self.calls:
            function, payload = self.calls[int(event["which"] * len(self.calls))]
            with suppress(StepError):
                self.call(function, payload)

    # --- operators ------------------------------------------------------------------------------

    def _target(self, event: Event) -> Import | None:
        """The import that an event is about, if the ledger knows it."""
        drops = {drop.number: drop for drop in self.drops}
        drop = drops.get(event["which"]) or next(iter(self.drops), None)
        return None if drop is None else self.ledger().imports.find(drop.import_id)

    def _decide(self, event: Event, act: Callable[[Any, Import], object]) -> None:
        """Let an operator decide; his own calls may fail, and his machine may die."""
        record = self._target(event)
        if record is None:
            return
        if event["trouble"]:
            self.trouble.plan(*event["trouble"])
        try:
            act(self.services(), record)
        except GONE_WRONG:
            pass
        except Exception as error:
            self.crashes.append(f"{event['what']}: {type(error).__name__}: {error}")

    def _approve(self, event: Event) -> None:
        self._decide(event, lambda services, record: operate.approve(services, record.import_id))

    def _approve_with(self, event: Event) -> None:
        def approve(services: Any, record: Import) -> None:
            if record.rejects_key:
                body = self._corrected(record, event["share"])
                operate.approve(services, record.import_id, body, "corrected.csv")

        self._decide(event, approve)

    def _corrected(self, record: Import, share: float) -> bytes:
        """The first rows of a rejects file, corrected."""
        text = self.read(record.rejects_key).decode()
        text = text.replace("@localhost.test", "@example.test").replace("no-address", "a@b.test")
        head, *rows = text.splitlines(keepends=True)
        whole = [row for row in rows if row.count('"') % 2 == 0 and row.count(",") > 3]
        return "".join([head, *whole[: max(1, round(share * len(whole)))]]).encode()

    def _cancel(self, event: Event) -> None:
        self._decide(event, lambda services, record: operate.cancel(services, record.import_id))

    def _retry(self, event: Event) -> None:
        self._decide(
            event,
            lambda services, record: operate.retry(
                services,
                record.import_id,
                MACHINE,
                force=event["force"],
                except_newer=event["except_newer"],
            ),
        )
        if (event["force"] or event["except_newer"]) and (record := self._target(event)):
            self.unordered.add(record.import_id)

    # --- the end --------------------------------------------------------------------------------

    def clear_up_the_sky(self) -> None:
        """Let nothing befall anybody any more."""
        self.death.plan()
        self.trouble.stop()
        self.weather.spells = []
        self.wrong_secret_until = 0
        self.fault()

    def clean_up(self) -> None:
        """Do what an operator does about imports that failed; then let every worker come late."""
        self.clear_up_the_sky()
        for _ in range(6):
            self.run()
            for _ in range(3):  # what AWS refused before is done by the sweeper
                self.clock.advance(60)
                self.sweep()
            self.run()
            todo = [record for record in self.imports() if self._needs_retry(record)]
            if not todo:
                break
            for record in todo:
                late = record.error is not None and record.error.code == "Superseded"
                if late:
                    self.unordered.add(record.import_id)
                try:
                    operate.retry(self.services(), record.import_id, MACHINE, except_newer=late)
                except operate.NothingToRetry:
                    continue
                self._run_with_decisions()

    def _run_with_decisions(self) -> None:
        while self._go_on():
            if self.steps > MOST_STEPS:
                raise Stuck(self.where())
            for record in self.imports() if self.steps % 5 == 0 else ():
                if record.approval_token and record.hold and record.hold.state == "pending":
                    act = operate.approve if self.schedule.patience else operate.cancel
                    act(self.services(), record.import_id)

    def _needs_retry(self, record: Import) -> bool:
        code = record.error.code if record.error else ""
        if record.status not in FINISHED:
            return True
        if record.status == "Aborted":
            held = self.schedule.gates["over_gate"] == "hold" and record.attempt < 3
            return code == "ExecutionAborted" or (self.schedule.patience and held)
        lasting = ("TokenDied",) if self.schedule.patience else ("TokenDied", "Superseded")
        return record.status == "Failed" and code not in lasting

    def imports(self) -> list[Import]:
        """The imports of the drops that the ledger knows, in the order of their drops."""
        found = [self.ledger().imports.find(drop.import_id) for drop in self.drops]
        return [record for record in found if record is not None]


def import_id_of(execution: Execution) -> str:
    """The id of the import of a drop's event."""
    return read_event(execution.start).import_id


def _feed(schedule: Schedule) -> str:
    gates = "".join(f"{name} = {json.dumps(v)}\n" for name, v in schedule.gates.items())
    named = f'name = "people"\norder = "{schedule.order}"\n'
    return FEED.replace("max_rejected_percent = 100\n", gates).replace('name = "people"\n', named)


def _can_go_on(one: Execution) -> bool:
    waiting = one.waiting
    return waiting is None or waiting.answered or waiting.timed_out
