"""A whole import on the local stack against the floor, at three latencies of the vendor.

    python -m bench import

An import is measured from when the bucket holds the file to the end of its execution; the floor
(`bench.floor`) is measured before it, on the same sandbox with an account as empty. The bodies of
the floor are those that the import sends. The sandbox executes at once and as fast as it can, so
that it hides nothing of ours.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

from bench import chunker, corpus, floor
from bench.figures import Figure
from bench.plan import ROOT, Plan
from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from prefdrop_local.stack import LocalStack, StackSettings

ENDED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
LATENCIES = (0, 100, 400)
SHARE, START_SECONDS = 1.10, 3.0
"""An import may take so many times the floor, and so many seconds more."""


class Imported(NamedTuple):
    """One import, as seen from outside."""

    seconds: float
    report: dict[str, Any]
    spent: dict[str, float]
    """Seconds inside each function."""
    calls: int
    transitions: int
    gigabyte_seconds: float


def rows(plan: Plan) -> Iterator[Figure]:
    """Seconds of the import and of the floor for each latency; then other kinds of files."""
    count = 50_000 if plan.quick else 1_000_000
    people = plan.people(count)
    bodies = _bodies(plan, people)
    with bench() as stack:
        for latency in LATENCIES[:1] if plan.quick else LATENCIES:
            stack.fresh(latency_ms=latency)
            least = floor.measure(bodies, stack.sandbox.url, stack.sandbox.credentials)
            what = f"{count:,} rows at {latency} ms"
            yield Figure("import", f"floor, {what}", least.seconds, "s", note=_parts(least))
            stack.fresh(latency_ms=latency)
            found = stack.run(people, "csv")
            yield _against(least, f"import, {what}", found)
            if latency == 0:
                least_of_all, first = least, found
        yield from _counted(first)
        if plan.quick:
            return
        for kind in ("csv.gz", "jsonl"):
            stack.fresh(latency_ms=0)
            found = stack.run(plan.people(count, kind), kind)
            yield _against(least_of_all, f"import as {kind}, {count:,} rows at 0 ms", found)


def _bodies(plan: Plan, people: Path) -> Path:
    """A folder of the bodies that an import of this file sends."""
    folder = plan.folder / f"{people.name}-bodies"
    if not folder.exists():
        folder.mkdir()
        for number, chunk in enumerate(chunker.chunks(people)):
            (folder / f"{number:06}").write_bytes(chunk.body)
    return folder


def _against(least: floor.Floor, what: str, found: Imported) -> Figure:
    done, told = found.report, least.processed
    assert (done["staged"], done["processed"]) == (least.received, told), done
    return Figure(
        "import", what, found.seconds, "s",
        target=SHARE * least.seconds + START_SECONDS, holds="at most",
        note=f"{found.seconds / least.seconds:.2f} times the floor; {_inside(found)}",
    )  # fmt: skip


def _parts(least: floor.Floor) -> str:
    return f"staging {least.staging:.1f}"


def _inside(found: Imported) -> str:
    """Where the time of an import went: its longest steps."""
    longest = sorted(found.spent.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name.removesuffix('Function')} {took:.1f}" for name, took in longest)


def _counted(found: Imported) -> Iterator[Figure]:
    """What the import at no latency asked for."""
    for what, value, unit in (
        ("requests to the vendor", found.report["vendor_requests"], "requests"),
        ("state transitions, with those of polling", found.transitions, "transitions"),
        ("calls of functions", found.calls, "calls"),
        ("memory times time of the functions, on this machine", found.gigabyte_seconds, "GB-s"),
    ):
        yield Figure("import", what, value, unit)


class Bench:
    """A stack and its sandbox, with an account that forgets between imports."""

    def __init__(self, stack: LocalStack, sandbox: SandboxProcess) -> None:
        self.stack, self.sandbox = stack, sandbox
        self.s3 = stack.client("s3")
        self.bucket = stack.outputs["BucketName"]
        self._ended = threading.Condition()
        self._events: dict[str, dict[str, Any]] = {}
        stack.on_event(self._note)

    def fresh(self, **settings: Any) -> None:
        """An account with nobody in it, and the sandbox's settings changed by these."""
        for method, path, body in (("POST", "reset", None), ("PATCH", "settings", settings)):
            url = self.sandbox.admin_url + path
            requests.request(method, url, json=body, timeout=600).raise_for_status()

    def run(self, file: Path, kind: str) -> Imported:
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
        spent: dict[str, float] = {}
        memory = 0.0
        for one in calls:
            took = (one.ended or time.monotonic()) - one.started
            spent[one.function] = spent.get(one.function, 0) + took
            memory += took * self.stack.function(one.function).memory / 1024
        entered = self._transitions(execution)
        return Imported(seconds, self._report(name), spent, len(calls), entered, memory)

    def _note(self, event: dict[str, Any]) -> None:
        if event["detail-type"] != "Step Functions Execution Status Change":
            return
        started = json.loads(event["detail"]["input"]).get("detail", {}).get("object", {})
        with self._ended:
            if event["detail"]["status"] in ENDED:
                self._events[started.get("version-id", "")] = event["detail"]
                self._ended.notify_all()

    def _wait(self, version: str) -> str:
        """The execution of an object version, once it has ended."""
        with self._ended:
            self._ended.wait_for(lambda: version in self._events)
        arn: str = self._events[version]["executionArn"]
        return arn

    def _transitions(self, execution: str) -> int:
        pages = self.stack.client("stepfunctions").get_paginator("get_execution_history")
        told = pages.paginate(executionArn=execution, includeExecutionData=False)
        return sum(e["type"].endswith("StateEntered") for page in told for e in page["events"])

    def _report(self, feed: str) -> dict[str, Any]:
        """The report that was written last."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"results/{feed}/")["Contents"]
        reports = [one for one in found if one["Key"].endswith("report.json")]
        newest = max(reports, key=lambda one: one["LastModified"])
        body = self.s3.get_object(Bucket=self.bucket, Key=newest["Key"])["Body"].read()
        report: dict[str, Any] = json.loads(body)
        return report


@contextmanager
def bench(**sandbox_options: Any) -> Iterator[Bench]:
    """A stack whose sandbox executes at once and as fast as it can."""
    options = {"queued_seconds": 0, "records_per_second": 0, **sandbox_options}
    settings = StackSettings(minute_seconds=3600)
    with (
        start_sandbox(**options) as sandbox,
        LocalStack(ROOT, {}, sandbox, None, settings) as stack,
    ):
        yield Bench(stack, sandbox)
