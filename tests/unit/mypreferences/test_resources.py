"""What the vendor answers is read leniently, kept whole, and written back as it takes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from prefdrop.mypreferences import (
    Client,
    Consent,
    Email,
    GarbledAnswer,
    Misconfigured,
    NotFound,
    PhoneNumber,
    Preference,
    Profile,
)
from prefdrop.mypreferences.resources import read
from tests.unit.mypreferences.scripted_vendor import Behaviour, ScriptedVendor, answer

ANA = {
    "ProfileId": 7,
    "CustomerName": {"FirstName": "Ana"},
    "Emails": [
        {
            "EmailAddress": "ana@example.test",
            "EmailPreferences": [{"FilterId": "NEWS_WEEKLY", "PreferenceType": 1}],
        }
    ],
}


@pytest.mark.parametrize(
    "body",
    [
        ANA,
        {"Profiles": [ANA]},
        {"profiles": [ANA], "Count": 1},
        [ANA],
    ],
    ids=["an object", "a collection", "small letters", "an array"],
)
def test_a_profile_is_found_in_each_shape_of_answer(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(200, body))

    profile = client.profiles.get(7)

    assert profile.profile_id == 7
    assert profile.emails[0].email_preferences[0].filter_id == "NEWS_WEEKLY"
    assert profile.customer_name is not None
    assert profile.customer_name.first_name == "Ana"


def test_no_match_is_no_error_of_a_search_and_not_found_of_a_single_profile(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, {"Profiles": []}), answer(200, {"Profiles": []}))

    assert client.profiles.search_by_email("nobody@example.test") == ()
    with pytest.raises(NotFound):
        client.profiles.get(8)


def test_search_answered_with_something_else_is_garbled(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [
        b"<html>hello</html>",
        {"Hello": "world"},
        b"3",
        b"",
        {"Profiles": {"ProfileId": 5}},
        {"Profiles": "none"},
        {"Profiles": [{"ProfileId": 5}, None]},
        {"Message": "bad", "Errors": []},
        {"Id": 5, "Emails": [{"EmailAddress": "ana@example.test"}]},
    ]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(*[answer(200, body)] * 4)

            with pytest.raises(GarbledAnswer):
                client.profiles.search_by_email("ana@example.test")


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(201, {"ProfileId": "7"}),
        answer(200, {"profileid": 7, "Status": "ok"}),
        answer(200, b"7"),
    ],
)
def test_a_creation_answers_the_id_however_it_is_written(
    vendor: ScriptedVendor, client: Client, behaviour: Behaviour
) -> None:
    vendor.script(behaviour)

    assert client.profiles.create({"Emails": []}).profile_id == 7


def test_a_creation_without_an_id_is_garbled_since_it_may_have_happened(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, {"Message": "thanks"}))

    with pytest.raises(GarbledAnswer, match="ProfileId"):
        client.profiles.create({"Emails": []})


def test_change_with_any_answer_or_none_is_believed(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for body in [b"", b" \r\n", b"7", {"ProfileId": 7}, {"Message": "thanks"}]:
        with subtests.test(body=body):
            vendor.forget()
            vendor.script(answer(200, body))

            client.profiles.update(7, {"DefaultLocale": "es_US"})

            assert vendor.received[0].json == {"DefaultLocale": "es_US"}


def test_members_that_are_not_modelled_survive_reading_and_writing(
    vendor: ScriptedVendor, client: Client
) -> None:
    odd = {**ANA, "LoyaltyPoints": 12, "Groups": "none", "Emails": [{"EmailAddress": "a", "X": 1}]}
    vendor.script(answer(200, odd), answer(200, odd))

    profile = client.profiles.get(7)
    client.profiles.overwrite(7, profile)

    assert profile.more == {"LoyaltyPoints": 12, "Groups": "none"}
    assert vendor.received[1].json == odd


def test_a_list_with_an_item_that_is_no_object_is_kept_as_it_came() -> None:
    profile = read(Profile, {"Emails": [{"EmailAddress": "a@example.test"}, 5]})

    assert profile.emails == ()
    assert profile.more == {"Emails": [{"EmailAddress": "a@example.test"}, 5]}


def test_boolean_of_any_form_is_read_or_kept(subtests: pytest.Subtests) -> None:
    for value, read_as in [
        (True, True), ("False", False), ("1", True), (0, False), ("maybe", None), ([], None),
        (2, None), ("2", None), (0.0, None),
    ]:  # fmt: skip
        with subtests.test(value=value):
            email = read(Email, {"IsDefault": value})

            assert email.is_default is read_as
            assert email.more == ({"IsDefault": value} if read_as is None else {})


def test_text_of_any_type_is_read_exactly_or_kept(subtests: pytest.Subtests) -> None:
    for value, read_as in [("2.0", "2.0"), (2, "2"), (2.0, None), (True, None), (1e22, None)]:
        with subtests.test(value=value):
            consent = read(Consent, {"ConsentVersion": value})

            assert consent.consent_version == read_as
            assert consent.members() == {"ConsentVersion": value if read_as is None else read_as}


def test_date_that_is_not_changed_goes_back_as_it_came(
    subtests: pytest.Subtests, vendor: ScriptedVendor, client: Client
) -> None:
    for date in [
        "", "soon", "1/14/2026 9:00:00 AM", "0001-01-01T00:00:00",
        "2026-01-14T09:00:00.1234567Z", "2026-01-14", None,
    ]:  # fmt: skip
        with subtests.test(date=date):
            vendor.forget()
            odd = {
                "ProfileId": 7,
                "Consents": [{"ConsentType": "Marketing", "ConsentDate": date}],
                "Deeper": {"Consents": [{"ConsentDate": date}]},
            }
            vendor.script(answer(200, odd), answer(200, odd))

            profile = client.profiles.get(7)
            client.profiles.overwrite(7, replace(profile, default_locale="es_US"))

            assert vendor.received[1].json == {**odd, "DefaultLocale": "es_US"}


def test_what_was_changed_goes_back_changed() -> None:
    email = read(
        Email,
        {
            "EmailAddress": None,
            "Consents": [],
            "isdefault": "perhaps",
            "EmailPreferences": [{"CustomerDate": "2026-01-14T09:00:00.1234567Z"}],
        },
    )

    changed = replace(
        email,
        email_address="ana@example.test",
        is_default=True,
        consents=(Consent(consent_status=1),),
        email_preferences=(
            replace(email.email_preferences[0], customer_date=datetime(2026, 2, 1, tzinfo=UTC)),
        ),
    )

    assert changed.members() == {
        "EmailAddress": "ana@example.test",
        "IsDefault": True,
        "EmailPreferences": [{"CustomerDate": "2026-02-01T00:00:00.000Z"}],
        "Consents": [{"ConsentStatus": 1}],
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_has_no_number_for_is_not_sent(
    vendor: ScriptedVendor, client: Client, number: float
) -> None:
    with pytest.raises(Misconfigured, match="Value"):
        client.profiles.update(7, {"CustomFields": [{"Name": "Score", "Value": number}]})

    assert vendor.received == []


def test_dates_leave_in_utc_wherever_they_stand(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(200, {"ProfileId": 7}))
    eastern = timezone(timedelta(hours=-5))
    profile = Profile(
        phone_numbers=(
            PhoneNumber(
                phone_number="602-555-0125",
                phone_preferences=(
                    Preference(
                        filter_id="OFFERS_SMS",
                        preference_type=1,
                        customer_date=datetime(2026, 1, 14, 7, tzinfo=eastern),
                    ),
                ),
            ),
        ),
        consents=(Consent(consent_date=datetime(2026, 1, 14, 12, 0, 0, 5000, UTC)),),
        more={"ProfilePreferences": [{"CustomerDate": "2026-01-14T07:00:00-05:00"}]},
    )

    client.profiles.create(profile)

    sent = vendor.received[0].json
    noon = "2026-01-14T12:00:00.000Z"
    assert sent["PhoneNumbers"][0]["PhonePreferences"][0]["CustomerDate"] == noon
    assert sent["Consents"] == [{"ConsentDate": "2026-01-14T12:00:00.005Z"}]
    assert sent["ProfilePreferences"] == [{"CustomerDate": noon}]


@pytest.mark.parametrize(
    "date", ["2026-01-14T12:00:00", "2026-01-14", "soon", datetime(2026, 1, 14)]
)
def test_a_date_that_the_vendor_would_take_for_eastern_is_not_sent(
    vendor: ScriptedVendor, client: Client, date: object
) -> None:
    with pytest.raises(Misconfigured, match="ConsentDate"):
        client.consents.add(7, [{"ConsentType": "Marketing", "ConsentDate": date}])

    assert vendor.received == []


def test_a_date_of_the_vendor_without_a_zone_is_eastern() -> None:
    consent = read(Consent, {"ConsentDate": "2026-01-14T07:00:00"})

    assert consent.consent_date == datetime(2026, 1, 14, 12, tzinfo=UTC)


def test_a_persons_data_is_not_shown_by_accident() -> None:
    email = Email(email_address="ana@example.test")

    assert "ana" not in repr(email) + repr(Profile(profile_id=7, emails=(email,)))


DATES = st.sampled_from(
    ["", "soon", "2026-01-14", "2026-01-14T09:00:00.1234567Z", "2026-01-14T09:00:00"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aZ1 ", max_size=3)
    | DATES
)
NAMES = [
    "ProfileId", "Emails", "EmailAddress", "EmailPreferences", "CustomerName", "IsActive",
    "Consents", "ConsentDate", "CustomerDate", "ConsentVersion", "PreferenceAttributes", "Value",
    "Odd",
]  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=16,
)


def same(given: Any, written: Any) -> bool:
    """Whether they say the same, all the way down: `"1"` and 1 for an id, 1 and true for a flag."""
    if isinstance(given, dict) and isinstance(written, dict):
        return given.keys() == written.keys() and all(
            same(given[name], written[name]) for name in given
        )
    if isinstance(given, list) and isinstance(written, list):
        return len(given) == len(written) and all(map(same, given, written))
    if given is None or written is None or isinstance(given, dict | list):
        return given is None and written is None
    if type(given) is type(written):
        return bool(given == written)
    if isinstance(written, bool):
        return (
            given in ((1, "1") if written else (0, "0"))
            or str(given).strip().lower() == str(written).lower()
        )
    if isinstance(written, int):
        return Decimal(str(given).strip()) == written
    return isinstance(written, str) and type(given) is int and written == str(given)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_comes_is_read_and_nothing_of_it_is_lost(members: dict[str, Any]) -> None:
    profile = read(Profile, members)

    written = profile.members()

    assert same(members, written), (members, written)
    assert read(Profile, written) == profile
    assert msgspec.json.decode(msgspec.json.encode(written)) == written
