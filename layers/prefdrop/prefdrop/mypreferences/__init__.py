"""A client for the PossibleNOW MyPreferences 3.0 API. It knows nothing of AWS or of feeds.

Each name is imported from its module when it is first asked for, because functions pay for imports
at every cold start: one that reads events loads no HTTP client, one that imports loads no export.
Type checkers read `__init__.pyi`, which the Lambda layer leaves out.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "answers": "Answer",
    "auth": "Auth OAuth2 PnAuthInfo3 auth_from_secret",
    "bulk_export": "Exports ExportSpec",
    "bulk_export_results": "ExportPage ExportStatus",
    "bulk_import": "Imports ImportSpec",
    "client": "Client",
    "configuration": "Configuration",
    "configuration_models": (
        "AddressType AlternateIdType Channel ConsentStatusName ConsentType ConsentVersion "
        "Created CustomerType CustomField CustomProperty EmailType Filter GroupName "
        "GroupType LocalizedText PhoneType Picklist PicklistValue Program ProgramGroup "
        "TagDefinition UpdateRule"
    ),
    "consents": "ConsentHistory Consents",
    "errors": (
        "AnswerTooLarge BadRequest Conflict Forbidden GarbledAnswer Misconfigured "
        "MyPreferencesError NoAnswer NotAuthorized NotFound NotSent Redirected Refused "
        "RouteRefused ServerError TokenRefused TooLarge TooManyMatches TooManyRequests "
        "Unclear WrongCredentials unclear"
    ),
    "events": "Event NotUnderstood Parsed parse_events",
    "events_retrieval": "EventFilter EventList Events",
    "group_profiles": "GroupProfiles",
    "import_results": "ExceptionPage ExceptionRecord ImportStatus Reason",
    "json_patch": "JsonPatch Operation",
    "preferences": "PreferenceHistory Preferences",
    "profile_models": (
        "Address AlternateId Consent CustomerName CustomFieldValue Email Group PhoneNumber "
        "Preference PreferenceAttribute Profile Tag"
    ),
    "profiles": "Profiles",
    "resources": "Resource",
    "subscriptions": "Subscriptions",
    "subscriptions_models": "EventSelection Subscription select_all_events select_event",
    "transport": "Retries",
    "users": "User Users",
}
"""The public names of each module."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    """The public name, from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
