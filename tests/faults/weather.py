"""The vendor's weather: for a time, calls are answered with an error before they reach it.

The sandbox's fault rules count calls. Weather goes by the simulated clock, so that waits and
retries get through it as they would through an hour of maintenance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import requests

IMPORT_ROUTES = "/Import"
"""What the paths of an import's own calls have in common."""


class Spell(NamedTuple):
    """One stretch of bad weather: until when (ns), what is answered, and for which paths."""

    until: int
    status: int
    """HTTP status of each answer; 0 for a connection that is refused."""
    paths: str = ""
    """Text in the paths that are struck; empty for every call."""


class Weather:
    """Answers calls in the vendor's place while a spell lasts."""

    def __init__(self, time_ns: Callable[[], int]) -> None:
        self._time_ns = time_ns
        self.spells: list[Spell] = []
        self.struck = 0

    def around(self, send: Callable[..., Any], request: Any, options: dict[str, Any]) -> Any:
        """Send a request, or answer it as the weather does."""
        now = self._time_ns()
        self.spells = [spell for spell in self.spells if spell.until > now]
        for spell in self.spells:
            if spell.paths in request.url:
                self.struck += 1
                return _answer(spell.status)
        return send(request, **options)


def _answer(status: int) -> requests.Response:
    if not status:
        raise requests.ConnectionError("refused for the test")
    answer = requests.Response()
    answer.status_code = status
    answer._content = b'{"Message": "for the test"}'
    answer._content_consumed = True  # type: ignore[attr-defined]
    answer.headers["Content-Type"] = "application/json"
    return answer
