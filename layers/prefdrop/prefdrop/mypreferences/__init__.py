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
    from prefdrop.mypreferences.bulk_export import Exports, ExportSpec
    from prefdrop.mypreferences.bulk_export_results import ExportPage, ExportStatus
    from prefdrop.mypreferences.bulk_import import Imports, ImportSpec
    from prefdrop.mypreferences.client import Client
    from prefdrop.mypreferences.configuration import Configuration
    from prefdrop.mypreferences.configuration_models import (
        AddressType,
        AlternateIdType,
        Channel,
        ConsentStatusName,
        ConsentType,
        ConsentVersion,
        Created,
        CustomerType,
        CustomField,
        CustomProperty,
        EmailType,
        Filter,
        GroupName,
        GroupType,
        LocalizedText,
        PhoneType,
        Picklist,
        PicklistValue,
        Program,
        ProgramGroup,
        TagDefinition,
        UpdateRule,
    )
    from prefdrop.mypreferences.consents import ConsentHistory, Consents
    from prefdrop.mypreferences.errors import (
        AnswerTooLarge,
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
        TooManyMatches,
        TooManyRequests,
        Unclear,
        WrongCredentials,
        unclear,
    )
    from prefdrop.mypreferences.events import Event, NotUnderstood, Parsed, parse_events
    from prefdrop.mypreferences.events_retrieval import EventFilter, EventList, Events
    from prefdrop.mypreferences.group_profiles import GroupProfiles
    from prefdrop.mypreferences.import_results import (
        ExceptionPage,
        ExceptionRecord,
        ImportStatus,
        Reason,
    )
    from prefdrop.mypreferences.json_patch import JsonPatch, Operation
    from prefdrop.mypreferences.preferences import PreferenceHistory, Preferences
    from prefdrop.mypreferences.profile_models import (
        Address,
        AlternateId,
        Consent,
        CustomerName,
        CustomFieldValue,
        Email,
        Group,
        PhoneNumber,
        Preference,
        PreferenceAttribute,
        Profile,
        Tag,
    )
    from prefdrop.mypreferences.profiles import Profiles
    from prefdrop.mypreferences.resources import Resource
    from prefdrop.mypreferences.subscriptions import Subscriptions
    from prefdrop.mypreferences.subscriptions_models import (
        EventSelection,
        Subscription,
        select_all_events,
        select_event,
    )
    from prefdrop.mypreferences.transport import Retries
    from prefdrop.mypreferences.users import User, Users

__all__ = [
    "Address",
    "AddressType",
    "AlternateId",
    "AlternateIdType",
    "Answer",
    "AnswerTooLarge",
    "Auth",
    "BadRequest",
    "Channel",
    "Client",
    "Configuration",
    "Conflict",
    "Consent",
    "ConsentHistory",
    "ConsentStatusName",
    "ConsentType",
    "ConsentVersion",
    "Consents",
    "Created",
    "CustomField",
    "CustomFieldValue",
    "CustomProperty",
    "CustomerName",
    "CustomerType",
    "Email",
    "EmailType",
    "Event",
    "EventFilter",
    "EventList",
    "EventSelection",
    "Events",
    "ExceptionPage",
    "ExceptionRecord",
    "ExportPage",
    "ExportSpec",
    "ExportStatus",
    "Exports",
    "Filter",
    "Forbidden",
    "GarbledAnswer",
    "Group",
    "GroupName",
    "GroupProfiles",
    "GroupType",
    "ImportSpec",
    "ImportStatus",
    "Imports",
    "JsonPatch",
    "LocalizedText",
    "Misconfigured",
    "MyPreferencesError",
    "NoAnswer",
    "NotAuthorized",
    "NotFound",
    "NotSent",
    "NotUnderstood",
    "OAuth2",
    "Operation",
    "Parsed",
    "PhoneNumber",
    "PhoneType",
    "Picklist",
    "PicklistValue",
    "PnAuthInfo3",
    "Preference",
    "PreferenceAttribute",
    "PreferenceHistory",
    "Preferences",
    "Profile",
    "Profiles",
    "Program",
    "ProgramGroup",
    "Reason",
    "Redirected",
    "Refused",
    "Resource",
    "Retries",
    "RouteRefused",
    "ServerError",
    "Subscription",
    "Subscriptions",
    "Tag",
    "TagDefinition",
    "TokenRefused",
    "TooLarge",
    "TooManyMatches",
    "TooManyRequests",
    "Unclear",
    "UpdateRule",
    "User",
    "Users",
    "WrongCredentials",
    "auth_from_secret",
    "parse_events",
    "select_all_events",
    "select_event",
    "unclear",
]

_HOMES = {
    "answers": ("Answer",),
    "auth": ("Auth", "OAuth2", "PnAuthInfo3", "auth_from_secret"),
    "bulk_export": ("ExportSpec", "Exports"),
    "bulk_export_results": ("ExportPage", "ExportStatus"),
    "bulk_import": ("ImportSpec", "Imports"),
    "client": ("Client",),
    "configuration": ("Configuration",),
    "configuration_models": (
        "AddressType",
        "AlternateIdType",
        "Channel",
        "ConsentStatusName",
        "ConsentType",
        "ConsentVersion",
        "Created",
        "CustomField",
        "CustomProperty",
        "CustomerType",
        "EmailType",
        "Filter",
        "GroupName",
        "GroupType",
        "LocalizedText",
        "PhoneType",
        "Picklist",
        "PicklistValue",
        "Program",
        "ProgramGroup",
        "TagDefinition",
        "UpdateRule",
    ),
    "consents": ("ConsentHistory", "Consents"),
    "errors": (
        "AnswerTooLarge",
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
        "TooManyMatches",
        "TooManyRequests",
        "Unclear",
        "WrongCredentials",
        "unclear",
    ),
    "events": ("Event", "NotUnderstood", "Parsed", "parse_events"),
    "events_retrieval": ("EventFilter", "EventList", "Events"),
    "group_profiles": ("GroupProfiles",),
    "import_results": ("ExceptionPage", "ExceptionRecord", "ImportStatus", "Reason"),
    "json_patch": ("JsonPatch", "Operation"),
    "preferences": ("PreferenceHistory", "Preferences"),
    "profile_models": (
        "Address",
        "AlternateId",
        "Consent",
        "CustomFieldValue",
        "CustomerName",
        "Email",
        "Group",
        "PhoneNumber",
        "Preference",
        "PreferenceAttribute",
        "Profile",
        "Tag",
    ),
    "profiles": ("Profiles",),
    "resources": ("Resource",),
    "subscriptions": ("Subscriptions",),
    "subscriptions_models": ("EventSelection", "Subscription", "select_all_events", "select_event"),
    "transport": ("Retries",),
    "users": ("User", "Users"),
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
