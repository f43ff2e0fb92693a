"""What the tests of the Data API share: short calls, and people to make them about."""

from __future__ import annotations

from typing import Any

import requests

from tests.integration.sandbox.caller import Json, Vendor

NEWS = {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1, "CustomerDate": "2026-01-10T12:00:00Z"}
CONSENT = {
    "ConsentType": "Marketing",
    "ConsentVersion": "2.0",
    "Locale": "en_US",
    "ConsentStatus": 1,
    "ConsentDate": "2026-01-14T09:00:00Z",
}
READER = ("demo.no.search", "sandbox-shared-secret-0012")
CONTACTS_ONLY = ("demo.contacts.only", "sandbox-shared-secret-0004")
PREFERENCES_ONLY = ("demo.preferences.only", "sandbox-shared-secret-0005")
EMAIL_ONLY = ("demo.email.only", "sandbox-shared-secret-0003")
NO_DELETE = ("demo.no.delete", "sandbox-shared-secret-0002")


class Data:
    """The Data API of a running sandbox."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    def as_user(self, user: tuple[str, str]) -> Data:
        """The same, called by another user."""
        return Data(self.vendor.as_user(*user))

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """A call below the account, for example `Profile/9100001`."""
        return self.vendor.call(method, f"{self.vendor.client_id}/{path}", **options)

    def create(self, **members: Any) -> int:
        """A new profile's id."""
        answer = self.send("POST", "Profile", json=members)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["ProfileId"])

    def get(self, profile_id: int, **query: Any) -> Json:
        """A profile as it is read."""
        answer = self.send("GET", f"Profile/{profile_id}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def change(self, method: str, profile_id: int, body: Any) -> requests.Response:
        """POST, PUT or PATCH of a profile."""
        return self.send(method, f"Profile/{profile_id}", json=body)

    def found(self, path: str, **query: Any) -> list[int]:
        """Ids of the profiles that a search finds."""
        answer = self.send("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return [profile["ProfileId"] for profile in answer.json()["Profiles"]]


def crm(value: str) -> Json:
    """An alternate id."""
    return {"AlternateIdType": "CrmContactId", "AlternateId": value}


def email(address: str, *preferences: Json, **members: Any) -> Json:
    """An e-mail address at home."""
    hanging = {"EmailPreferences": list(preferences)} if preferences else {}
    return {"EmailAddressType": "Home", "EmailAddress": address, **members, **hanging}


def address(line: str = "12 Elm Street", city: str = "Boston", **members: Any) -> Json:
    """A postal address."""
    return {
        "Address1": line, "City": city, "StateProvince": "MA", "PostalCode": "02101", **members,
    }  # fmt: skip
