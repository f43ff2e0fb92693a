"""How long the local stack takes to start, beside the import of moto that it can't do without.

python -m bench stack
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

from bench.contest import TURNS
from bench.figures import Figure
from bench.plan import Plan
from bench.processes import ROOT, in_a_process
from prefdrop_local.stack import LocalStack

MOST_TIMES = 2.2
MOTO = "import of moto"


def rows(_: Plan) -> Iterator[Figure]:
    """Seconds of starts, each in a process that has imported nothing before."""
    starts: list[Any] = [in_a_process("bench.stack_start") for _ in range(TURNS)]
    phases = {
        name: statistics.median(start["phases"][name] for start in starts)
        for name in starts[0]["phases"]
    }
    longest = sorted(phases.items(), key=lambda item: -item[1])[:3]
    yield Figure(
        "stack", "start of the local stack", statistics.median(s["seconds"] for s in starts), "s",
        note=", ".join(f"{name} {took:.1f}" for name, took in longest),
    )  # fmt: skip
    yield Figure(
        "stack", "the start, divided by the import of moto in it",
        statistics.median(s["seconds"] / s["phases"][MOTO] for s in starts), "times",
        target=MOST_TIMES, holds="at most",
    )  # fmt: skip


def main() -> dict[str, Any]:
    """Start it once; returns its seconds, and seconds by phase."""
    begin = time.perf_counter()
    with LocalStack(ROOT) as stack:
        return {"seconds": time.perf_counter() - begin, "phases": stack.phases}


if __name__ == "__main__":
    print(json.dumps(main()))
