"""Schedules fire, faster than on AWS: a minute of a `rate(...)` lasts `minute_seconds` here.

`cron(...)` schedules do not fire by themselves; they can be fired by hand.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

from prefdrop_local.stack.bridges.eventbridge import EventBus

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}


@dataclass(frozen=True)
class Schedule:
    """One schedule of the template with its targets (as EventBridge targets)."""

    logical_id: str
    arn: str
    expression: str
    targets: tuple[dict[str, Any], ...]

    @property
    def minutes(self) -> int | None:
        """Minutes between two firings; None for `cron(...)` and `at(...)`."""
        match = _RATE.fullmatch(self.expression)
        return int(match[1]) * _MINUTES[match[2]] if match else None


class Schedules:
    """Fires each schedule in a thread of its own until stopped."""

    def __init__(self, schedules: list[Schedule], bus: EventBus, minute_seconds: float) -> None:
        self._bus = bus
        self._stopping = threading.Event()
        self._by_id = {schedule.logical_id: schedule for schedule in schedules}
        for schedule in schedules:
            if schedule.minutes is not None:
                pause = schedule.minutes * minute_seconds
                name = f"schedule-{schedule.logical_id}"
                threading.Thread(
                    target=self._run, args=(schedule, pause), name=name, daemon=True
                ).start()

    def fire(self, logical_id: str) -> None:
        """Fire one schedule now."""
        schedule = self._by_id[logical_id]
        event = {
            "version": "0",
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "resources": [schedule.arn],
            "detail": {},
        }
        for target in schedule.targets:
            self._bus.deliver(event, target)

    def stop(self) -> None:
        """No more firings."""
        self._stopping.set()

    def _run(self, schedule: Schedule, pause: float) -> None:
        while not self._stopping.wait(pause):
            self.fire(schedule.logical_id)
