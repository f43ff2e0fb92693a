"""How long the local stack takes to start, until a file can be dropped.

python -m bench stack
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.plan import ROOT, Plan, in_a_process
from prefdrop_local.stack import LocalStack

MOST_SECONDS = 3.0


def rows(plan: Plan) -> Iterator[Figure]:
    """The shortest of some starts, each in a process that has imported nothing before."""
    starts = [in_a_process("bench.stack_start") for _ in range(2 if plan.quick else 5)]
    seconds, phases = min(starts)
    longest = sorted(json.loads(phases).items(), key=lambda item: -item[1])[:3]
    yield Figure(
        "stack", "start of the local stack", seconds, "s", target=MOST_SECONDS, holds="at most",
        note=", ".join(f"{name} {took:.1f}" for name, took in longest),
    )  # fmt: skip


def main() -> tuple[float, str]:
    """Start it once; seconds, and seconds by phase."""
    begin = time.perf_counter()
    with LocalStack(ROOT) as stack:
        return time.perf_counter() - begin, json.dumps(stack.phases)


if __name__ == "__main__":
    print(json.dumps(main()))
