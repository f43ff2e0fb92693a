"""Random files, limits, faults and deaths: whatever happens, nothing is lost or doubled in silence.

Each example is one schedule. `PREFDROP_SCHEDULES` says how many are run, `PREFDROP_SEED` repeats a
run; both are printed, and a failing schedule is shrunk and printed step by step.
"""

from __future__ import annotations

import os
import random
import zlib
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from prefdrop_local.sandbox.process import SandboxProcess
from tests.emulated_aws import emulated_aws
from tests.faults.interpreter import Execution, Json
from tests.faults.oracle import assert_exactly_once, books, expected
from tests.faults.simulation import Simulation
from tests.tiers import spread, tier_of
from tests.workbench import FEED

SCHEDULES = {"first": 30, "all": 300}
"""How many are run over all batches, by tier, where `PREFDROP_SCHEDULES` is not set."""

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", "") or str(random.SystemRandom().random())
SEED = int(os.environ.get("PREFDROP_SEED") or zlib.crc32(RUN.encode()))
"""One seed for all the workers of a run; batch n uses the n-th after it."""

BATCHES = 10

GOOD = "C-{n},Ana,p{n}@example.test,Y\n"
ROWS = {
    "good": GOOD,
    "not local": "C-{n},Ana,no-address,Y\n",
    "not valid": "C-{n},Ana,p{n}@localhost.test,Y\n",
    "quoted": 'C-{n},"Ana\nMaria, ""Mia""",p{n}@example.test,N\n',
    "short": "C-{n},Ana\n",
}
MANY_GOOD = [*["good"] * 6, *ROWS]

UNANSWERED = ("reset_before", "reset_after", "cut", "garbage", "timeout_after", "timeout_before")
stage_faults = st.one_of(
    st.builds(
        lambda kind, nth: {"route": "import.stage", "kind": kind, "nth": nth},
        st.sampled_from(UNANSWERED),
        st.integers(1, 9),
    ),
    st.builds(
        lambda nth, before, which: {
            "route": "import.stage",
            "kind": "late",
            "nth": nth,
            "before": f"import.{before}",
            "before_nth": which,
        },
        st.integers(1, 9),
        st.sampled_from(["stage", "status", "execute"]),
        st.integers(1, 3),
    ),
    st.builds(
        lambda nth, status: {
            "route": "import.stage",
            "kind": "status",
            "nth": nth,
            "status": status,
            "retry_after": 5,
        },
        st.integers(1, 9),
        st.sampled_from([413, 429, 500, 503]),
    ),
    st.builds(
        lambda n: {
            "route": "import.stage",
            "kind": "status",
            "status": 400,
            "body_contains": f'"p{n}@example',
        },
        st.integers(1, 40),
    ),
)
other_faults = st.builds(
    lambda route, kind, nth: {"route": f"import.{route}", "kind": kind, "nth": nth},
    st.sampled_from(["initiate", "execute", "status", "exceptions"]),
    st.sampled_from(UNANSWERED[:4]),
    st.integers(1, 4),
)
deaths = st.tuples(st.integers(1, 40), st.sampled_from(["before", "after"]))


class Imports(RuleBasedStateMachine):
    """One vendor and one ledger under a schedule of faults."""

    sandbox: SandboxProcess

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self._open.enter_context(emulated_aws())
        self._patch = self._open.enter_context(pytest.MonkeyPatch.context())
        self.faults: list[Json] = []
        self.files: list[bytes] = []
        self.stopped: tuple[Execution, bytes] | None = None
        self._number = 0

    def teardown(self) -> None:
        self._open.close()

    @initialize(
        chunk_bytes=st.sampled_from([1_000, 1_500, 3_000, 9_000]),
        part_records=st.sampled_from([3, 10, 10_000]),
        page=st.sampled_from([3, 1_000]),
    )
    def begin(self, chunk_bytes: int, part_records: int, page: int) -> None:
        self.simulation = Simulation(
            self.sandbox,
            self._patch,
            PREFDROP_CHUNK_BYTES=str(chunk_bytes),
            PREFDROP_PART_RECORDS=str(part_records),
            PREFDROP_REQUEST_SECONDS="0.3",
        )
        self.simulation.vendor("reset", "POST")
        self.simulation.vendor("settings", "PATCH", exceptions_limit_max=page)
        self.simulation.push_feed(FEED)

    @rule(fault=stage_faults | other_faults)
    def misbehave(self, fault: Json) -> None:
        self.faults.append(fault)

    @rule(points=st.lists(deaths, min_size=1, max_size=3))
    def die(self, points: list[tuple[int, str]]) -> None:
        self.simulation.death.plan(*points)

    @precondition(lambda self: self.stopped is None)
    @rule(kinds=st.lists(st.sampled_from(MANY_GOOD), min_size=1, max_size=40))
    def drop(self, kinds: list[str]) -> None:
        body = self._file(kinds)
        self.simulation.vendor("reset", "POST")
        self.simulation.fault(*self.faults)
        execution = self.simulation.drop(body).run()
        self._judge(execution, body)

    @precondition(lambda self: self.stopped is not None)
    @rule()
    def retry_without_faults(self) -> None:
        assert self.stopped is not None
        stopped, body = self.stopped
        self.faults = []
        self.simulation.fault()
        self.simulation.death.plan()
        self._judge(self.simulation.retry(stopped).run(), body)
        assert self.stopped is None

    def _judge(self, execution: Execution, body: bytes) -> None:
        """Exactly once and said so, or not and said so too."""
        assert execution.status in ("SUCCEEDED", "FAILED"), execution.visited
        self.stopped = None
        report = self.simulation.report(execution)
        wanted = expected(body, FEED).records
        kept_out = self._kept_out(wanted)
        right = [one for n, one in enumerate(wanted) if n not in kept_out]
        executed = books(self.simulation).executed
        if report["status"] in ("Completed", "CompletedWithRejects"):
            found = {n for n in kept_out if wanted[n] not in executed}
            assert_exactly_once(self.simulation, execution, body, FEED, kept_out=tuple(found))
        elif report["status"] == "Unreconciled":
            assert Counter(executed) != Counter(right), "it was exactly once after all"
        else:
            assert report["status"] in ("Failed", "Aborted")
            assert not Counter(executed) - Counter(wanted), "a record was executed twice"
            if report["status"] == "Failed":
                self.stopped = (execution, body)

    def _kept_out(self, wanted: list[str]) -> set[int]:
        marks = [str(f["body_contains"]).strip('"') for f in self.faults if "body_contains" in f]
        return {n for n, record in enumerate(wanted) if any(mark in record for mark in marks)}

    def _file(self, kinds: list[str]) -> bytes:
        rows = [ROWS[kind].format(n=n) for n, kind in enumerate(kinds, start=1)]
        return ("id,first,email,news\n" + "".join(rows)).encode()


@pytest.mark.parametrize("batch", spread(range(BATCHES), 1, "more random schedules"))
def test_nothing_is_lost_or_doubled_in_silence(
    sandbox: SandboxProcess, pytestconfig: pytest.Config, batch: int
) -> None:
    schedules = int(os.environ.get("PREFDROP_SCHEDULES") or SCHEDULES[tier_of(pytestconfig)])
    examples = max(1, schedules // BATCHES)
    print(
        f"PREFDROP_SEED={SEED} PREFDROP_SCHEDULES={schedules}, batch {batch}: {examples} schedules"
    )
    machine: Any = type("Imports", (Imports,), {"sandbox": sandbox})
    run_state_machine_as_test(
        seed(SEED + batch)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=6,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
