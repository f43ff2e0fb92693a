"""A client for the PossibleNOW MyPreferences 3.0 API. It knows nothing of AWS or of feeds."""

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
    "OAuth2",
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
    "unclear",
]
