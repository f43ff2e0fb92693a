"""Plays random schedules by the thousand: `make campaign SEEDS=0-2999`.

One line of JSON a seed goes to the results file; a seed that is there is not played again.
The campaign fails for any finding, and for a rare branch of the importing code that neither a
schedule nor a test of `DIRECTED` reached.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

QUIET = {"POWERTOOLS_METRICS_DISABLED": "true", "PYTHONWARNINGS": "ignore"}
KINDS = ("lost", "doubled", "reported", "order", "late", "stuck", "crashed")
"""How a finding begins."""

MARKS = "PREFDROP_MARKS"
"""Variable: the file to which a session of tests adds the marks that it reached."""

DIRECTED = (
    "tests/faults/test_reached.py",  # turns, leases, races of decisions, tokens that end unseen
    "tests/faults/test_late_steps.py",  # steps after the end, failures that nothing wrote down
    "tests/faults/test_decisions.py",  # holds that pass, decisions that AWS did not send
    "tests/faults/test_repeated_uploads.py",  # an upload that ended
    "tests/faults/test_vendor_away.py",  # throttles, exceptions that never end, failed partly
    "tests/faults/test_refusals.py",  # records kept out, probes, byte limits, quota
    "tests/faults/test_staging.py",  # counts that differ, parts torn before Execute
    "tests/unit/importing/test_execute_part.py",  # workers too slow, Executes in doubt
    "tests/unit/importing/test_pass_turn.py",  # turns kept while the vendor executes
    "tests/unit/importing/test_stager.py",  # probes in doubt, leases and tokens too old
    "tests/unit/ledger/test_turns.py",  # a turn that another passed
)
"""Tests that reach what random schedules rarely do, and what that is."""

_sandbox: Any = None
_parent = 0
_open = ExitStack()


def seeds_of(text: str) -> range:
    """Read `FIRST-LAST`, or one number."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _begin(parent: int) -> None:
    """Start what one process needs for all its schedules."""
    global _sandbox, _parent
    _parent = parent
    logging.disable(logging.CRITICAL)
    from prefdrop_local.sandbox.process import start_sandbox
    from prefdrop_local.stack.botocore_data import reading_once

    _open.enter_context(reading_once())
    _sandbox = _open.enter_context(
        start_sandbox(queued_seconds=0, records_per_second=0, daily_limit=1_000_000)
    )


def _play(seed: int) -> dict[str, Any]:
    from tests.faults.play import play
    from tests.faults.schedule import draw

    if _parent and os.getppid() != _parent:
        os._exit(1)  # whoever asked for schedules is gone
    try:
        played = play(_sandbox, draw(seed))
    except Exception as error:
        return {"seed": seed, "findings": [f"crashed: {type(error).__name__}: {error}"]}
    return {"seed": seed, "verdict": "findings" if played.findings else "good"} | played._asdict()


def run(seeds: Iterable[int], results: Path, processes: int) -> None:
    """Play the seeds that are not in the results file, and add a line for each."""
    done = {line["seed"] for line in read(results)}
    todo = [seed for seed in seeds if seed not in done]
    results.parent.mkdir(parents=True, exist_ok=True)
    os.environ.update(QUIET)
    with (
        ProcessPoolExecutor(
            processes,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(os.getpid(),),
            max_tasks_per_child=500,
        ) as pool,
        results.open("a") as file,
    ):
        for number, line in enumerate(pool.map(_play, todo), start=1):
            print(json.dumps(line), file=file, flush=True)
            for finding in line["findings"][:3]:
                print(f"seed {line['seed']}: {finding}", flush=True)
            if number % 100 == 0:
                print(f"{number:,} of {len(todo):,} schedules", flush=True)


def show(seed: int) -> int:
    """Play one seed; cut it down to what matters, and print it, when there are findings."""
    os.environ.update(QUIET)
    _begin(0)
    from tests.faults.play import play, shown, shrunk
    from tests.faults.schedule import draw

    with _open:
        found = play(_sandbox, draw(seed)).findings
        print(shown(shrunk(_sandbox, draw(seed), found) if found else draw(seed), found))
    return 1 if found else 0


def read(results: Path) -> Iterator[dict[str, Any]]:
    """Read the lines of a results file; a last one that was cut off counts for nothing."""
    for text in results.read_text().splitlines() if results.exists() else ():
        try:
            yield json.loads(text)
        except json.JSONDecodeError:
            continue


def directed() -> tuple[bool, set[str]]:
    """Run the directed tests; return whether they passed, and the marks that they reached."""
    with tempfile.NamedTemporaryFile("r") as marks:
        environment = os.environ | {MARKS: marks.name}
        options = ["-q", "-n", "2", "--tier", "all", *DIRECTED]
        ended = subprocess.run([sys.executable, "-m", "pytest", *options], env=environment)
        return ended.returncode == 0, set(marks.read().splitlines())


def summary(lines: list[dict[str, Any]], reached: set[str]) -> tuple[str, bool]:
    """Say what the schedules came to, and whether all is well."""
    from tests.faults.marks import declared

    found: Counter[str] = Counter()
    for line in lines:
        found.update({finding.partition(":")[0] for finding in line["findings"]})
        reached |= set(line.get("marks", ()))
    statuses = Counter(status for line in lines for status in line.get("statuses", ()))
    seconds = sum(line.get("seconds", 0) for line in lines)
    missed = {name: file for name, file in declared().items() if name not in reached}
    ended = ", ".join(f"{status} {count:,}" for status, count in statuses.most_common())
    text = [
        f"{len(lines):,} schedules in {seconds / 60:,.0f} minutes of one process: "
        + ", ".join(f"{found[kind]} {kind}" for kind in KINDS),
        f"{sum(statuses.values()):,} imports ended: {ended}",
        f"{len(declared()) - len(missed)} of {len(declared())} marks reached",
        *(f"never reached: {name} ({file})" for name, file in sorted(missed.items())),
    ]
    return "\n".join(text), not found and not missed


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; 0 when nothing was found and every mark was reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("0-2999"), metavar="FIRST-LAST")
    parser.add_argument("--results", type=Path, default=Path("build/campaign.jsonl"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--show", type=int, metavar="SEED", help="play one seed, and print what of it matters"
    )
    parser.add_argument(
        "--findings-only", action="store_true", help="accept marks that were never reached"
    )
    chosen = parser.parse_args(arguments)
    if chosen.show is not None:
        return show(chosen.show)
    run(chosen.seeds, chosen.results, chosen.processes)
    lines = [line for line in read(chosen.results) if line["seed"] in chosen.seeds]
    passed, reached = (True, set[str]()) if chosen.findings_only else directed()
    text, good = summary(lines, reached)
    print(text)
    clean = not any(line["findings"] for line in lines)
    return 0 if passed and (good or (chosen.findings_only and clean)) else 1


if __name__ == "__main__":
    sys.exit(main())
