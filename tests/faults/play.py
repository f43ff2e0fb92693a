"""Plays one schedule whole, in an AWS of its own, and says what came of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple

import pytest

from prefdrop import reached
from prefdrop.telemetry import metrics
from prefdrop_local.sandbox.process import SandboxProcess
from tests.emulated_aws import emulated_aws
from tests.faults.schedule import Schedule
from tests.faults.verdict import findings, late_findings
from tests.faults.world import Stuck, World

LATE_STEPS = 8
"""Steps of each schedule that are run once more when all is over."""


class Played(NamedTuple):
    """What came of a schedule: `statuses` are those of its imports."""

    findings: list[str]
    statuses: list[str]
    marks: list[str]
    seconds: float


def play(sandbox: SandboxProcess, schedule: Schedule) -> Played:
    """Play a schedule and judge it."""
    began, marks = time.monotonic(), set[str]()
    with emulated_aws(), pytest.MonkeyPatch.context() as patch, reached.listening(marks.add):
        for name in ("add_metric", "add_dimension", "flush_metrics"):  # they add up over schedules
            patch.setattr(metrics, name, lambda *_, **__: None)
        world = World(sandbox, patch, schedule)
        try:
            world.play()
            found = findings(world)
            found += late_findings(world, LATE_STEPS)
        except Stuck as stuck:
            found = [f"stuck: {stuck}"]
        statuses = [record.status for record in world.imports()]
    return Played(found, statuses, sorted(marks), round(time.monotonic() - began, 2))


def shrunk(sandbox: SandboxProcess, schedule: Schedule, found: list[str]) -> Schedule:
    """Return the schedule without the events that a finding of its kinds does not need."""
    kinds = _kinds(found)
    for event in list(schedule.events):
        fewer = replace(schedule, events=[one for one in schedule.events if one is not event])
        if kinds & _kinds(play(sandbox, fewer).findings):
            schedule = fewer
    return schedule


def shown(schedule: Schedule, found: list[str]) -> str:
    """Return a schedule and its findings as lines of text."""
    settings = {**schedule.settings, **schedule.gates, "page": schedule.page}
    lines = [f"seed {schedule.seed}", *found[:10], str(settings)]
    return "\n".join([*lines, *(str(event) for event in schedule.events)])


def _kinds(found: list[str]) -> set[str]:
    return {finding.partition(":")[0] for finding in found}
