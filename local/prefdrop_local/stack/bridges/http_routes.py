"""Which route of an HTTP API a request takes.

A literal path goes before one with parameters, those before a greedy one, `$default` comes last; on
one path a named method goes before ANY.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

DEFAULT = "$default"


@dataclass(frozen=True)
class Route:
    """A method and a path of an API. `function` is an ARN, `seconds` how long it may take."""

    method: str
    path: str
    function: str
    seconds: float
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pattern", re.compile(_expression(self.path)))

    @property
    def key(self) -> str:
        """The route's key as events and logs carry it."""
        return DEFAULT if self.path == f"/{DEFAULT}" else f"{self.method} {self.path}"

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Routes that go first have the smaller rank."""
        last = self.key == DEFAULT
        return last, "+}" in self.path, self.path.count("{"), self.method == "ANY"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path parameters when a request takes this route; None when it does not."""
        if self.key == DEFAULT:
            return {}
        found = self._pattern.fullmatch(path)
        if found is None or self.method not in (method, "ANY"):
            return None
        names = re.findall(r"\{(\w+)\+?\}", self.path)
        return {name: unquote(text) for name, text in zip(names, found.groups(), strict=True)}


class Router:
    """The routes of one API."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request, with its path parameters decoded; None when there is none."""
        for route in self._routes:
            parameters = route.match(method, path)
            if parameters is not None:
                return route, parameters
        return None


def _expression(path: str) -> str:
    parts = re.split(r"(\{\w+\+?\})", path)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return "(.+)" if part.endswith("+}") else "([^/]+)"
