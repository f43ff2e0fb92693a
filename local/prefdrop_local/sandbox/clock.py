"""The sandbox's own clock: real time plus what tests have advanced it by."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Everything that ages in the sandbox (tokens, imports, limits) reads this clock."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stands_at: float | None = None

    def now(self) -> float:
        """Seconds since 1970, UTC, on the sandbox's clock."""
        return time.time() + self._ahead if self._stands_at is None else self._stands_at

    def real(self) -> float:
        """Seconds since 1970, UTC, on the machine's clock."""
        return time.time()

    @property
    def ahead(self) -> float:
        """How many seconds the sandbox's clock is ahead of the machine's."""
        return self.now() - time.time()

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a step back: nothing here can un-happen."""
        if seconds < 0:
            raise ValueError("the clock can only be advanced, give seconds of 0 or more")
        if self._stands_at is not None:
            self._stands_at += seconds
        self._ahead += seconds

    def stop(self) -> None:
        """Stand still from now on; only `advance` moves it."""
        self._stands_at = self.now()

    def run(self) -> None:
        """Go on from where it stands."""
        self._ahead = self.ahead
        self._stands_at = None

    def reset(self) -> None:
        """Show real time again."""
        self._ahead = 0.0
        self._stands_at = None


def iso(moment: float) -> str:
    """Seconds since 1970 as the API writes dates: UTC with `Z`, with milliseconds if there are."""
    stamp = datetime.fromtimestamp(round(moment, 3), UTC)
    text = stamp.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.removesuffix(".000") + "Z"
