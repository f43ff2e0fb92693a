"""Which operation a path means; paths come from the table of assumptions."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from mypreferences_assumptions import ROUTES
from prefdrop_local.sandbox.assuming import BASES, INTEGRATION_BASE

API_BASE = "/Profiles/v4/"
ADMIN_BASE = "/_sandbox/"
TOKEN_ROUTE = "oauth.token"
"""The token endpoint; it lies outside `API_BASE`."""
SERVED = tuple(ROUTES)
"""Routes of the table that the sandbox implements."""
_INTEGRATION = ("import.", "export.")
"""Routes that may lie under a base of their own (O-1)."""


class Match(NamedTuple):
    """A path that is known; `name` is empty when only other `methods` are."""

    name: str
    values: dict[str, str]
    methods: tuple[str, ...] = ()


class _Route(NamedTuple):
    name: str
    method: str
    pattern: re.Pattern[str]


def _compiled(name: str) -> _Route:
    route = ROUTES[name]
    parts = re.split(r"\{(\w+)\}", route.path)
    pattern = "".join(
        f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    base = BASES[INTEGRATION_BASE] if name.startswith(_INTEGRATION) else API_BASE
    return _Route(name, route.method, re.compile(re.escape(base) + pattern, re.IGNORECASE))


def _literal_first(name: str) -> tuple[bool, ...]:
    """Sorts `Profile/Address` before `Profile/{profileId}`, which fits the same path."""
    return tuple(part.startswith("{") for part in ROUTES[name].path.split("/"))


_ROUTES = [_compiled(name) for name in sorted(SERVED, key=_literal_first)]


def match_route(method: str, path: str) -> Match | None:
    """The operation behind a path, or None when there is none."""
    path = path.rstrip("/")
    known: list[str] = []
    values: dict[str, str] = {}
    for route in _ROUTES:
        if found := route.pattern.fullmatch(path):
            values = {name: unquote(value) for name, value in found.groupdict().items()}
            if route.method == method:
                return Match(route.name, values)
            known.append(route.method)
    return Match("", values, tuple(dict.fromkeys(known))) if known else None
