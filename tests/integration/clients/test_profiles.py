"""Profile data of the client against the sandbox: what is written is what is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from prefdrop.mypreferences import (
    Address,
    AlternateId,
    BadRequest,
    Client,
    Conflict,
    Consent,
    Email,
    Forbidden,
    Group,
    JsonPatch,
    NotFound,
    PhoneNumber,
    Preference,
    PreferenceAttribute,
    Profile,
    TooManyMatches,
)
from tests.integration.clients.conftest import Connect
from tests.integration.clients.people import bring, person

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
NEWS = Preference(
    filter_id="NEWS_WEEKLY",
    preference_type=1,
    customer_date=NOON,
    preference_attributes=(PreferenceAttribute(key="campaign", value="jan26"),),
)
HOUSEHOLD = Group(group_type="Household", group_name="Ruiz Family")
ANA = Profile(
    alternate_ids=(AlternateId(alternate_id_type="CrmContactId", alternate_id="C-1"),),
    emails=(
        Email(
            email_address_type="Home",
            email_address="ana@example.test",
            email_preferences=(NEWS,),
        ),
        Email(email_address_type="Work", email_address="ana@work.example.test"),
    ),
    phone_numbers=(
        PhoneNumber(phone_number_type="Mobile", phone_number="602-555-0125", is_mobile=True),
    ),
    addresses=(
        Address(
            address_type="Home",
            address1="1 Elm Street",
            city="Springfield",
            state_province="IL",
            postal_code="62701",
        ),
    ),
    consents=(
        Consent(
            consent_type="Marketing",
            consent_version="2.0",
            locale="en_US",
            consent_status=1,
            consent_date=NOON,
        ),
    ),
    groups=(HOUSEHOLD,),
)


@pytest.fixture
def ana(client: Client) -> int:
    """The id of a profile that everything below is known of."""
    number = client.profiles.create(ANA).profile_id
    assert number is not None
    return number


def test_a_created_profile_is_read_as_it_was_written(client: Client, ana: int) -> None:
    read = client.profiles.get(ana)

    assert read.alternate_ids[0].alternate_id == "C-1"
    preference = read.emails[0].email_preferences[0]
    assert (preference.filter_id, preference.customer_date) == ("NEWS_WEEKLY", NOON)
    assert [(each.key, each.value) for each in preference.preference_attributes] == [
        ("campaign", "jan26")
    ]
    assert read.consents[0].consent_date == NOON
    assert read.phone_numbers[0].is_mobile
    assert read.addresses[0].city == "Springfield"
    assert "CreateDate" in read.more


def test_an_alternate_id_finds_its_profile_in_any_case(client: Client, ana: int) -> None:
    assert client.profiles.get_by_alternate_id("crmcontactid", "c-1").profile_id == ana
    with pytest.raises(NotFound):
        client.profiles.get_by_alternate_id("CrmContactId", "C-404")


def test_an_update_leaves_alone_what_it_does_not_name(client: Client, ana: int) -> None:
    client.profiles.update(ana, {"DefaultLocale": "es_US"})

    read = client.profiles.get(ana)
    assert read.default_locale == "es_US"
    assert len(read.emails) == 2


def test_an_update_by_alternate_id_creates_what_is_missing(client: Client, ana: int) -> None:
    profile = Profile(emails=(Email(email_address_type="Home", email_address="bo@example.test"),))

    first = client.profiles.update_by_alternate_id("CrmContactId", "C-2", profile)
    again = client.profiles.update_by_alternate_id("CrmContactId", "C-2", profile)

    assert first.profile_id == again.profile_id != ana


def test_overwriting_blanks_what_is_left_out(client: Client, ana: int) -> None:
    client.profiles.overwrite(ana, {"Emails": [{"EmailAddress": "new@example.test"}]})
    by_id = client.profiles.get(ana)
    client.profiles.update(ana, {"AlternateIds": ANA.members()["AlternateIds"]})
    client.profiles.overwrite_by_alternate_id("CrmContactId", "C-1", {"DefaultLocale": "es_US"})
    by_alternate_id = client.profiles.get(ana)

    assert [each.email_address for each in by_id.emails if each.is_active is not False] == [
        "new@example.test"
    ]
    assert by_alternate_id.default_locale == "es_US"
    assert by_alternate_id.alternate_ids[0].alternate_id == "C-1"


def test_a_patch_does_just_what_it_names(client: Client, ana: int) -> None:
    before = client.profiles.get(ana)
    patch = (
        JsonPatch()
        .remove("/Emails/1")
        .replace("/DefaultLocale", "fr_CA")
        .test("/ProfileId", ana)
        .add("/ProfileTags", [{"Name": "vip"}])
    )

    client.profiles.patch(ana, patch)
    client.profiles.patch_by_alternate_id(
        "CrmContactId", "C-1", [{"op": "replace", "path": "/DefaultLocale", "value": "es_US"}]
    )

    after = client.profiles.get(ana)
    active = [each.email_address for each in after.emails if each.is_active is not False]
    assert active == [before.emails[0].email_address]
    assert (after.default_locale, after.profile_tags[0].name) == ("es_US", "vip")


def test_what_a_patch_adds_lands_on_what_it_named(client: Client, ana: int) -> None:
    before = client.profiles.get(ana)
    patch = JsonPatch().remove("/Emails/0").add("/Emails/1/EmailPreferences", [NEWS])

    client.profiles.patch(ana, patch)

    (left,) = [each for each in client.profiles.get(ana).emails if each.is_active is not False]
    assert left.email_address == before.emails[1].email_address
    assert [each.filter_id for each in left.email_preferences] == ["NEWS_WEEKLY"]


def unmoved(value: Any) -> Any:
    """Without the dates of the last change."""
    if isinstance(value, dict):
        return {name: unmoved(each) for name, each in value.items() if name != "LastModifiedDate"}
    return [unmoved(each) for each in value] if isinstance(value, list) else value


def test_a_profile_written_back_as_it_was_read_is_as_it_was(client: Client, ana: int) -> None:
    client.consents.add(
        ana,
        [
            Consent(consent_type="Marketing", consent_version="2.0", locale="en_US",
                    consent_status=3),
        ],
    )  # fmt: skip
    before = client.profiles.get(ana, include_consent_history=False)

    client.profiles.overwrite(ana, before)

    after = client.profiles.get(ana, include_consent_history=False)
    assert unmoved(after.members()) == unmoved(before.members())


def test_a_patch_whose_test_fails_changes_nothing(client: Client, ana: int) -> None:
    with pytest.raises((BadRequest, Conflict)):
        client.profiles.patch(
            ana, JsonPatch().replace("/DefaultLocale", "fr_CA").test("/DefaultLocale", "xx_XX")
        )

    assert client.profiles.get(ana).default_locale == "en_US"


def test_a_deactivated_profile_is_found_by_its_id_alone_until_it_is_activated(
    client: Client, ana: int
) -> None:
    client.profiles.deactivate(ana, reason="moved away")
    hidden = client.profiles.search_by_email("ana@example.test")
    held = client.profiles.get(ana)
    with pytest.raises(NotFound) as raised:
        client.profiles.get_by_alternate_id("CrmContactId", "C-1", include_inactive=True)
    client.profiles.activate(ana)

    assert hidden == ()
    assert held.is_active is False
    assert "include_inactive" not in raised.value.hint
    assert [each.profile_id for each in client.profiles.search_by_email("ana@example.test")] == [
        ana
    ]


def test_a_deleted_profile_is_gone_and_not_everybody_may_delete(
    client: Client, connect: Connect, ana: int
) -> None:
    with pytest.raises(Forbidden):
        connect("demo.no.delete").profiles.delete(ana)

    client.profiles.delete(ana, reason_code="asked for it")

    with pytest.raises(NotFound):
        client.profiles.get(ana)


def test_searches_find_by_address_phone_email_and_attributes(client: Client, ana: int) -> None:
    found = [
        client.profiles.search_by_address(city="Springfield", state_province="IL"),
        client.profiles.search_by_address(
            city="Springfield",
            state_province="IL",
            address1="1 Elm",
            partial_address1_match=True,
            address_type="Home",
        ),
        client.profiles.search_by_phone("602-555-0125", phone_type="Mobile"),
        client.profiles.search_by_email("ana@example.test", email_type="Home"),
        client.profiles.search_by_preference_attributes({"campaign": "jan26"}),
    ]

    assert [[each.profile_id for each in profiles] for profiles in found] == [[ana]] * 5
    assert client.profiles.search_by_email("ana@example.test", email_type="Work") == ()


def test_fifty_matches_are_answered_and_more_are_too_many(client: Client) -> None:
    address = {
        "AddressType": "Home",
        "Address1": "1 Elm Street",
        "City": "Springfield",
        "StateProvince": "IL",
        "PostalCode": "62701",
    }
    bring(client, *(person(number, Addresses=[address]) for number in range(50)))
    fifty = client.profiles.search_by_address(city="Springfield", state_province="IL")
    bring(client, person(50, Addresses=[address]))

    assert len(fifty) == 50
    with pytest.raises(TooManyMatches) as raised:
        client.profiles.search_by_address(city="Springfield", state_province="IL")
    assert raised.value.status == 403


def test_a_user_who_may_not_search_gets_no_crowded_search(connect: Connect, ana: int) -> None:
    with pytest.raises(Forbidden) as raised:
        connect("demo.no.search").profiles.search_by_email("ana@example.test")

    assert type(raised.value) is Forbidden


def test_submitted_preferences_reach_a_profile_that_may_not_exist_yet(client: Client) -> None:
    email = Email(
        email_address_type="Home", email_address="cy@example.test", email_preferences=(NEWS,)
    )

    made = client.preferences.submit("CrmContactId", "C-9", Profile(emails=(email,)))

    read = client.profiles.get_by_alternate_id("CrmContactId", "C-9")
    assert read.profile_id == made.profile_id
    assert read.emails[0].email_preferences[0].preference_type == 1
    with pytest.raises(NotFound):
        client.preferences.submit("NoSuchType", "C-9", Profile(emails=(email,)))


def test_archived_preferences_are_out_of_force_and_stay_in_the_history(
    client: Client, ana: int
) -> None:
    client.preferences.archive(
        ana,
        reason_code="asked",
        emails=[
            Email(
                email_address_type="Home",
                email_address="ana@example.test",
                email_preferences=(Preference(filter_id="NEWS_WEEKLY"),),
            )
        ],
    )

    read = client.profiles.get(ana)
    history = client.preferences.history(ana, filter_id="NEWS_WEEKLY")
    same = client.preferences.history_by_alternate_id("CrmContactId", "C-1")
    assert read.emails[0].email_preferences == ()
    assert history.emails[0].email_preferences[0].filter_id == "NEWS_WEEKLY"
    assert same.emails[0].email_preferences


def test_consents_are_added_and_their_history_is_told(client: Client, ana: int) -> None:
    withdrawn = Consent(
        consent_type="Marketing", consent_version="2.0", locale="en_US", consent_status=3
    )

    client.consents.add(ana, [withdrawn])

    history = client.consents.history(ana)
    same = client.consents.history_by_alternate_id("CrmContactId", "C-1")
    assert [each.consent_status for each in history.consents] == [1, 3]
    assert same == history
    with pytest.raises((BadRequest, NotFound)):
        client.consents.add(ana, [Consent(consent_type="NoSuch", consent_version="1.0")])


def test_the_consents_of_contacts_are_in_the_history_too(client: Client) -> None:
    marketing = Consent(
        consent_type="Marketing", consent_version="2.0", locale="en_US", consent_status=1
    )
    email = Email(email_address_type="Home", email_address="di@example.test", consents=(marketing,))
    number = client.profiles.create(Profile(emails=(email,))).profile_id
    assert number is not None

    history = client.consents.history(number)

    assert history.consents == ()
    assert history.emails[0].email_address == "di@example.test"
    assert [each.consent_version for each in history.all()] == ["2.0"]


def test_a_household_is_found_through_each_of_its_members(client: Client, ana: int) -> None:
    bo = client.profiles.create(
        Profile(
            emails=(Email(email_address_type="Home", email_address="bo@example.test"),),
            groups=(HOUSEHOLD,),
        )
    ).profile_id

    found = [
        client.group_profiles.of_profile(ana, group_type="Household"),
        client.group_profiles.of_profile(ana, group_type="Household", group_name="Ruiz Family"),
        client.group_profiles.by_email("bo@example.test", group_type="Household"),
        client.group_profiles.by_phone("602-555-0125", group_type="Household"),
    ]

    for profiles in found:
        assert {each.profile_id for each in profiles} == {ana, bo}
