"""A window of time, read in slices: the vendor's Events API shows no paging."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST = timedelta(seconds=1)
"""The vendor may well cut its times off at the second."""

MILLISECOND = timedelta(milliseconds=1)

LIKELY_PAGE = 100
"""From this many events on, a round number of them may be a limit that nobody told us of."""

ROUND = 50

PROOFS = 8
"""Slices of the longest length that is known to work, until a longer one is tried again: each try
that fails costs minutes, and an account is slow for hours."""


class Slices:
    """Where reading stands in a window; `at` is the beginning of the slice to read next.

    A slice is made shorter while its answer may have been cut off, and longer again afterwards.
    `working` is the longest that the vendor was found to answer; slices do not grow beyond it
    before it has worked for a while. No slice goes over the moment `seam`.
    """

    def __init__(
        self,
        at: datetime,
        until: datetime,
        longest: timedelta,
        *,
        working: timedelta | None = None,
        seam: datetime | None = None,
    ) -> None:
        self.at = at
        self.until = until
        self._longest = longest
        self._seam = seam
        self._working = min(max(working or longest, SHORTEST), longest)
        self._length = self._working
        self._proofs = 0

    @property
    def end(self) -> datetime:
        """The end of the slice to read next."""
        end = min(self.at + self._length, self.until)
        return min(end, self._seam) if self._seam and self.at < self._seam else end

    @property
    def finished(self) -> bool:
        """Whether the window is read."""
        return self.at >= self.until

    @property
    def working(self) -> timedelta | None:
        """The longest slice that is known to work; None if the longest of all does."""
        return self._working if self._working < self._longest else None

    def advance(self) -> None:
        """Go on behind the slice that was read."""
        is_proof = self.end - self.at >= self._working
        self.at = self.end
        self._proofs += is_proof
        if self._proofs >= PROOFS:
            self._working, self._proofs = min(self._working * 2, self._longest), 0
        self._length = min(self._length * 2, self._working)

    def shorten(self, answered: int, *, has_more: bool) -> bool:
        """Halve the slice if its answer of so many events may not be all.

        False if it is taken as it is: nothing speaks against it, or it cannot be shorter, which
        `looks_cut` tells.
        """
        return looks_cut(answered, has_more=has_more) and self._halve()

    def fail(self) -> bool:
        """Halve the slice, whose answer was too much for somebody, and keep to that; False if it
        cannot be shorter."""
        if not self._halve():
            return False
        self._working, self._proofs = self._length, 0
        return True

    def _halve(self) -> bool:
        length = self.end - self.at
        if length <= SHORTEST:
            return False
        # In whole milliseconds, as times are sent: no rest of a window may vanish in between.
        self._length = max(length // 2 // MILLISECOND * MILLISECOND, SHORTEST)
        return True


def looks_cut(answered: int, *, has_more: bool) -> bool:
    """Whether an answer of so many events may not be all: the vendor says so, or the number is as
    round as a limit is."""
    return has_more or (answered >= LIKELY_PAGE and answered % ROUND == 0)
