"""Every metric of our own, really written by the code that counts it, and read as CloudWatch does.

`emitted` runs one small scenario for each place that counts something. `named` reads from the
code's syntax which names are counted anywhere, so that a place without a scenario is noticed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from prefdrop.auditing import backfill_windows, keeping
from prefdrop.auditing.backfill_events import _Backfill
from prefdrop.auditing.backfill_windows import BackfillRequest
from prefdrop.auditing.webhook_secret import SecretCache, WrongWebhookSecret
from prefdrop.exporting import ending, start_exports
from prefdrop.importing import gauges, report_import
from prefdrop.importing.report import Verdict
from prefdrop.ledger.exports import ExportRun
from prefdrop.mypreferences.events import parse_event
from prefdrop.telemetry import NAMESPACE

Emitted = dict[str, set[tuple[tuple[str, str], ...]]]
"""Metric names, and for each the sets of dimensions that it was written with."""

ENDS = ("Aborted", "Completed", "CompletedWithRejects", "Failed", "Unreconciled")
"""How an import that is reported has ended."""
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
TIMELESS = parse_event(b'{"EventID": "e-1", "EventType": "ProfileUpdated"}', position=None)


def _webhook() -> None:
    keeping.count(Counter(conflict=1, not_understood=1), [TIMELESS])


def _secret() -> None:
    with contextlib.suppress(WrongWebhookSecret):
        SecretCache(read=lambda: "{}").current()


def _backfill() -> None:
    backfill: Any = _Backfill(SimpleNamespace(), BackfillRequest())
    backfill._tell_if_cut(
        SimpleNamespace(answered=1_000, has_more=True), SimpleNamespace(at=SINCE, end=UNTIL)
    )
    backfill._tally([], Counter(missed=1))
    backfill.answer(None)
    backfill_windows._tell_cut(SINCE, UNTIL)


def _exports() -> None:
    for status in ("Completed", "Failed"):
        ending._count(status, ExportRun(export="readers", run="1", started_at=""))
    files = SimpleNamespace(here=lambda *_: [SimpleNamespace(key="exports/broken.toml")])
    broken: Any = SimpleNamespace(files=files, exports=None)
    start_exports.run(broken, {}, None)


def _imports() -> None:
    figures = dict.fromkeys(
        ("processed", "rejected_local", "rejected_validation", "rejected_execution", "seconds"), 1
    )
    for status in ENDS:
        report_import._publish(Verdict(status, True), SimpleNamespace(**figures))
    gauges.tell_waiting(2)
    gauges.tell_quota(7)
    gauges.tell_turn(None)
    gauges.tell_vendor_wait(None)


SCENARIOS: list[Callable[[], None]] = [_webhook, _secret, _backfill, _exports, _imports]


def emitted() -> Emitted:
    """What the scenarios write, as CloudWatch takes it in."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for scenario in SCENARIOS:
            scenario()
    found: Emitted = {}
    for line in out.getvalue().splitlines():
        for name, dimensions in _metrics_of(json.loads(line)):
            found.setdefault(name, set()).add(dimensions)
    return found


def _metrics_of(line: dict[str, Any]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """By the specification of the embedded metric format; a log line without one has no metrics."""
    for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
        assert directive["Namespace"] == NAMESPACE
        for names in directive["Dimensions"]:
            dimensions = tuple(sorted((name, str(line[name])) for name in names))
            for metric in directive["Metrics"]:
                assert line[metric["Name"]], metric
                yield metric["Name"], dimensions


def named(library: Path) -> set[str]:
    """The names that calls of `add_metric` anywhere in the library are given."""
    found: set[str] = set()
    for path in sorted(library.rglob("*.py")):
        module = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef):
                found |= _named_in(function, module, path)
    return found


def _named_in(function: ast.FunctionDef, module: ast.Module, path: Path) -> set[str]:
    found: set[str] = set()
    for call in ast.walk(function):
        if _calls(call, "add_metric"):
            found |= _values(call.args[0], function, module, path)
    return found


def _values(name: ast.expr, function: ast.FunctionDef, module: ast.Module, path: Path) -> set[str]:
    """The texts that an expression may stand for: itself, what a loop goes over, or what callers
    of the function give."""
    if isinstance(name, ast.Constant):
        return {str(name.value)}
    assert isinstance(name, ast.Name), f"{path}:{name.lineno}: who could read this metric's name?"
    looped = {
        entry.elts[0].value
        for loop in ast.walk(function)
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Tuple)
        for entry in loop.iter.elts
        if isinstance(entry, ast.Tuple) and isinstance(entry.elts[0], ast.Constant)
    }
    given = {
        call.args[0].value
        for call in ast.walk(module)
        if _calls(call, function.name) and call.args and isinstance(call.args[0], ast.Constant)
    }
    assert looped or given, f"{path}:{name.lineno}: who could read this metric's name?"
    return {str(value) for value in looped or given}


def _calls(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return name == (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", ""))
