"""Whatever changes in a profile: its events, replayed over what it was, give what it is."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, strategies as st

from mypreferences_assumptions import EVENT_KINDS
from prefdrop_local.sandbox.events.diff import events_of
from prefdrop_local.sandbox.events.facts import Made, facts
from prefdrop_local.sandbox.events.kinds import TEXTS
from tests.integration.sandbox.caller import Json

TELL_PREVIOUS = (
    "contacts.email.updated", "contacts.phone.updated", "contacts.address.updated",
    "contacts.alternateid.updated", "contacts.customertype.updated",
    "standardfield.defaultlocale.updated", "standardfield.firstname.updated",
    "standardfield.middlename.updated", "standardfield.lastname.updated", "customfield.updated",
)  # fmt: skip
HOMES = {"a@example.test": "Home", "b@example.test": "Work", "c@example.test": "Other"}
DATES = st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z"])
ACTIVE = st.booleans()


def _items(key: Any, **members: Any) -> st.SearchStrategy[list[Json]]:
    """Items that no two of them share the key of."""
    item = st.fixed_dictionaries({**members, "IsActive": ACTIVE, "LastModifiedDate": DATES})
    return st.lists(item, max_size=3, unique_by=key)


CONSENTS = _items(
    lambda item: (item["ConsentType"], item["ConsentVersion"], item["Locale"]),
    ConsentType=st.sampled_from(["Marketing", "PartnerSharing"]),
    ConsentVersion=st.sampled_from(["1.0", "2.0"]),
    Locale=st.sampled_from(["en_US", "es_US"]),
    ConsentStatus=st.integers(1, 4),
)
PREFERENCES = _items(
    lambda item: item["FilterId"],
    FilterId=st.sampled_from(["NEWS_WEEKLY", "NEWS_MONTHLY", "OFFERS_EMAIL"]),
    PreferenceType=st.integers(1, 2),
    FrequencyId=st.sampled_from(["Weekly", "Daily"]),
    CustomerDate=DATES,
    Consents=CONSENTS,
)


def _profiles(types: Any, **emails: Any) -> st.SearchStrategy[Json]:
    found = _items(
        lambda item: (item["EmailAddressType"], item["EmailAddress"]),
        EmailAddress=st.sampled_from(sorted(HOMES)), EmailAddressType=types,
        IsDefault=st.booleans(), **emails,
    )  # fmt: skip
    return st.fixed_dictionaries(
        {
            "ProfileId": st.just(9_100_001),
            "IsActive": ACTIVE,
            "CustomerType": st.sampled_from(["Customer", "Prospect"]),
            "DefaultLocale": st.sampled_from(["en_US", "fr_CA"]),
            "Emails": found,
            "ProfilePreferences": PREFERENCES,
            "Consents": CONSENTS,
            "CustomName": st.just("passes through"),
            "CustomerName": st.dictionaries(
                st.sampled_from(["Prefix", "FirstName", "MiddleName", "LastName", "Suffix"]),
                st.sampled_from(["A", "B", ""]),
            ),
            "CustomFields": _items(
                lambda item: item["Name"],
                Name=st.sampled_from(["Tier", "ShoeSize"]), Value=st.integers(0, 2),
            ),
            "ProfileTags": _items(lambda item: item["Name"], Name=st.sampled_from("xyz")),
        }
    )  # fmt: skip


PROFILES = _profiles(st.sampled_from(["Home", "Work"]))


def _settled(document: Json) -> Json:
    """A profile with preferences, each address under a type of its own."""
    for email in document["Emails"]:
        email["EmailAddressType"] = HOMES[email["EmailAddress"]]
    unique = {email["EmailAddress"]: email for email in document["Emails"]}
    return {**document, "Emails": list(unique.values())}


WITH_PREFERENCES = _profiles(st.just("Home"), EmailPreferences=PREFERENCES, Consents=CONSENTS).map(
    _settled
)


def _active(items: list[Json]) -> list[Json]:
    return [item for item in items if item["IsActive"]]


def _kinds(events: list[Made], noun: str) -> list[tuple[str, Made]]:
    return [
        (made.kind.rpartition(".")[2], made)
        for made in events
        if made.kind.rpartition(".")[0] == noun
    ]


@given(PROFILES)
def test_nothing_changed_is_no_event(document: Json) -> None:
    assert events_of("updated", document, copy.deepcopy(document)) == []
    assert events_of("replaced", document, copy.deepcopy(document)) == []


@given(WITH_PREFERENCES, DATES)
def test_marks_of_the_writing_are_no_change(document: Json, moment: str) -> None:
    written = copy.deepcopy(document)
    for item in (written, *written["Emails"], *written["ProfilePreferences"]):
        item |= {"LastModifiedDate": moment, "UserId": "another", "SourceId": "Elsewhere"}

    assert events_of("updated", document, written) == []


@given(PROFILES, PROFILES)
def test_every_event_is_known_and_only_documented_ones_tell_what_was_before(
    before: Json, after: Json
) -> None:
    for made in events_of("updated", before, after):
        assert made.kind in EVENT_KINDS
        assert made.kind in TEXTS
        assert (made.previous is not None) == (made.kind in TELL_PREVIOUS)
        assert made.previous != made.data


@given(PROFILES, PROFILES)
def test_replayed_contacts_are_the_contacts(before: Json, after: Json) -> None:
    state = {_contact(item): facts(item) for item in _active(before["Emails"])}

    for verb, made in _kinds(events_of("updated", before, after), "contacts.email"):
        if made.previous is not None:
            del state[_contact(made.previous)]
        if verb == "deleted":
            del state[_contact(made.data)]
        else:
            state[_contact(made.data)] = made.data

    assert state == {_contact(item): facts(item) for item in _active(after["Emails"])}


@given(WITH_PREFERENCES, WITH_PREFERENCES)
def test_replayed_preferences_are_the_preferences(before: Json, after: Json) -> None:
    state = _preferences(before)

    for verb, made in _kinds(events_of("updated", before, after), "preference"):
        key = (made.data.get("EmailAddress"), made.data["FilterId"])
        assert (verb == "added") == (key not in state)
        if verb == "archived":
            del state[key]
        else:
            state[key] = _told(made.data)

    assert state == _preferences(after)


@given(WITH_PREFERENCES, WITH_PREFERENCES)
def test_replayed_consents_are_the_consents(before: Json, after: Json) -> None:
    state = _consents(before)

    for noun in ("consent", "consent.elementassociation", "consent.filterassociation"):
        for verb, made in _kinds(events_of("updated", before, after), noun):
            key = (made.data.get("EmailAddress"), made.data.get("FilterId"), _consent(made.data))
            assert (verb in ("added", "created")) == (key not in state)
            if verb == "deactivated":
                del state[key]
            else:
                state[key] = made.data["ConsentStatus"]

    assert state == _consents(after)


@given(PROFILES, PROFILES)
def test_replayed_fields_and_names_are_the_fields_and_names(before: Json, after: Json) -> None:
    fields = {item["Name"]: item["Value"] for item in _active(before["CustomFields"])}
    names = {name: value for name, value in before["CustomerName"].items() if value}

    for made in events_of("updated", before, after):
        noun, _, verb = made.kind.rpartition(".")
        if noun == "customfield":
            fields[made.data["Name"]] = made.data["Value"]
            if verb == "deleted":
                del fields[made.data["Name"]]
        elif noun.startswith("standardfield") and "DefaultLocale" not in made.data:
            names |= made.data
            if verb == "deleted":
                names = {name: value for name, value in names.items() if name not in made.data}

    assert fields == {item["Name"]: item["Value"] for item in _active(after["CustomFields"])}
    assert names == {name: value for name, value in after["CustomerName"].items() if value}


@given(WITH_PREFERENCES)
def test_a_new_profile_is_told_whole(document: Json) -> None:
    events = events_of("created", None, document)

    assert events[0] == Made("profile.created", document)
    assert {made.kind.rpartition(".")[2] for made in events} <= {"added", "created"}
    told = [made.data for _, made in _kinds(events, "preference")]
    assert len(told) == len(_preferences(document))


@given(PROFILES)
def test_a_deleted_profile_is_told_by_one_event(document: Json) -> None:
    assert [made.kind for made in events_of("deleted", document, None)] == ["profile.deleted"]


@given(PROFILES, PROFILES)
def test_a_replaced_profile_is_told_to_be_replaced_not_updated(before: Json, after: Json) -> None:
    kinds = [made.kind for made in events_of("replaced", before, after)]

    assert "profile.updated" not in kinds
    assert bool(kinds) == (before != after and bool(events_of("updated", before, after)))


def _contact(item: Json) -> tuple[str, str]:
    return (item["EmailAddressType"], item["EmailAddress"])


def _told(preference: Json) -> tuple[int, str]:
    return (preference["PreferenceType"], preference["FrequencyId"])


def _preferences(document: Json) -> dict[Any, Any]:
    """Also of contacts that are not active: a removed contact may keep its preferences."""
    found: dict[Any, Any] = {}
    for holder, collection in ((document, "ProfilePreferences"), *_emails(document)):
        for item in _active(holder[collection]):
            found[(holder.get("EmailAddress"), item["FilterId"])] = _told(item)
    return found


def _consents(document: Json) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for holder, collection in ((document, "ProfilePreferences"), *_emails(document)):
        address = holder.get("EmailAddress")
        for consent in _active(holder["Consents"]):
            found[(address, None, _consent(consent))] = consent["ConsentStatus"]
        for item in holder[collection]:
            for consent in _active(item["Consents"]):
                found[(address, item["FilterId"], _consent(consent))] = consent["ConsentStatus"]
    return found


def _emails(document: Json) -> list[tuple[Json, str]]:
    return [(email, "EmailPreferences") for email in document["Emails"]]


def _consent(item: Json) -> tuple[str, str, str]:
    return (item["ConsentType"], item["ConsentVersion"], item["Locale"])
