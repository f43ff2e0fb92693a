"""A workbench that can stop, kill and break what runs on it, and see the turn."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from prefdrop.ledger.table import unmarshal
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from prefdrop_local.stack import Invocation, LocalStack, StackSettings, TableRequest
from prefdrop_local.stack.vendor import of_sandbox
from tests.faults.local_stack.wire import Gate, Wire, wire_to
from tests.workbench import FINISHED, PATIENCE, ROOT, Workbench

SHORT = {
    "RequestSeconds": "2",
    "GhostSeconds": "2",
    "LeaseSeconds": "3",
    "PollFirstSeconds": "1",
    "PollMaxSeconds": "1",
    "ChunkBytes": "4000",
}
"""Times in which a request to this machine surely ends, and chunks of a dozen people."""

SWEEP = "SweepTurnsFunctionEveryMinute"

Match = Callable[[TableRequest], bool]


class Breakable(Workbench):
    """One stack, one sandbox and the wire between them, with nothing in them."""

    def __init__(self, stack: LocalStack, sandbox: SandboxProcess, wire: Wire) -> None:
        super().__init__(stack, sandbox)
        self.wire = wire
        self.spoilt = False
        """Whether what a test did to the stack cannot be undone."""
        self._gates: list[Gate] = []
        self.empty_tables("Imports", "Exceptions", "Audit")
        self.empty_bucket("")
        self.reset_vendor()
        self.push_feed()

    def release(self) -> None:
        """Let everything go on that a test has stopped."""
        self.wire.release()
        for gate in self._gates:
            gate.open()
        for function in ("StageChunksFunction", "ExecutePartFunction"):
            self.stack.resume_workers(function)

    def is_at_rest(self) -> bool:
        """Whether all that a test began has come to its end, so that another may begin."""
        if self.spoilt:
            return False
        try:
            self.wait_for(self._nothing_runs, seconds=15)
        except AssertionError:
            return False
        return not self.holder().get("execution") and not self.queue()

    def _nothing_runs(self) -> bool:
        """Every execution has ended and its end was heard of; no function works."""
        began = {one["executionArn"] for one in self._executions()}
        over = {one["executionArn"] for one in self._executions() if one["status"] in FINISHED}
        heard = [one for one in self.calls("PassTurnFunction") if one.outcome == "returned"]
        # A duplicate event ends its execution before it takes a ticket, so no turn is passed on.
        queued = [arn for arn in over if self.calls("TakeTurnFunction", of=arn)]
        return (
            began == over
            and all(any(arn in one.payload.decode() for one in heard) for arn in queued)
            and all(one.ended is not None for one in self.stack.invocations)
        )

    # --- stopping and breaking ----------------------------------------------------------------

    def stop_at_call(self, function: str, *, of: str = "", nth: int = 1) -> Gate:
        """Stop the nth call of a function from now on before it begins."""
        gate, seen = Gate(), 0
        self._gates.append(gate)

        def look(call: Invocation) -> None:
            nonlocal seen
            if call.function == function and call.ended is None and of in call.payload.decode():
                seen += 1
                if seen == nth:
                    gate.stop_here()

        self._stops.append(self.stack.on_invoke(look))
        return gate

    def stop_at_write(self, match: Match, *, nth: int = 1) -> Gate:
        """Stop the nth table request that matches."""
        gate = Gate()
        self._gates.append(gate)
        self.at_write(match, gate.stop_here, nth=nth)
        return gate

    def freeze_at_write(self, function: str, match: Match) -> Gate:
        """Suspend a function's worker at the first table request that matches."""
        gate = Gate()
        gate.open()

        def freeze() -> None:
            self.stack.suspend_worker(function)
            gate.stop_here()

        self.at_write(match, freeze)
        return gate

    def at_write(self, match: Match, do: Callable[[], object], *, nth: int = 1) -> None:
        """Do something at the nth table request that matches."""
        seen = 0

        def look(request: TableRequest) -> None:
            nonlocal seen
            if match(request):
                seen += 1
                if seen == nth:
                    do()

        self.on_table_request(look)

    def on_table_request(self, observer: Callable[[TableRequest], None]) -> None:
        """Call `observer` before and after each table request, as long as the test lasts."""
        self._stops.append(self.stack.on_table_request(observer))

    def abort(self, version: str) -> str:
        """Stop the execution of a drop by hand; returns it."""
        execution: str = self.import_of(version)["execution_arn"]
        self.step_functions.stop_execution(executionArn=execution)
        return execution

    def sweep(self) -> None:
        """Fire the sweeper's schedule, and wait until it is done."""
        before = self._ended_calls("SweepTurnsFunction")
        self.stack.fire_schedule(SWEEP)
        self.wait_for(lambda: self._ended_calls("SweepTurnsFunction") > before)

    def calls(self, function: str, *, of: str = "") -> list[Invocation]:
        """The calls of a function in this test so far."""
        return [
            one
            for one in self.stack.invocations[self._seen_invocations :]
            if one.function == function and of in one.payload.decode()
        ]

    def _ended_calls(self, function: str) -> int:
        return sum(one.ended is not None for one in self.calls(function))

    def set_faults(self, *rules: dict[str, Any]) -> None:
        """Put fault rules in force at the sandbox."""
        answer = requests.put(
            self.sandbox.admin_url + "faults", json={"rules": list(rules)}, timeout=PATIENCE
        )
        assert answer.ok, answer.text

    def advance_vendor(self, seconds: float) -> None:
        """Let the vendor's clock go forward."""
        requests.post(
            self.sandbox.admin_url + "clock", json={"advance": seconds}, timeout=PATIENCE
        ).raise_for_status()

    # --- looking ------------------------------------------------------------------------------

    def ledger(self, version: str = "") -> list[dict[str, Any]]:
        """The ledger's items, of one drop's import or all."""
        prefix = f"IMPORT#{self.import_of(version)['import_id']}" if version else ""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.stack.outputs["ImportsTableName"], ConsistentRead=True
        )
        items = [unmarshal(item) for page in pages for item in page["Items"]]
        chosen = [item for item in items if item["pk"].startswith(prefix)]
        return sorted(chosen, key=lambda item: (item["pk"], item["sk"]))

    def queue(self) -> list[dict[str, Any]]:
        """The tickets that wait for the turn."""
        return [item for item in self.ledger() if item["sk"].startswith("TICKET#")]

    def holder(self) -> dict[str, Any]:
        """Whose turn it is."""
        return next((item for item in self.ledger() if item["sk"] == "HOLDER"), {})

    def part_of(self, version: str) -> dict[str, Any]:
        """The last part of a drop's import."""
        return [i for i in self.ledger(version) if i["sk"].startswith("PART#")][-1]

    def retry(self, version: str, *options: str) -> dict[str, Any]:
        """Retry a drop's import as an operator does; its report once that has ended."""
        record = self.import_of(version)
        said = self.prefdrop("imports", "retry", record["import_id"], *options)
        assert said.returncode == 0, said.stderr
        self.end_of(self.import_of(version)["execution_arn"])
        return self.read_json(self.import_of(version)["report_key"])

    def executed_ids(self) -> Counter[str]:
        """How often the vendor executed each person's record, by the id in the file."""
        found: Counter[str] = Counter()
        for one in self.vendor("imports")["imports"]:
            if one["state"] not in ("Queued", "Processing", "Completed"):
                continue
            for start in range(0, one["received"], 1000):
                page = self.vendor(f"imports/{one['token']}", offset=start, limit=1000)
                found.update(_id(person["record"]) for person in page["records"])
        return found

    def accepted(self, route: str) -> list[dict[str, Any]]:
        """The requests of a route that changed something at the vendor."""
        return [one for one in self.requests_to(route) if one["applied"]]


