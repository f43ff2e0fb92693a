"""A client for the PossibleNOW MyPreferences 3.0 API. It knows nothing of AWS or of feeds.

Each name is imported from its module when it is first asked for, because functions pay for imports
at every cold start: one that reads events loads no HTTP client, one that imports loads no export.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefdrop.mypreferences.answers import Answer
    from prefdrop.mypreferences.auth import Auth, OAuth2, PnAuthInfo3, auth_from_secret
    from prefdrop.mypreferences.bulk_import import Imports, ImportSpec
    from prefdrop.mypreferences.client import Client
    from prefdrop.mypreferences.errors import (
        BadRequest,
        Conflict,
        Forbidden,
        GarbledAnswer,
        Misconfigured,
        MyPreferencesError,
        NoAnswer,
        NotAuthorized,
        NotFound,
        NotSent,
        Redirected,
        Refused,
        RouteRefused,
        ServerError,
        TokenRefused,
        TooLarge,
        TooManyRequests,
        Unclear,
        WrongCredentials,
        unclear,
    )
    from prefdrop.mypreferences.events import Event, NotUnderstood, Parsed, parse_events
    from prefdrop.mypreferences.import_results import (
        ExceptionPage,
        ExceptionRecord,
        ImportStatus,
        Reason,
    )
    from prefdrop.mypreferences.transport import Retries

__all__ = [
    "Answer",
    "Auth",
    "BadRequest",
    "Client",
    "Conflict",
    "Event",
    "ExceptionPage",
    "ExceptionRecord",
    "Forbidden",
    "GarbledAnswer",
    "ImportSpec",
    "ImportStatus",
    "Imports",
    "Misconfigured",
    "MyPreferencesError",
    "NoAnswer",
    "NotAuthorized",
    "NotFound",
    "NotSent",
    "NotUnderstood",
    "OAuth2",
    "Parsed",
    "PnAuthInfo3",
    "Reason",
    "Redirected",
    "Refused",
    "Retries",
    "RouteRefused",
    "ServerError",
    "TokenRefused",
    "TooLarge",
    "TooManyRequests",
    "Unclear",
    "WrongCredentials",
    "auth_from_secret",
    "parse_events",
    "unclear",
]

_HOMES = {
    "answers": ("Answer",),
    "auth": ("Auth", "OAuth2", "PnAuthInfo3", "auth_from_secret"),
    "bulk_import": ("ImportSpec", "Imports"),
    "client": ("Client",),
    "errors": (
        "BadRequest",
        "Conflict",
        "Forbidden",
        "GarbledAnswer",
        "Misconfigured",
        "MyPreferencesError",
        "NoAnswer",
        "NotAuthorized",
        "NotFound",
        "NotSent",
        "Redirected",
        "Refused",
        "RouteRefused",
        "ServerError",
        "TokenRefused",
        "TooLarge",
        "TooManyRequests",
        "Unclear",
        "WrongCredentials",
        "unclear",
    ),
    "events": ("Event", "NotUnderstood", "Parsed", "parse_events"),
    "import_results": ("ExceptionPage", "ExceptionRecord", "ImportStatus", "Reason"),
    "transport": ("Retries",),
}
"""The public names of each module."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """The public name, from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
