"""Whatever JSON is staged, the sandbox judges it and stays in order."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from tests.integration.sandbox.caller import Json, Vendor

NAMES = (
    "ProfileId", "IsActive", "CustomerType", "CustomerName", "FirstName", "AlternateIds",
    "AlternateIdType", "AlternateId", "Emails", "EmailAddress", "EmailAddressType",
    "EmailPreferences", "PhoneNumbers", "PhoneNumber", "IsMobile", "IsDefault", "PhonePreferences",
    "Addresses", "Address1", "ProfilePreferences", "FilterId", "PreferenceType", "CustomerDate",
    "PreferenceAttributes", "Key", "Value", "Consents", "ConsentType", "ConsentVersion", "Locale",
    "ConsentStatus", "ConsentDate", "Groups", "GroupType", "GroupName", "ProfileTags", "Name",
    "CustomFields", "PreservePreferences", "Exceptions", "SequenceNumber", "emails", "other",
)  # fmt: skip
VALUES = (
    "CrmContactId", "LoyaltyId", "C-1", "C-2", "ana@example.test", "Home", "617-555-0100",
    "NEWS_WEEKLY", "OFFERS_SMS", "Marketing", "1.0", "2.0", "en_US", "2026-01-14", "9999-12-31",
    "Tier", "Gold", "Region", "North", 1, 2, 3, True, False, None, 2**70, -1, 0.5, "", "\x00",
)  # fmt: skip
LEAVES = st.sampled_from(VALUES)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=12,
)
PREFERENCES = st.lists(
    st.fixed_dictionaries(
        {"FilterId": st.sampled_from(["NEWS_WEEKLY", "OFFERS_SMS"]), "PreferenceType": LEAVES},
        optional={"CustomerDate": LEAVES, "Consents": ANYTHING, "PreferenceAttributes": ANYTHING},
    ),
    max_size=2,
)
NEARLY_RIGHT = st.fixed_dictionaries(
    {},
    optional={
        "Emails": st.lists(
            st.fixed_dictionaries(
                {"EmailAddress": st.sampled_from(["ana@example.test", "b@example.test"])},
                optional={"EmailPreferences": PREFERENCES, "Consents": ANYTHING},
            ),
            max_size=2,
        ),
        "PhoneNumbers": st.lists(
            st.fixed_dictionaries(
                {"PhoneNumber": st.just("617-555-0100")},
                optional={"PhonePreferences": PREFERENCES, "IsMobile": st.booleans()},
            ),
            max_size=1,
        ),
        "ProfilePreferences": PREFERENCES,
        "Groups": ANYTHING,
        "CustomFields": ANYTHING,
        "other": ANYTHING,
        "CustomerName": ANYTHING,
    },
)
RECORD = st.one_of(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=6), NEARLY_RIGHT)
FLAGS = st.fixed_dictionaries(
    {}, optional={f"Refresh{name}": st.booleans() for name in ("Contacts", "Groups", "Tags")}
)


@given(st.lists(st.tuples(RECORD, st.sampled_from("AB")), min_size=1, max_size=12), FLAGS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_record_ends_in_exactly_one_counter(
    vendor: Vendor, records: list[tuple[Json, str]], flags: dict[str, Any]
) -> None:
    vendor.reset()
    identity = {"AlternateIdType": "CrmContactId"}
    staged = [{**record, "AlternateIds": [{**identity, "AlternateId": name}]}
              for record, name in records]  # fmt: skip

    status = vendor.run(*staged, **flags)

    assert status["Status"] == "Completed"
    assert status["TotalRecordsReceived"] == len(staged)
    assert status["ValidationFailed"] + status["ValidationSuccessful"] == len(staged)
    outcomes = status["Processed"] + status["Exceptions"] + status["NotHonored"]
    assert outcomes == status["ValidationSuccessful"]
    failed = vendor.exceptions(status["token"])["UserProfilePreferences"]
    assert len(failed) == status["ValidationFailed"] + status["Exceptions"]
    assert len({record["SequenceNumber"] for record in failed}) == len(failed)
    assert all('"Exceptions"' in json.dumps(record) for record in failed)
