"""What a few reads tell beside routes and names: bases, authentication, transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import mypreferences_assumptions as table
from prefdrop.mypreferences.answers import Answer, vendor_message
from prefdrop.mypreferences.auth import SIGNED_SECONDS, PnAuthInfo3
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import Prober, alike, filled, members, unknown_beside

SWAGGER_PATHS = (
    "Profiles/swagger/docs/v4",
    "Profiles/swagger/v4/swagger.json",
    "Profiles/swagger/docs/v1",
    "swagger/v4/swagger.json",
)
"""Where ASP.NET servers usually put their description."""

PROGRAMS = "programs.list"
"""The vendor's only full example of a route, so the base is known by it."""

OLD_MINUTES = 14.5
"""A timestamp of this age is inside the documented 15 minutes."""


class BehaviourQuestions:
    """Asks with reads only, and for a token where one is got from a token API."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober
        self.bulk_is_there = True
        """Whether the bulk routes are where they are assumed, once `answers` has asked."""

    def answers(self) -> Iterator[Confirmation]:
        """O-1, O-2, O-13, O-14 and O-20."""
        for number, fact, ask in (
            ("O-1", "one base serves all routes", self._integration_base),
            ("O-1", "the base URL", self._base),
            ("O-2", "a Swagger description", self._swagger),
            ("O-13", "OAuth token URL", self._token_url),
            ("O-14", "a timestamp in UTC is good for 15 minutes", self._timestamps),
            ("O-20", "answers carry a Date", self._date),
        ):
            yield _guarded(number, fact, ask)

    def _base(self) -> Confirmation:
        answer = self._prober.get(self._prober.path_of(PROGRAMS))
        fact = "the base URL"
        if answer.status == 200:
            return held("O-1", fact)
        if answer.status == 404:
            said = "the documented route Programs is answered 404 there"
            return not_held("O-1", fact, said, "parameters BaseUrl and ClientId")
        return untold("O-1", fact, f"Programs is answered {answer.status}")

    def _integration_base(self) -> Confirmation:
        """A confirmed bulk route with a token that nobody has is answered 401, not 404."""
        fact = "one base serves all routes"
        if self._prober.account.integration_url:
            fact = "IntegrationUrl is the base of the bulk routes"
        path = self._prober.path_of("export.status")
        asked, unknown = filled(path), filled(unknown_beside(path))
        answer = self._prober.get(asked)
        if answer.status == 404 and alike(answer, asked, self._prober.get(unknown), unknown):
            self.bulk_is_there = False
            said = "the documented bulk routes are not under it"
            return not_held("O-1", fact, said, "parameter IntegrationUrl")
        return held("O-1", fact)

    def _swagger(self) -> Confirmation:
        for path in SWAGGER_PATHS:
            answer = self._prober.outside("GET", path)
            if answer.status == 200 and {"swagger", "openapi"} & set(members(answer)):
                return held("O-2", "a Swagger description", f"there is one at /{path}: compare it")
        return untold("O-2", "a Swagger description", "there is none at the usual places")

    def _token_url(self) -> Confirmation:
        fact = "OAuth token URL"
        if self._prober.account.secret.get("token_url"):
            return held("O-13", fact, "it is set in the secret, and authentication works with it")
        path = table.OAUTH_TOKEN_PATH.value
        answer = self._prober.outside("POST", path, body=b"grant_type=client_credentials")
        if answer.status in (200, 400, 401) and "error" in members(answer):
            return held("O-13", fact)
        if answer.status in (404, 405):
            said = f"there is no token API at /{path} ({answer.status})"
            return not_held("O-13", fact, said, "secret: token_url")
        return untold("O-13", fact, f"/{path} is answered {answer.status}")

    def _timestamps(self) -> Confirmation:
        fact = "a timestamp in UTC is good for 15 minutes"
        auth = self._prober.account.auth()
        if not isinstance(auth, PnAuthInfo3):
            return untold("O-14", fact, "the account is called with OAuth 2 tokens")
        if self._signed(auth, minutes=0).status == 401:
            why = "even a fresh one is refused, see the authentication"
            return untold("O-14", fact, why)
        old = self._signed(auth, minutes=OLD_MINUTES)
        if old.status != 401:
            return held("O-14", fact)
        used = (SIGNED_SECONDS + 10) / 60
        if self._signed(auth, minutes=used).status != 401:
            said = f"one of {OLD_MINUTES} minutes is refused, one of {used:.0f} minutes is taken"
            return not_held("O-14", fact, said, "nothing: headers are used for 5 minutes only")
        said = f"one of {used:.0f} minutes is refused: {vendor_message(old.body)[:80]}"
        change = "ask the vendor's support for 15 minutes, or use auth = oauth2 in the secret"
        return not_held("O-14", fact, said, change)

    def _signed(self, auth: PnAuthInfo3, *, minutes: float) -> Answer:
        """A read that was signed some time ago, by the vendor's clock."""
        path = self._prober.path_of(PROGRAMS)
        now = self._prober.get(path).date or datetime.now(UTC)
        issued = (now - timedelta(minutes=minutes, seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._prober.ask("GET", path, authorization=auth.sign(issued))

    def _date(self) -> Confirmation:
        answer = self._prober.get(self._prober.path_of(PROGRAMS))
        if answer.date is None:
            said = "there is none; clocks cannot be compared"
            return not_held("O-20", "answers carry a Date", said, "nothing; keep clocks right")
        secure = urlsplit(self._prober.account.base_url).scheme == "https"
        return held("O-20", "answers carry a Date", "" if secure else "TLS was not in use here")


def _guarded(number: str, fact: str, ask: Callable[[], Confirmation]) -> Confirmation:
    try:
        return ask()
    except MyPreferencesError as error:
        return untold(number, fact, error.message)
