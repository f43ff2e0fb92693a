"""Lambda as it is on a bad day: it refuses calls for minutes, or the answer of one is lost."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.interpreter import StepError


class LambdaTrouble:
    """What befalls the next calls of functions."""

    def __init__(self, time_ns: Callable[[], int]) -> None:
        self._time_ns = time_ns
        self.refuses_until = 0
        """Until when (ns) Lambda has no free concurrency."""
        self.loses = 0
        """How many of the next answers are lost: the function did its work."""
        self.refused = 0
        self.lost = 0

    def stop(self) -> None:
        """Let nothing befall any more calls."""
        self.refuses_until = self.loses = 0

    def before(self) -> None:
        """Refuse a call, if it is the time for it."""
        if self._time_ns() < self.refuses_until:
            self.refused += 1
            raise StepError("Lambda.TooManyRequestsException", "Rate Exceeded.")

    def after(self) -> None:
        """Lose the answer of a call, if it is its turn: Step Functions waits its TimeoutSeconds."""
        if self.loses:
            self.loses -= 1
            self.lost += 1
            raise StepError("States.Timeout", "")
