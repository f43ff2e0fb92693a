"""The Data API beside imports, under faults, and under other readings of the vendor's pages."""

from __future__ import annotations

import pytest
import requests

from tests.integration.sandbox.profile_data.data import CONSENT, Data, crm


def test_a_read_sees_what_an_executed_import_has_changed_by_then(data: Data) -> None:
    data.vendor.switch(queued_seconds=5)
    data.vendor.stop_clock()
    token = data.vendor.initiate()
    data.vendor.stage(token, {"AlternateIds": [crm("C-1")]})
    data.vendor.execute(token)
    query = {"alternateIdType": "CrmContactId", "alternateId": "C-1"}
    assert data.send("GET", "Profile/AlternateId", params=query).status_code == 404

    data.vendor.advance(seconds=5)

    assert data.send("GET", "Profile/AlternateId", params=query).status_code == 200


def test_a_profile_that_a_call_made_is_updated_by_the_next_import(data: Data) -> None:
    profile_id = data.create(AlternateIds=[crm("C-1")])

    data.vendor.run({"AlternateIds": [crm("c-1")], "CustomerType": "Prospect"})

    assert data.get(profile_id)["CustomerType"] == "Prospect"


def test_faults_strike_these_calls_as_any(data: Data) -> None:
    rules = [
        {"kind": "status", "route": "profiles.create", "status": 503, "nth": 1},
        {"kind": "reset_after", "route": "profiles.create", "nth": 2},
    ]
    data.vendor.admin("PUT", "faults", json={"seed": 1, "rules": rules})

    assert data.send("POST", "Profile", json={}).status_code == 503
    assert data.vendor.profiles() == []
    with pytest.raises(requests.ConnectionError):
        data.send("POST", "Profile", json={})

    assert len(data.vendor.profiles()) == 1
    refused, lost = data.vendor.books()["requests"]
    assert (refused["applied"], lost["applied"]) == (False, True)


def test_the_older_reading_takes_no_consents_on_creation(data: Data) -> None:
    data.vendor.switch(consents_on_create="refused")

    assert data.send("POST", "Profile", json={"Consents": [CONSENT]}).status_code == 400
    assert data.send("POST", "Profile", json={}).status_code == 201
