"""When a notification or a handshake that failed is tried again (O-16)."""

from __future__ import annotations

WAITS = (10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
"""Seconds before each next attempt; the last one comes within 24 hours of the first."""


def wait_after(attempts: int, scale: float) -> float | None:
    """Seconds to wait after so many attempts that failed; None: give up."""
    return WAITS[attempts - 1] * scale if attempts <= len(WAITS) else None
