"""Staging: what is checked in each record, and what a request's answer counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]

HOME = {"EmailAddressType": "Home", "EmailAddress": "ana@example.test"}
NEWS = {"FilterId": "NEWS_WEEKLY", "PreferenceType": 1}
GRANTED = {
    "ConsentType": "Marketing",
    "ConsentVersion": "2.0",
    "Locale": "en_US",
    "ConsentStatus": 1,
}
STREET = {"Address1": "1 Main St", "City": "Boston", "StateProvince": "MA", "PostalCode": "02101"}
MOBILE = {"PhoneNumberType": "Mobile", "PhoneNumber": "617-555-0100"}

BAD_RECORDS: dict[str, tuple[Json, list[str]]] = {
    "an e-mail without address": (
        {"Emails": [{"EmailAddressType": "Home"}]}, ["Emails[0]: Required"],
    ),
    "an empty e-mail": ({"Emails": [{"EmailAddress": ""}]}, ["Emails[0]: Required"]),
    "an e-mail the pattern refuses": (
        {"Emails": [HOME, {"EmailAddress": "nobody@localhost.test"}]}, ["Emails[1]: InvalidFormat"],
    ),
    "an e-mail that is too long": (
        {"Emails": [{"EmailAddress": "a" * 245 + "@example.test"}]}, ["Emails[0]: TooLong"],
    ),
    "an unknown e-mail type": (
        {"Emails": [HOME | {"EmailAddressType": "Boat"}]}, ["Emails[0]: UnknownEmailType"],
    ),
    "two default e-mails": (
        {"Emails": [HOME | {"IsDefault": True},
                    {"EmailAddress": "b@example.test", "IsDefault": True}]},
        [": SeveralDefaults"],
    ),
    "a phone that is no number": (
        {"PhoneNumbers": [{"PhoneNumber": "call me"}]}, ["PhoneNumbers[0]: InvalidFormat"],
    ),
    "an unknown phone type": (
        {"PhoneNumbers": [MOBILE | {"PhoneNumberType": "Boat"}]},
        ["PhoneNumbers[0]: UnknownPhoneType"],
    ),
    "an address without city": (
        {"Addresses": [{k: v for k, v in STREET.items() if k != "City"}]},
        ["Addresses[0]: Required"],
    ),
    "a state that is too short": (
        {"Addresses": [STREET | {"StateProvince": "M"}]}, ["Addresses[0]: TooShort"],
    ),
    "a country code that is too long": (
        {"Addresses": [STREET | {"CountryCode_Alpha2": "USA"}]}, ["Addresses[0]: TooLong"],
    ),
    "a first name that is too long": (
        {"CustomerName": {"FirstName": "x" * 33}}, ["CustomerName: TooLong"],
    ),
    "a locale that is too long": ({"DefaultLocale": "x" * 16}, [": TooLong"]),
    "an unknown customer type": ({"CustomerType": "Reseller"}, [": UnknownCustomerType"]),
    "an unknown alternate id type": (
        {"AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "C-1"},
                          {"AlternateIdType": "Nickname", "AlternateId": "x"}]},
        ["AlternateIds[1]: UnknownAlternateIdType"],
    ),
    "no alternate id to match on": (
        {"AlternateIds": [{"AlternateIdType": "LoyaltyId", "AlternateId": "x"}]},
        [": MatchValueMissing"],
    ),
    "two alternate ids to match on": (
        {"AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "x"},
                          {"AlternateIdType": "CrmContactId", "AlternateId": "y"}]},
        [": AmbiguousMatch"],
    ),
    "an unknown filter": (
        {"Emails": [HOME | {"EmailPreferences": [NEWS | {"FilterId": "NO_SUCH"}]}]},
        ["Emails[0].EmailPreferences[0]: UnknownFilter"],
    ),
    "a preference type of 3": (
        {"Emails": [HOME | {"EmailPreferences": [NEWS | {"PreferenceType": 3}]}]},
        ["Emails[0].EmailPreferences[0]: InvalidValue"],
    ),
    "a preference without type": (
        {"Emails": [HOME | {"EmailPreferences": [{"FilterId": "NEWS_WEEKLY"}]}]},
        ["Emails[0].EmailPreferences[0]: Required"],
    ),
    "a customer date that is none": (
        {"Emails": [HOME | {"EmailPreferences": [NEWS | {"CustomerDate": "soon"}]}]},
        ["Emails[0].EmailPreferences[0]: InvalidDate"],
    ),
    "the last day of all": (
        {"Emails": [HOME | {"EmailPreferences": [
            {"FilterId": "NEWS_WEEKLY", "PreferenceType": 2, "CustomerDate": "9999-12-31"}]}]},
        ["Emails[0].EmailPreferences[0]: InvalidDate"],
    ),
    "a number without end": (
        {"CustomFields": [{"Name": "ShoeSize", "Value": "inf"}]},
        ["CustomFields[0]: InvalidCustomField"],
    ),
    "a day that does not exist": (
        {"Consents": [GRANTED | {"ConsentDate": "2025-02-30"}]}, ["Consents[0]: InvalidDate"],
    ),
    "an attribute without value": (
        {"Emails": [HOME | {"EmailPreferences": [
            NEWS | {"PreferenceAttributes": [{"Key": "k"}]}]}]},
        ["Emails[0].EmailPreferences[0].PreferenceAttributes[0]: Required"],
    ),
    "a text filter on an e-mail": (
        {"Emails": [HOME | {"EmailPreferences": [NEWS | {"FilterId": "OFFERS_SMS"}]}]},
        ["Emails[0].EmailPreferences[0]: ChannelMismatch"],
    ),
    "a frequency that is too long": (
        {"ProfilePreferences": [NEWS | {"FrequencyId": "f" * 21}]},
        ["ProfilePreferences[0]: TooLong"],
    ),
    "an unknown consent type": (
        {"Consents": [GRANTED | {"ConsentType": "Fishing"}]}, ["Consents[0]: UnknownConsentType"],
    ),
    "an unknown consent version": (
        {"Consents": [GRANTED | {"ConsentVersion": "9.0"}]},
        ["Consents[0]: UnknownConsentVersion"],
    ),
    "a consent status of 0": (
        {"Consents": [GRANTED | {"ConsentStatus": 0}]}, ["Consents[0]: InvalidValue"],
    ),
    "a consent in a locale it lacks": (
        {"Consents": [{"ConsentType": "PartnerSharing", "ConsentVersion": "1.0",
                       "Locale": "fr_CA", "ConsentStatus": 1}]},
        ["Consents[0]: UnknownConsentLocale"],
    ),
    "a consent without anything": (
        {"Consents": [{}]}, ["Consents[0]: Required"] * 4,
    ),
    "a bad consent of a contact": (
        {"Emails": [HOME | {"Consents": [GRANTED | {"ConsentVersion": "9.0"}]}]},
        ["Emails[0].Consents[0]: UnknownConsentVersion"],
    ),
    "a bad consent of a preference": (
        {"Emails": [HOME | {"EmailPreferences": [NEWS | {"Consents": [{"Locale": "x" * 16} | {
            k: v for k, v in GRANTED.items() if k != "Locale"}]}]}]},
        ["Emails[0].EmailPreferences[0].Consents[0]: TooLong"],
    ),
    "an unknown group": (
        {"Groups": [{"GroupType": "Household", "GroupName": "Nobodies"}]},
        ["Groups[0]: UnknownGroup"],
    ),
    "an unknown group type": (
        {"Groups": [{"GroupType": "Planet", "GroupName": "Earth"}]},
        ["Groups[0]: UnknownGroupType"],
    ),
    "a tag without name": ({"ProfileTags": [{}]}, ["ProfileTags[0]: Required"]),
    "an unknown custom field": (
        {"CustomFields": [{"Name": "Shoe", "Value": "42"}]},
        ["CustomFields[0]: UnknownCustomField"],
    ),
    "a custom number that is none": (
        {"CustomFields": [{"Name": "ShoeSize", "Value": "big"}]},
        ["CustomFields[0]: InvalidCustomField"],
    ),
    "an option the list lacks": (
        {"CustomFields": [{"Name": "Tier", "Value": "Lead"}]},
        ["CustomFields[0]: InvalidCustomField"],
    ),
    "a custom date that is none": (
        {"CustomFields": [{"Name": "MemberSince", "Value": "1999"}]},
        ["CustomFields[0]: InvalidCustomField"],
    ),
    "a profile id of the wrong type": ({"ProfileId": "7"}, [": InvalidType"]),
    "e-mails that are no array": ({"Emails": HOME}, [": InvalidType"]),
    "an e-mail that is no object": ({"Emails": ["ana@example.test"]}, [": InvalidType"]),
    "faults in several places": (
        {"CustomerType": "X", "Emails": [HOME | {"EmailAddress": "x"}], "Consents": [{}]},
        [": UnknownCustomerType", "Emails[0]: InvalidFormat", *["Consents[0]: Required"] * 4],
    ),
}  # fmt: skip


def test_record_that_is_wrong_fails_for_its_reasons(
    subtests: pytest.Subtests, vendor: Vendor, contact: Contact
) -> None:
    for case in BAD_RECORDS:
        with subtests.test(case=case):
            members, expected = BAD_RECORDS[case]
            token = vendor.initiate()

            status = vendor.stage(token, {**contact("C-1"), **members}, contact("C-2"))

            assert (status["ValidationFailed"], status["ValidationSuccessful"]) == (1, 1)
            [found] = vendor.reasons(token)
            assert sorted(found) == sorted(expected)


def test_an_exception_is_the_record_with_its_number_and_reasons(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    bad = contact("C-2", Emails=[HOME | {"EmailAddress": "nobody"}], Note="kept as sent")

    vendor.stage(token, contact("C-1"), bad)

    [record] = vendor.exceptions(token)["UserProfilePreferences"]
    assert record.pop("SequenceNumber") == 2
    assert record.pop("Edited") is None
    [reason] = record["Emails"][0].pop("Exceptions")
    assert set(reason) == {"Code", "Message"}
    assert record == bad


def test_counters_and_sequence_numbers_run_over_all_requests_of_a_token(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    bad = {"CustomerType": "X"}

    vendor.stage(token, contact("C-1"), contact("C-2", **bad))
    status = vendor.stage(token, contact("C-3", **bad), contact("C-4"), contact("C-5"))

    assert status | {
        "Status": "Staging", "TotalRecordsReceived": 5, "ValidationSuccessful": 3,
        "ValidationFailed": 2, "Pending": 3, "Processed": 0, "Exceptions": 0, "NotHonored": 0,
    } == status  # fmt: skip
    failed = vendor.exceptions(token)["UserProfilePreferences"]
    assert [record["SequenceNumber"] for record in failed] == [2, 3]


def test_stage_answers_can_be_made_to_count_their_own_request_alone(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.switch(stage_counters="request")
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"), contact("C-2"))

    status = vendor.stage(token, contact("C-3", CustomerType="X"))

    assert (status["TotalRecordsReceived"], status["ValidationFailed"]) == (1, 1)
    assert vendor.status(token)["TotalRecordsReceived"] == 3


def test_requests_that_overlap_are_counted_one_after_the_other(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    callers = [Vendor(vendor.process) for _ in range(8)]

    def stage(place: int) -> None:
        for number in range(5):
            callers[place].stage(token, *(contact(f"{place}-{number}-{n}") for n in range(20)))

    with ThreadPoolExecutor(len(callers)) as pool:
        list(pool.map(stage, range(len(callers))))

    assert vendor.status(token)["TotalRecordsReceived"] == 800
    found = vendor.admin("GET", f"imports/{token}")["records"]
    assert [item["sequence"] for item in found] == list(range(1, 801))
    values = [item["record"]["AlternateIds"][0]["AlternateId"] for item in found]
    assert len(set(values)) == 800
    batches = {tuple(value.rsplit("-", 1)[0] for value in values[n : n + 20])
               for n in range(0, 800, 20)}  # fmt: skip
    assert all(len(set(batch)) == 1 for batch in batches), "requests were interleaved"


def test_a_corrected_record_can_be_staged_again_as_it_was_echoed(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    vendor.stage(token, contact("C-1", Emails=[HOME | {"EmailAddress": "nobody"}]))
    [record] = vendor.exceptions(token)["UserProfilePreferences"]
    record["Emails"][0]["EmailAddress"] = "ana@example.test"

    status = vendor.stage(token, record)

    assert (status["TotalRecordsReceived"], status["ValidationSuccessful"]) == (2, 1)
    vendor.execute(token)
    assert "Exceptions" not in vendor.profile()["Emails"][0]
    assert "SequenceNumber" not in vendor.profile()


def test_body_of_the_wrong_form_is_refused_and_not_counted(
    subtests: pytest.Subtests, vendor: Vendor, contact: Contact
) -> None:
    for body in [
        b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"Records": []}',
        b'{"UserProfilePreferences": {}}', b'{"UserProfilePreferences": null}',
        b'{"UserProfilePreferences": [{}, 5]}', b'{"UserProfilePreferences": [null]}',
        b'{"UserProfilePreferences": [{"a": }]}', b'{"UserProfilePreferences": [{}]} x',
        b'{"UserProfilePreferences": ' + b"[" * 9000 + b"]" * 9000 + b"}",
        b'{"UserProfilePreferences": [{"CustomerType": "\\ud800"}]}',
        b'\xef\xbb\xbf{"UserProfilePreferences": []}',
        b'{"UserProfilePreferences": [{"CustomerType": "\xff"}]}',
    ]:  # fmt: skip
        with subtests.test(body=body):
            token = vendor.initiate()
            vendor.stage(token, contact("C-1"))

            answer = vendor.imports("POST", f"/{token}/Stage", data=body)

            assert answer.status_code == 400
            assert answer.json()["Message"]
            assert vendor.status(token)["TotalRecordsReceived"] == 1


def test_an_empty_array_is_staged_as_nothing(vendor: Vendor) -> None:
    status = vendor.stage(vendor.initiate())

    assert (status["TotalRecordsReceived"], status["Status"]) == (0, "Staging")


def test_one_record_of_a_wrong_type_can_be_made_to_poison_its_request(
    vendor: Vendor, contact: Contact
) -> None:
    vendor.switch(type_faults="request")
    token = vendor.initiate()

    answer = vendor.send(token, [contact("C-1"), contact("C-2", IsActive="yes")])

    assert answer.status_code == 400
    assert vendor.status(token)["TotalRecordsReceived"] == 0


def test_names_bind_in_any_case(vendor: Vendor) -> None:
    record = {
        "alternateids": [{"alternateIdType": "crmcontactid", "ALTERNATEID": "C-1"}],
        "emails": [{"emailaddress": "ana@example.test", "emailpreferences": [
            {"filterid": "news_weekly", "preferencetype": 1}]}],
    }  # fmt: skip

    assert vendor.run(record)["Processed"] == 1
    [email] = vendor.profile()["Emails"]
    assert email["EmailAddress"] == "ana@example.test"
    assert email["EmailPreferences"][0]["FilterId"] == "news_weekly"


def test_null_is_like_absent_for_what_is_optional_and_missing_for_what_is_required(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    nulls: dict[str, Any] = dict.fromkeys(("CustomerName", "Emails", "CustomerType", "IsActive"))

    vendor.stage(token, contact("C-1", **nulls), contact("C-2", Emails=[{"EmailAddress": None}]))

    assert vendor.reasons(token) == [["Emails[0]: Required"]]


def test_record_that_the_user_may_not_write_fails(
    subtests: pytest.Subtests, vendor: Vendor, contact: Contact
) -> None:
    for user, secret, members, expected in [
        ("demo.contacts.only", "0004", {"Emails": [HOME]}, None),
        ("demo.contacts.only", "0004", {"Consents": [GRANTED]}, "Consents[0]: NotPermitted"),
        ("demo.contacts.only", "0004", {"Emails": [HOME | {"EmailPreferences": [NEWS]}]},
         "Emails[0].EmailPreferences[0]: NotPermitted"),
        ("demo.preferences.only", "0005", {"Emails": [HOME | {"EmailPreferences": [NEWS]}]}, None),
        ("demo.preferences.only", "0005", {"CustomerName": {"FirstName": "A"}}, ": NotPermitted"),
        ("demo.email.only", "0003", {"Emails": [HOME | {"EmailPreferences": [NEWS]}]}, None),
        ("demo.email.only", "0003", {"PhoneNumbers": [MOBILE | {"PhonePreferences": [
            {"FilterId": "OFFERS_SMS", "PreferenceType": 1}]}]},
         "PhoneNumbers[0].PhonePreferences[0]: NotPermitted"),
    ]:  # fmt: skip
        with subtests.test(user=user, members=members):
            other = vendor.as_user(user, f"sandbox-shared-secret-{secret}")
            token = other.initiate()

            other.stage(token, contact("C-1", **members))

            assert other.reasons(token) == ([[expected]] if expected else [])
