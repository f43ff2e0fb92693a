"""Every path and name of the MyPreferences API that its public documentation leaves open.

This is the one table of assumptions. The client (`prefdrop.mypreferences`) and the sandbox
(`prefdrop_local.sandbox`) share it and nothing else, so a fact that the vendor confirms changes
data here and no code. `number` is the open point's number in `docs/vendor-assumptions.md`; `None`
marks what the vendor's own pages confirm.

Routes are relative to the API base, for example `https://pm.mypreferences.com/Profiles/v4/`.
"""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """One operation's HTTP method and its path under the API base, with `{placeholders}`."""

    method: str
    path: str
    number: str | None


class Name(NamedTuple):
    """One property name or value the API uses in its bodies."""

    value: str
    number: str | None


ROUTES: dict[str, Route] = {
    "import.initiate": Route("POST", "Async/{clientId}/Import", "O-3"),
    "import.stage": Route("POST", "Async/{clientId}/Import/{accessToken}/Stage", "O-3"),
    "import.execute": Route("POST", "Async/{clientId}/Import/{accessToken}/Execute", None),
    "import.status": Route("GET", "Async/{clientId}/Import/{accessToken}/Status", "O-3"),
    "import.exceptions": Route("GET", "Async/{clientId}/Import/{accessToken}/Exceptions", "O-3"),
}

OAUTH_TOKEN_PATH = Name("oauth2/token", "O-13")
"""Path of the OAuth token API, relative to the host (not to the API base)."""

NAMES: dict[str, Name] = {
    "stage.records": Name("UserProfilePreferences", "O-5"),
    "exceptions.records": Name("UserProfilePreferences", "O-10"),
    "exception.code": Name("Code", "O-10"),
    "exception.message": Name("Message", "O-10"),
    "name.prefix": Name("Prefix", "O-5"),
    "name.first": Name("FirstName", "O-5"),
    "name.middle": Name("MiddleName", "O-5"),
    "name.last": Name("LastName", "O-5"),
    "name.suffix": Name("Suffix", "O-5"),
    "alternate_id.type": Name("AlternateIdType", "O-5"),
    "alternate_id.value": Name("AlternateId", "O-5"),
    "phone.type": Name("PhoneNumberType", "O-5"),
    "phone.number": Name("PhoneNumber", "O-5"),
    "phone.preferences": Name("PhonePreferences", "O-5"),
    "address.preferences": Name("AddressPreferences", "O-5"),
    "group.type": Name("GroupType", "O-5"),
    "group.name": Name("GroupName", "O-5"),
    "tag.name": Name("Name", "O-5"),
    "custom_field.name": Name("Name", "O-5"),
    "custom_field.value": Name("Value", "O-5"),
}

OAUTH_TOKEN_SECONDS = 3600
"""Life of an OAuth token where the answer names none (O-13)."""

EXCEPTIONS_PAGE_LIMIT = 1000
"""Exceptions per page that the vendor uses by default (O-9)."""
