"""Invented people, and how they get into the sandbox."""

from __future__ import annotations

import json
from typing import Any

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client, ImportSpec
from tests.workbench import poll

MATCHED = ImportSpec(
    name="client-test", match_criteria="AlternateIdType", match_value="CrmContactId"
)
_NAMES = {key: name.value for key, name in assumptions.NAMES.items()}


def person(number: int, **members: Any) -> dict[str, Any]:
    """A record with an alternate id, an e-mail address and an opt-in of its own."""
    identity = {
        _NAMES["alternate_id.type"]: "CrmContactId",
        _NAMES["alternate_id.value"]: f"C-{number}",
    }
    email = {
        "EmailAddressType": "Home",
        "EmailAddress": f"person.{number}@example.test",
        "EmailPreferences": [{"FilterId": "NEWS_WEEKLY", "PreferenceType": 1}],
    }
    return {"AlternateIds": [identity], "Emails": [email], **members}


def bring(client: Client, *people: dict[str, Any]) -> None:
    """Import records and wait for the end; the vendor offers nothing but asking again."""
    token = client.imports.initiate(MATCHED).access_token
    body = {assumptions.NAMES["stage.records"].value: people}
    client.imports.stage(token, json.dumps(body).encode(), timeout=30)
    client.imports.execute(token)
    ended = poll(lambda: (status := client.imports.status(token)).final and status)
    assert ended.processed == len(people)
