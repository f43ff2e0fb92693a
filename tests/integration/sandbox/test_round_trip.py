"""What was staged is what the profiles show, member by member."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from tests.integration.sandbox.caller import Json, Vendor

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
LETTERS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=10)
DATES = st.datetimes().filter(lambda moment: moment.year > 1970).map(
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
)  # fmt: skip


def _some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=members)


def _preference(*filters: str) -> st.SearchStrategy[Json]:
    required = {
        "FilterId": st.sampled_from(filters),
        "PreferenceType": st.sampled_from([1, 2]),
    }
    optional = {
        "FrequencyId": WORDS,
        "CustomerDate": DATES,
        "PreferenceAttributes": st.lists(
            st.fixed_dictionaries({"Key": WORDS, "Value": WORDS}), max_size=2
        ),
    }
    return st.fixed_dictionaries(required, optional=optional)


def _unique(items: st.SearchStrategy[Json], *names: str) -> st.SearchStrategy[list[Json]]:
    return st.lists(
        items, min_size=1, max_size=3,
        unique_by=lambda item: tuple(str(item.get(name)).casefold() for name in names),
    )  # fmt: skip


EMAIL = st.fixed_dictionaries(
    {
        "EmailAddressType": st.sampled_from(["Home", "Work"]),
        "EmailAddress": LETTERS.map(lambda name: f"{name}@example.test"),
    },
    optional={"EmailPreferences": _unique(_preference("NEWS_WEEKLY", "NEWS_MONTHLY"), "FilterId")},
)
PHONE = st.fixed_dictionaries(
    {
        "PhoneNumberType": st.sampled_from(["Home", "Mobile"]),
        "PhoneNumber": st.integers(0, 99).map(lambda n: f"212-555-01{n:02d}"),
        "IsMobile": st.just(True),
    },
    optional={"PhonePreferences": _unique(_preference("OFFERS_SMS", "OFFERS_CALLS"), "FilterId")},
)
ADDRESS = st.fixed_dictionaries(
    {
        "AddressType": st.sampled_from(["Home", "Work"]),
        "Address1": LETTERS,
        "City": WORDS,
        "StateProvince": st.sampled_from(["MA", "NY"]),
        "PostalCode": LETTERS,
    },
    optional={"AddressPreferences": _unique(_preference("EVENTS_MAIL"), "FilterId")},
)
CONSENT = st.fixed_dictionaries(
    {
        "ConsentType": st.just("Marketing"),
        "ConsentVersion": st.just("2.0"),
        "Locale": st.sampled_from(["en_US", "es_US"]),
        "ConsentStatus": st.sampled_from([1, 2, 3, 4]),
    },
    optional={"ConsentDate": DATES},
)
RECORD = _some(
    CustomerName=_some(FirstName=WORDS, LastName=WORDS, MiddleName=WORDS),
    DefaultLocale=st.sampled_from(["en_US", "fr_CA"]),
    RegistrationConfirmed=st.booleans(),
    IsActive=st.booleans(),
    CustomerType=st.sampled_from(["Customer", "Prospect"]),
    Emails=_unique(EMAIL, "EmailAddressType", "EmailAddress"),
    PhoneNumbers=_unique(PHONE, "PhoneNumberType", "PhoneNumber"),
    Addresses=_unique(ADDRESS, "AddressType", "Address1", "City", "StateProvince", "PostalCode"),
    ProfilePreferences=_unique(_preference("NEWS_WEEKLY", "EVENTS_MAIL"), "FilterId"),
    Consents=st.lists(CONSENT, min_size=1, max_size=1),
    Groups=st.just([{"GroupType": "Region", "GroupName": "North"}]),
    ProfileTags=_unique(st.fixed_dictionaries({"Name": LETTERS}), "Name"),
    CustomFields=_unique(
        st.fixed_dictionaries({"Name": st.sampled_from(["FavouriteStore"]), "Value": WORDS}),
        "Name",
    ),
    MemberOfALaterRelease=st.fixed_dictionaries({"Kept": WORDS}),
)


@given(st.lists(RECORD, min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_profiles_show_every_member_that_was_staged(vendor: Vendor, records: list[Json]) -> None:
    vendor.reset()
    for number, record in enumerate(records):
        record["AlternateIds"] = [{"AlternateIdType": "CrmContactId", "AlternateId": f"C-{number}"}]

    status = vendor.run(*records)

    assert status["Processed"] == len(records), vendor.reasons(status["token"])
    profiles = vendor.profiles()
    assert len(profiles) == len(records)
    for record, profile in zip(records, profiles, strict=True):
        assert list(_missing(record, profile)) == []


def test_many_records_arrive_whole_over_several_requests(vendor: Vendor) -> None:
    vendor.switch(daily_limit=10)
    records = [
        {
            "AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": f"C-{n:05d}"}],
            "CustomerName": {"FirstName": f"Ana {n}"},
            "Emails": [{"EmailAddressType": "Home", "EmailAddress": f"ana{n}@example.test"}],
        }
        for n in range(3000)
    ]
    token = vendor.initiate()
    for start in range(0, 3000, 700):
        vendor.stage(token, *records[start : start + 700])

    vendor.execute(token)

    assert vendor.status(token)["Processed"] == 3000
    profiles = vendor.admin("GET", "profiles?limit=5000")["profiles"]
    assert [
        difference
        for record, profile in zip(records, profiles, strict=True)
        for difference in _missing(record, profile)
    ] == []


def _missing(sent: Any, shown: Any, path: str = "") -> list[str]:
    """Paths of sent members that a profile does not show with the same value."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        return [
            problem
            for name, value in sent.items()
            for problem in _missing(value, shown.get(name, "(missing)"), f"{path}.{name}")
        ]
    if isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        return [
            problem
            for index, pair in enumerate(zip(sent, shown, strict=True))
            for problem in _missing(*pair, f"{path}[{index}]")
        ]
    return [] if sent == shown else [f"{path}: sent {sent!r}, shown {shown!r}"]
