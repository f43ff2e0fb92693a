"""Which error an answer stands for, by its status, its route and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.answers import Answer, retry_after, vendor_message
from prefdrop.mypreferences.errors import (
    ASSUMED_ROUTES,
    BadRequest,
    Conflict,
    Forbidden,
    GarbledAnswer,
    MyPreferencesError,
    NoAnswer,
    NotAuthorized,
    NotFound,
    Redirected,
    RouteRefused,
    ServerError,
    TokenRefused,
    TooLarge,
    TooManyMatches,
    TooManyRequests,
    WrongCredentials,
)
from prefdrop.mypreferences.exchange import TIMED_OUT, Request

OAUTH_TOKEN = "oauth.token"
"""Route name of the token request, as errors show it."""

SHOWN_LENGTH = 200
"""Characters of the vendor's explanation that an error's text shows."""

IIS_OVERSIZE = ("404.13", "request content length")
"""What IIS writes into the 404 page with which it refuses a body over its limit (O-8)."""

SEARCHES = ("profiles.search_by_", "group_profiles.")
"""Routes that answer 403 also to a search that more than 50 profiles match."""

_TOO_MANY = re.compile(
    r"\b(50|fifty)\b|\bmore than \d|\btoo many (\w+ )?(match|profile|result)"
    r"|\b(match(es)?|profiles|results)\b[^.]* exceed|\bexceed\w* [^.]*(match|profiles|results|\d)",
    re.IGNORECASE,
)
"""A count, or what there is too much of: a missing permission may be "more than" something, too."""

_BY_STATUS: dict[int, type[MyPreferencesError]] = {
    400: BadRequest,
    403: Forbidden,
    404: NotFound,
    # The server gave up waiting for the request's end. It should not have applied it; an unclear
    # error makes the caller look.
    408: ServerError,
    409: Conflict,
    413: TooLarge,
    422: BadRequest,
}


def accepted(request: Request, answer: Answer, secrets: Iterable[str]) -> Answer:
    """`answer` if it is a success with its whole body; else the error it stands for is raised.

    `secrets` are taken out of the vendor's explanation, which may quote a path or a header.
    """
    if not 200 <= answer.status < 300:
        raise _error(request, answer, _without(secrets, vendor_message(answer.body)))
    if answer.broken == TIMED_OUT:
        raise NoAnswer(
            f"{request.route} was answered with {answer.status}, but the body did not arrive"
            f" within {request.timeout:.0f} s.",
            route=request.route,
            status=answer.status,
        )
    if answer.broken:
        raise GarbledAnswer(
            f"{request.route} was answered with {answer.status}, but the body was cut after"
            f" {len(answer.body)} bytes.",
            route=request.route,
            status=answer.status,
        )
    return answer


def _error(request: Request, answer: Answer, words: str) -> MyPreferencesError:
    kind = _kind(request, answer, words)
    text = f"MyPreferences answered {answer.status} to {request.route}"
    if words and not request.quotes_data:
        shown = words if len(words) <= SHOWN_LENGTH else words[: SHOWN_LENGTH - 1] + "…"
        text += f": {shown.rstrip('.')}"
    details = {
        "route": request.route,
        "status": answer.status,
        "vendor_message": words,
        "hint": _hint(kind, request.route),
    }
    if kind is TooManyRequests:
        return TooManyRequests(f"{text}.", retry_after=retry_after(answer), **details)
    return kind(f"{text}.", **details)  # type: ignore[arg-type]


def _kind(request: Request, answer: Answer, words: str) -> type[MyPreferencesError]:
    status = answer.status
    if status == 429:
        return TooManyRequests
    if status >= 500:
        return ServerError
    if status < 400:
        return Redirected
    if request.route == OAUTH_TOKEN and status in (400, 401, 403):
        return WrongCredentials
    if status == 403 and request.route.startswith(SEARCHES) and _TOO_MANY.search(words):
        return TooManyMatches
    if status == 401:
        return TokenRefused if request.access_token else NotAuthorized
    if status == 404 and request.body and any(mark in words.lower() for mark in IIS_OVERSIZE):
        return TooLarge
    return _BY_STATUS.get(status, RouteRefused)


def _hint(kind: type[MyPreferencesError], route: str) -> str:
    """What to do about an absence, which outside of bulk import need not be the route's; else
    the kind's own hint (empty)."""
    known = assumptions.ROUTES.get(route)
    if kind is not NotFound or known is None or route.startswith("import."):
        return ""
    place = ASSUMED_ROUTES.replace("O-3", known.number or "")
    doubt = f" The path is assumed ({place}); the setting `routes` overrides it."
    return (
        "What the request names (a profile, a type, a locale) may not exist. If it does, check the"
        " client id and the base URL." + (doubt if known.number else "")
    )


def _without(secrets: Iterable[str], words: str) -> str:
    for secret in secrets:
        if secret:
            words = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", words)
    return words
