"""Draw a sample of mutants, try each, print the score, and compare survivors with the list."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from tools.mutation import plan, survivors
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.recording import Recording
from tools.mutation.runner import Attempt, Outcome, Runner
from tools.mutation.sampling import Name, sample

SEED, SIZE, BAR = 15, 400, 90.0
RESULTS = plan.BUILD / "results.jsonl"


def main() -> int:
    """Try the sample; 1 when the score is below the bar or a survivor is not listed."""
    arguments = _arguments()
    started = time.monotonic()
    reasons = survivors.read(survivors.FILE.read_text("utf-8"))
    state = _state()
    recording = _recording(state)
    every = [mutant for name in plan.MODULES for mutant in mutants_of(plan.file_of(name), name)]
    drawn = sample(every, arguments.size, arguments.seed)
    print(f"{len(drawn)} of {len(every)} mutants, seed {arguments.seed}", flush=True)
    outcomes = _known({mutant.name for mutant in drawn}, state, retry=arguments.retry)
    _run([m for m in drawn if m.name not in outcomes], recording, state, outcomes, arguments)
    minutes = (time.monotonic() - started) / 60
    return _report([mutant.name for mutant in drawn], outcomes, reasons, minutes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="which sample (default %(default)s)")
    parser.add_argument("--size", type=int, default=SIZE, help="mutants (default %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--retry", action="store_true", help="believe earlier kills, and try the others again"
    )
    return parser.parse_args()


def _state() -> str:
    """Return a digest of everything that an outcome depends on."""
    folders = [plan.LIBRARY, plan.ROOT / "local", plan.ROOT / "tests"]
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    digest = hashlib.sha256()
    for file in [Path(plan.__file__), *files]:
        digest.update(f"{file.relative_to(plan.ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _recording(state: str) -> Recording:
    file = plan.BUILD / f"tests-{state}.json"
    if not file.exists():
        print("Running the tests once, to see which lines each of them runs ...", flush=True)
        command = [sys.executable, "-m", "tools.mutation.recording", str(file)]
        subprocess.run(command, cwd=plan.ROOT, env=os.environ | plan.ENVIRONMENT, check=True)
    return Recording.read(file)


def _known(names: set[Name], state: str, *, retry: bool) -> dict[Name, Outcome]:
    """Return earlier outcomes on the same code and tests, so that a run may be interrupted."""
    known: dict[Name, Outcome] = {}
    for line in RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else ():
        entry = json.loads(line)
        name = Name(**entry["name"])
        if name in names and (retry or entry["state"] == state):
            known[name] = entry["outcome"]
    return {name: outcome for name, outcome in known.items() if not retry or outcome != "survived"}


def _run(
    mutants: Sequence[Mutant],
    recording: Recording,
    state: str,
    outcomes: dict[Name, Outcome],
    arguments: argparse.Namespace,
) -> None:
    logs = plan.BUILD / "logs"
    attempts = [_attempt(one, recording, logs / f"{n}.txt") for n, one in enumerate(mutants)]
    with RESULTS.open("a", encoding="utf-8") as results:
        for done, (position, outcome) in enumerate(Runner().run(attempts, arguments.workers), 1):
            name = mutants[position].name
            outcomes[name] = outcome
            log = attempts[position].log.name
            entry = {"state": state, "outcome": outcome, "log": log, "name": asdict(name)}
            print(json.dumps(entry), file=results, flush=True)
            if outcome == "survived":
                print(f"{done}/{len(attempts)} survived: {_text(name)}", flush=True)


def _attempt(mutant: Mutant, recording: Recording, log: Path) -> Attempt:
    tests = recording.of(mutant.name.module, mutant.lines, mutant.statement)
    seconds = {test: recording.seconds[test] for test in tests}
    return Attempt(mutant.name.module, mutant.source, seconds, log)


def _report(
    names: Sequence[Name], outcomes: dict[Name, Outcome], reasons: dict[Name, str], minutes: float
) -> int:
    survived = {name for name in names if outcomes[name] == "survived"}
    print(f"\n{'module':40} mutants  killed  survived")
    for module in plan.MODULES:
        print(_row(module, [name for name in names if name.module == module], survived))
    print(_row("all", names, survived))
    slow = Counter(outcomes[name] for name in names)["timed out"]
    score = 100 * (1 - len(survived) / len(names))
    print(f"\nMutation score {score:.1f} % ({slow} by time limit), {minutes:.0f} minutes.")
    unlisted, killed = survivors.faults(survived, names, reasons)
    for name in unlisted:
        print(f"Not in {survivors.FILE.name}:\n\n{survivors.entry(name)}")
    for name in killed:
        print(f"Killed by now, delete it from {survivors.FILE.name}: {_text(name)}")
    if score < BAR:
        print(f"The score is below {BAR:g} %: add tests.")
    return int(score < BAR or bool(unlisted))


def _row(title: str, names: Iterable[Name], survived: set[Name]) -> str:
    every = list(names)
    left = sum(name in survived for name in every)
    return f"{title:40} {len(every):7}  {len(every) - left:6}  {left:8}"


def _text(name: Name) -> str:
    return f"{name.module} {name.function}: {name.line} [{name.before} -> {name.after}]"
