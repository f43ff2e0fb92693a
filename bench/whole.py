"""A whole import on the local stack against the floor.

    python -m bench import

An import is measured from when the bucket holds the file to the end of its execution; the floor
(`bench.floor`) takes turns with it, on the same sandbox with an account as empty. The bodies of the
floor are those that the import sends. The sandbox executes at once and as fast as it can, so that
it hides nothing of ours.
"""

from __future__ import annotations

import json
import os
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import requests

from bench import chunker, corpus, floor
from bench.contest import Contest, RowsDifferError, Way
from bench.figures import Figure
from bench.plan import Plan
from bench.processes import ROOT, Run, processor_seconds, tree
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from prefdrop_local.stack import LocalStack, StackSettings

ENDED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
FLOOR = "floor"
COUNT, QUICK_COUNT = 50_000, 20_000
MOST_TIMES, QUICK_MOST_TIMES = 1.8, 3.0
"""How many times the floor an import may take. The starts of steps weigh more in a small one."""
CONTESTS = {0: ("csv", "csv.gz", "jsonl"), 400: ("csv",)}
QUICK_CONTESTS = {0: ("csv",)}
"""Kinds of files by the milliseconds that each answer of the vendor takes."""


def rows(plan: Plan) -> Iterator[Figure]:
    """Seconds of the floor and of imports at each latency, and how they compare."""
    count = QUICK_COUNT if plan.quick else COUNT
    most = QUICK_MOST_TIMES if plan.quick else MOST_TIMES
    bodies = _bodies(plan, plan.people(count))
    with bench() as stack:
        for latency, kinds in (QUICK_CONTESTS if plan.quick else CONTESTS).items():
            imports = Imports(stack, bodies, latency)
            ways: dict[str, Way] = {FLOOR: imports.floor}
            ways |= {kind: partial(imports.run, plan.people(count, kind), kind) for kind in kinds}
            found = Contest("import", ways, bodies.records, by="wall")
            where = f"{count:,} rows at {latency} ms"
            staging = f"staging {statistics.median(imports.staging):.1f}"
            yield found.seconds(FLOOR, f"floor, {where}", note=staging)
            for kind in kinds:
                yield found.seconds(kind, f"import as {kind}, {where}", note=imports.inside(kind))
                yield found.ratio(
                    kind, FLOOR, f"import as {kind}, {where}, divided by the floor",
                    target=most, holds="at most",
                )  # fmt: skip
            if latency == 0:
                yield from imports.counted("csv")


class Bodies(NamedTuple):
    """The bodies that an import of a file sends, as files of a folder."""

    folder: Path
    records: int


class Imported(NamedTuple):
    """One import, as seen from outside."""

    report: dict[str, Any]
    spent: dict[str, float]
    """Seconds inside each function."""
    calls: int
    transitions: int


class Imports:
    """The ways of one contest: the floor and imports, at one latency of the vendor."""

    def __init__(self, stack: Bench, bodies: Bodies, latency: int) -> None:
        self._stack, self._bodies, self._latency = stack, bodies, latency
        self._imported: dict[str, list[Imported]] = defaultdict(list)
        self._processed: set[int] = set()
        self.staging: list[float] = []
        """Seconds that the floor posted bodies, by turn."""

    def floor(self, _turn: int) -> Run:
        """Post the bodies ready-made."""
        self._stack.fresh(latency_ms=self._latency)
        sandbox = self._stack.sandbox
        found = floor.measure(self._bodies.folder, sandbox.url, sandbox.credentials)
        self.staging.append(found.staging)
        self._check(found.processed)
        return found.run

    def run(self, file: Path, kind: str, _turn: int) -> Run:
        """Import a file; its rows are the records that it staged."""
        self._stack.fresh(latency_ms=self._latency)
        before = processor_seconds(self._stack.processes())
        wall, imported = self._stack.run(file, kind)
        after = processor_seconds(self._stack.processes())
        self._imported[kind].append(imported)
        self._check(imported.report["processed"])
        processor = None if before is None or after is None else after - before
        return Run(imported.report["staged"], wall, processor)

    def inside(self, kind: str) -> str:
        """Return where the time of an import went: its longest steps, as medians."""
        names = {name for one in self._imported[kind] for name in one.spent}
        spent = {
            name: statistics.median(one.spent.get(name, 0.0) for one in self._imported[kind])
            for name in names
        }
        longest = sorted(spent.items(), key=lambda item: -item[1])[:3]
        return ", ".join(f"{name.removesuffix('Function')} {took:.1f}" for name, took in longest)

    def counted(self, kind: str) -> Iterator[Figure]:
        """Yield what the last import asked for."""
        last = self._imported[kind][-1]
        requested = last.report["vendor_requests"]
        yield Figure("import", "requests to the vendor", requested, "requests")
        transitions = "state transitions, with those of polling"
        yield Figure("import", transitions, last.transitions, "transitions")
        yield Figure("import", "calls of functions", last.calls, "calls")

    def _check(self, processed: int) -> None:
        self._processed.add(processed)
        if len(self._processed) > 1:
            raise RowsDifferError(
                f"The vendor processed {sorted(self._processed)} records of the same bodies. "
                "Find out which way is wrong."
            )


