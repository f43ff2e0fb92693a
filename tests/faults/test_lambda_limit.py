"""A thousand drops in a minute, in an account that runs ten functions at a time."""

from __future__ import annotations

import heapq
import random
from typing import Any

from tests.faults.interpreter import Execution, StepError

LIMIT = 10
"""Concurrent executions that Lambda gives a new account (AWS, Lambda quotas)."""
SECOND = 1_000_000_000
ANSWERS: dict[str, dict[str, Any]] = {
    "RegisterImport": {"next": "continue"},
    "InitiatePart": {"next": "stage"},
    "StageChunks": {"next": "gates"},
    "ApplyGates": {"next": "execute"},
    "ExecutePart": {"next": "poll"},
    "CheckStatus": {"next": "collect"},
    "CollectExceptions": {"next": "pass"},
    "PassTurn": {"next": "report"},
    "ReportImport": {"next": "succeed", "verdict": "Completed", "cause": ""},
}
"""What each function answers of an import without rejects."""


class Account:
    """One AWS account at its own time: a function takes a second, and one import has the turn."""

    def __init__(self, drops: int) -> None:
        self.now = 0
        self.refused = 0
        self._pick = random.Random(17)
        self._ends: list[int] = []
        """When each function ends that runs now (ns)."""
        self._queue: list[Execution] = []
        self._holder: Execution | None = None
        self._at: Execution
        self.executions = [self._start(f"drop-{n}") for n in range(drops)]
        self._due = [(n * 60 * SECOND // drops, n, one) for n, one in enumerate(self.executions)]

    def _start(self, name: str) -> Execution:
        return Execution(name, {}, self._call, self._moment, jitter=self._pick.random)

    def _moment(self, wait: str | int) -> int:
        return self.now + (SECOND if isinstance(wait, str) else wait * SECOND)

    def run(self) -> None:
        """Let all executions go on until none can."""
        while self._due:
            self.now, number, one = heapq.heappop(self._due)
            self._at = one
            one.asleep_until = self.now
            if one.step():
                heapq.heappush(self._due, (max(one.asleep_until, self.now), number, one))
            if self._holder is None and self._queue:
                self._give_turn(self._queue.pop(0))

    def _give_turn(self, one: Execution) -> None:
        assert one.waiting is not None
        self._holder = one
        one.waiting.output, one.waiting.answered = {}, True
        heapq.heappush(self._due, (self.now, self.executions.index(one), one))

    def _call(self, function: str, _: Any) -> Any:
        while self._ends and self._ends[0] <= self.now:
            heapq.heappop(self._ends)
        if len(self._ends) >= LIMIT:
            self.refused += 1
            raise StepError("Lambda.TooManyRequestsException", "Rate Exceeded.")
        self._at.asleep_until = self.now + SECOND
        heapq.heappush(self._ends, self._at.asleep_until)
        if function == "TakeTurn":
            self._queue.append(self._at)
        if function == "PassTurn":
            self._holder = None
        step = {"resume_at": "", "seconds": 1, "cursor": {}, "rounds": 0, "import_id": "imp-1"}
        return step | ANSWERS.get(function, {"next": ""})


def test_thousand_drops_at_a_limit_of_ten_fail_no_import() -> None:
    account = Account(1_000)

    account.run()

    ended = [one.status for one in account.executions]
    assert ended == ["SUCCEEDED"] * 1_000
    assert account.refused > 1_000
