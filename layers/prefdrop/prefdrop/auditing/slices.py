"""A window of time, read in slices: the vendor's Events API shows no paging."""

from __future__ import annotations

from collections.abc import Sized
from datetime import datetime, timedelta

from prefdrop.errors import Terminal

SHORTEST = timedelta(seconds=1)

LIKELY_PAGE = 1_000
"""From this many events on, a round number of them may be a limit that nobody told us of."""

ROUND = 500


class TooManyEvents(Terminal):
    """The vendor holds more events of one second than it answers at once."""


class Slices:
    """Where reading stands in a window; `at` is the beginning of the slice to read next.

    A slice is made shorter while its answer may have been cut off, and longer again afterwards.
    """

    def __init__(self, at: datetime, until: datetime, longest: timedelta) -> None:
        self.at = at
        self.until = until
        self._longest = longest
        self._length = longest

    @property
    def end(self) -> datetime:
        """The end of the slice to read next."""
        return min(self.at + self._length, self.until)

    @property
    def finished(self) -> bool:
        """Whether the window is read."""
        return self.at >= self.until

    def advance(self) -> None:
        """Go on behind the slice that was read."""
        self.at = self.end
        self._length = min(self._length * 2, self._longest)

    def shorten(self, answered: Sized, *, has_more: bool) -> bool:
        """Halve the slice if its answer may not be all; False if it is taken as it is.

        Raises TooManyEvents when the vendor says that there is more and it cannot be shorter.
        """
        looks_cut = len(answered) >= LIKELY_PAGE and len(answered) % ROUND == 0
        if not (has_more or looks_cut):
            return False
        if self.end - self.at > SHORTEST:
            self._length = max((self.end - self.at) / 2, SHORTEST)
            return True
        if has_more:
            raise TooManyEvents(
                f"The vendor holds more events of the second from {self.at:%Y-%m-%dT%H:%M:%SZ} on"
                " than it answers at once.",
                hint="Read them back by profile or by subscription.",
            )
        return False
