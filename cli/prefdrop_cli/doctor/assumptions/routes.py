"""Whether the assumed routes are there.

A route that is missing is answered by the web server, one that is there by the vendor's program. To
tell the two apart, each path is compared with one of the same shape that nobody can know. A wrong
method on a path that is there is answered 405, so most routes that write are found by a read; the
others, with `writes`, by a request that names nothing there is and so changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import mypreferences_assumptions as table
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop.mypreferences.routes import INTEGRATION
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import (
    NO_NUMBER,
    NOBODY,
    Prober,
    alike,
    filled,
    first_text,
    settled,
    unknown_beside,
)

OTHER_PATHS = {
    "import.stage": ["Async/{clientId}/Import/{accessToken}"],
    "import.status": ["Async/{clientId}/Import/{accessToken}"],
    "export.segment.retrieve": ["Async/{clientId}/Export/{accessToken}"],
    "export.segment_group.retrieve": ["Async/{clientId}/Export/{accessToken}"],
    "export.commit": ["Async/{clientId}/Export/{accessToken}/Commit"],
    "events.of_account": ["{clientId}/Event"],
    "subscriptions.list": ["{clientId}/Subscriptions", "{clientId}/EventSubscriptions"],
    "users.list": ["{clientId}/User"],
}
"""Where else a route may well be, tried where it is not as assumed."""

EMPTY = b"{}"
"""A body without anything that would be needed: nothing can be made of it."""

GROUP_SEARCHES = {
    "group_profiles.by_email": {table.NAMES["query.email_address"].value: NOBODY},
    "group_profiles.by_phone": {table.NAMES["query.phone_number"].value: NO_NUMBER},
}

NOT_FOR_US = "the API user's group may not see it"


class RouteQuestions:
    """Asks for every assumed route. `writes` allows requests with methods that write."""

    def __init__(self, prober: Prober, *, writes: bool, bulk: bool = True) -> None:
        """`bulk` says whether the bulk routes are under the base that is assumed (O-1)."""
        self._prober = prober
        self._writes = writes
        self._bulk = bulk
        self._reads = {
            _shape(prober.path_of(name))
            for name, route in table.ROUTES.items()
            if route.method == "GET"
        }

    def answers(self) -> Iterator[Confirmation]:
        """One confirmation for each route that has an open point."""
        for name, route in table.ROUTES.items():
            if route.number is None:
                continue
            if name.startswith(INTEGRATION) and not self._bulk:
                yield untold(route.number, _fact(name, route), "bulk routes lie elsewhere, see O-1")
            else:
                try:
                    yield self._of(name, route)
                except MyPreferencesError as error:
                    yield untold(route.number, _fact(name, route), error.message)

    def _of(self, name: str, route: table.Route) -> Confirmation:
        path = self._prober.path_of(name)
        route = route._replace(path=path)
        if route.method == "GET":
            query = self._query(name)
            answer, unknown = self._read(path, query), self._read(unknown_beside(path), query)
            return self._judged(name, route, answer, unknown)
        if _shape(path) in self._reads:
            return self._by_writing(name, route)
        return self._by_method(name, route)

    def _by_method(self, name: str, route: table.Route) -> Confirmation:
        """A read of a path that only takes another method."""
        answer, unknown = self._read(route.path), self._read(unknown_beside(route.path))
        number, fact = str(route.number), _fact(name, route)
        if answer.status == 405:
            allowed = _allowed(answer)
            if allowed and route.method not in allowed:
                return self._elsewhere(name, route, f"the path takes {', '.join(allowed)} only")
            return held(number, fact)
        if _same(answer, route.path, unknown):
            if self._tells_methods():
                return self._missing(name, route, answer)
            return untold(number, fact, "the vendor does not say that a path has other methods")
        return untold(number, fact, f"the path is there, its method was not told ({answer.status})")

    def _by_writing(self, name: str, route: table.Route) -> Confirmation:
        """Nothing but a request with the method itself tells whether a path takes it."""
        if not self._writes:
            why = "a read does not tell; --writes asks with an empty request that changes nothing"
            return untold(str(route.number), _fact(name, route), why)
        answer = self._void(route.method, route.path)
        return self._judged(
            name, route, answer, self._void(route.method, unknown_beside(route.path))
        )

    def _judged(
        self, name: str, route: table.Route, answer: Answer, unknown: Answer
    ) -> Confirmation:
        number, fact = str(route.number), _fact(name, route)
        if answer.status == 405:
            return self._elsewhere(name, route, "the path is there and does not take this method")
        if not _same(answer, route.path, unknown):
            return held(number, fact)
        if answer.status == 404 and self._tells_absence():
            return self._missing(name, route, answer)
        why = f"known and unknown paths are answered alike ({answer.status})"
        return untold(number, fact, NOT_FOR_US if answer.status == 403 else why)

    def _missing(self, name: str, route: table.Route, answer: Answer) -> Confirmation:
        said = f"there is nothing at {route.path} ({answer.status}, as for any unknown path)"
        return self._elsewhere(name, route, said)

    def _elsewhere(self, name: str, route: table.Route, said: str) -> Confirmation:
        for path in OTHER_PATHS.get(name, ()):
            answer = self._read(path)
            if not _same(answer, path, self._read(unknown_beside(path))):
                methods = _allowed(answer) if answer.status == 405 else ["GET"]
                if not methods or route.method in methods:
                    said += f"; something answers at {path}"
        change = f'parameter Routes: {{"{name}": "<path>"}}'
        if "method" in said or "only" in said:
            change += ", and its method in mypreferences_assumptions.py"
        return not_held(str(route.number), _fact(name, route), said, change)

    def _tells_methods(self) -> bool:
        """Whether a wrong method on a confirmed path is told from an unknown path."""
        path = self._prober.path_of("import.execute")
        return not _same(self._read(path), path, self._read(unknown_beside(path)))

    def _tells_absence(self) -> bool:
        """Whether something missing on a confirmed path is told from an unknown path."""
        path = table.ROUTES["alternate_id_types.list"].path
        unknown = unknown_beside(path)
        missing = self._prober.get(path, query="locale=zz_ZZ")
        if missing.status != 404:
            # The locale is not looked at; an unknown path that is 404 then still means one.
            return True
        return not alike(missing, path, self._prober.get(unknown), unknown)

    def _query(self, name: str) -> str:
        """What tells a search from a route beside it that takes any word: who is asked for."""
        if name not in GROUP_SEARCHES:
            return ""
        path = self._prober.path_of("group_types.list")
        group_type = first_text(self._prober.get(path), table.NAMES["group.type"].value)
        if not group_type:
            return ""
        wanted = {table.NAMES["query.group_type"].value: group_type}
        return urlencode({**wanted, **GROUP_SEARCHES[name]})

    def _read(self, path: str, query: str = "") -> Answer:
        return self._prober.get(filled(path), query=query)

    def _void(self, method: str, path: str) -> Answer:
        body = b"[]" if method == "PATCH" else None if method == "DELETE" else EMPTY
        return settled(self._prober.ask(method, filled(path), body=body))


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _same(answer: Answer, path: str, unknown: Answer) -> bool:
    return alike(answer, filled(path), unknown, filled(unknown_beside(path)))


def _allowed(answer: Answer) -> list[str]:
    return [word.strip() for word in answer.headers.get("Allow", "").split(",") if word.strip()]


def _fact(name: str, route: table.Route) -> str:
    return f"route {name} ({route.method})"