class Bench:
    """A stack and its sandbox, with an account that forgets between imports."""

    def __init__(self, stack: LocalStack, sandbox: SandboxProcess) -> None:
        self.stack, self.sandbox = stack, sandbox
        self.s3 = stack.client("s3")
        self.bucket = stack.outputs["BucketName"]
        self._ended = threading.Condition()
        self._events: dict[str, dict[str, Any]] = {}
        stack.on_event(self._note)

    def processes(self) -> list[int]:
        """Return the processes of the stack: this one and all below it but the vendor's."""
        return tree(os.getpid(), without=self.sandbox.pid)

    def fresh(self, **settings: Any) -> None:
        """Empty the account and change these settings of the sandbox."""
        for method, path, body in (("POST", "reset", None), ("PATCH", "settings", settings)):
            url = self.sandbox.admin_url + path
            requests.request(method, url, json=body, timeout=600).raise_for_status()

    def run(self, file: Path, kind: str) -> tuple[float, Imported]:
        """Import a file of people; from when the bucket holds it to the execution's end."""
        name = f"people-{kind.replace('.', '-')}"
        text = corpus.feed_text(kind).encode()
        self.s3.put_object(Bucket=self.bucket, Key=f"feeds/{name}.toml", Body=text)
        before = len(self.stack.invocations)
        with file.open("rb") as body:
            put = self.s3.put_object(
                Bucket=self.bucket, Key=f"inbox/{name}/people.{kind}", Body=body
            )
        begin = time.perf_counter()
        execution = self._wait(put["VersionId"])
        seconds = time.perf_counter() - begin
        calls = self.stack.invocations[before:]
        spent: dict[str, float] = defaultdict(float)
        for one in calls:
            spent[one.function] += (one.ended or time.monotonic()) - one.started
        transitions = self._transitions(execution)
        return seconds, Imported(self._report(name), spent, len(calls), transitions)

    def _note(self, event: dict[str, Any]) -> None:
        if event["detail-type"] != "Step Functions Execution Status Change":
            return
        started = json.loads(event["detail"]["input"]).get("detail", {}).get("object", {})
        with self._ended:
            if event["detail"]["status"] in ENDED:
                self._events[started.get("version-id", "")] = event["detail"]
                self._ended.notify_all()

    def _wait(self, version: str) -> str:
        """Return the execution of an object version, once it has ended."""
        with self._ended:
            self._ended.wait_for(lambda: version in self._events)
        arn: str = self._events[version]["executionArn"]
        return arn

    def _transitions(self, execution: str) -> int:
        pages = self.stack.client("stepfunctions").get_paginator("get_execution_history")
        history = pages.paginate(executionArn=execution, includeExecutionData=False)
        return sum(e["type"].endswith("StateEntered") for page in history for e in page["events"])

    def _report(self, feed: str) -> dict[str, Any]:
        """Return the report that was written last."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"results/{feed}/")["Contents"]
        reports = [one for one in found if one["Key"].endswith("report.json")]
        newest = max(reports, key=lambda one: one["LastModified"])
        body = self.s3.get_object(Bucket=self.bucket, Key=newest["Key"])["Body"].read()
        report: dict[str, Any] = json.loads(body)
        return report


@contextmanager
def bench(**sandbox_options: Any) -> Iterator[Bench]:
    """Run a stack whose sandbox executes at once and as fast as it can."""
    options = {"queued_seconds": 0, "records_per_second": 0, **sandbox_options}
    settings = StackSettings(minute_seconds=3600)
    with (
        start_sandbox(**options) as sandbox,
        LocalStack(ROOT, {}, sandbox, None, settings) as stack,
    ):
        yield Bench(stack, sandbox)


def _bodies(plan: Plan, people: Path) -> Bodies:
    folder, records = plan.folder / f"{people.name}-bodies", 0
    folder.mkdir()
    for number, chunk in enumerate(chunker.chunks(people)):
        (folder / f"{number:06}").write_bytes(chunk.body)
        records += chunk.records
    return Bodies(folder, records)