def _id(record: dict[str, Any]) -> str:
    identifier: str = record["AlternateIds"][0]["AlternateId"]
    return identifier


@contextmanager
def place(data_dir: Path, **parameters: str) -> Iterator[tuple[LocalStack, SandboxProcess, Wire]]:
    """A stack with short leases, whose vendor answers at once, and the wire between them."""
    settings = StackSettings(
        warm_workers=False, wait_scale=0.1, minute_seconds=3600, async_retry_seconds=0.1
    )
    with (
        start_sandbox(queued_seconds=0, records_per_second=0) as sandbox,
        wire_to(sandbox.url) as wire,
        LocalStack(
            ROOT,
            {**SHORT, **parameters},
            replace(of_sandbox(sandbox), url=wire.url),
            data_dir,
            settings,
        ) as stack,
    ):
        yield stack, sandbox, wire


class SharedPlace:
    """A place that tests use one after the other; a new one after a test that left it unfit."""

    def __init__(self, make_dir: Callable[[], Path]) -> None:
        self._make_dir = make_dir
        self._running = ExitStack()
        self._place: tuple[LocalStack, SandboxProcess, Wire] | None = None
        self._parameters: dict[str, str] = {}

    @contextmanager
    def taken(self, **parameters: str) -> Iterator[Breakable]:
        """The place for one test, with nothing in it; a new one where the parameters are others."""
        if self._parameters != parameters:
            self.close()
        if self._place is None:
            self._parameters = parameters
            self._place = self._running.enter_context(place(self._make_dir(), **parameters))
        bench, fit = Breakable(*self._place), False
        try:
            yield bench
            bench.release()
            fit = bench.is_at_rest()
        finally:
            bench.release()
            bench.close()
            if not fit:
                self.close()

    def close(self) -> None:
        """End what runs here."""
        self._place = None
        self._running.close()


def is_write_of(function: str, action: str, moment: str, contains: str = "") -> Match:
    """Table requests of a function; `contains` is text of their parameters."""

    def match(request: TableRequest) -> bool:
        return (
            request.function == function
            and request.action == action
            and request.moment == moment
            and contains in json.dumps(request.body)
        )

    return match


def is_hand_over(function: str, moment: str) -> Match:
    """The write by which a function gives the turn to somebody, or to nobody."""

    def match(request: TableRequest) -> bool:
        return (
            request.function == function
            and request.action in ("PutItem", "TransactWriteItems")
            and request.moment == moment
            and '"HOLDER"' in json.dumps(request.body)
        )

    return match
