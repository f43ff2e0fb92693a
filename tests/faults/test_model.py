"""Random schedules: whatever happens, nothing is lost or doubled in silence.

`PREFDROP_SCHEDULES` says how many are played, `PREFDROP_SEED` which is the first. A schedule that
fails is cut down to the events that matter, and printed. `make campaign` plays thousands.
"""

from __future__ import annotations

import os
import random
import zlib

import pytest

from prefdrop_local.sandbox.process import SandboxProcess
from tests.faults.marks import declared
from tests.faults.play import play, shown, shrunk
from tests.faults.schedule import draw
from tests.tiers import spread, tier_of

SCHEDULES = {"first": 40, "all": 300}
"""How many are played over all batches, by tier, where `PREFDROP_SCHEDULES` is not set."""

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", "") or str(random.SystemRandom().random())
SEED = int(os.environ.get("PREFDROP_SEED") or zlib.crc32(RUN.encode()))
"""The first seed, one for all the workers of a run."""

BATCHES = 10


@pytest.mark.parametrize("batch", spread(range(BATCHES), 1, "more random schedules"))
def test_random_schedule_loses_and_doubles_nothing(
    sandbox: SandboxProcess, pytestconfig: pytest.Config, batch: int
) -> None:
    schedules = int(os.environ.get("PREFDROP_SCHEDULES") or SCHEDULES[tier_of(pytestconfig)])
    count = max(1, schedules // BATCHES)
    first = SEED + batch * count
    print(f"seeds {first} to {first + count - 1}")
    for seed in range(first, first + count):
        found = play(sandbox, draw(seed)).findings
        if found:
            pytest.fail(shown(shrunk(sandbox, draw(seed), found), found))


def test_marks_are_literals_and_each_is_one_branch() -> None:
    assert len(declared()) > 60
