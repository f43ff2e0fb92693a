from __future__ import annotations

import json
from typing import Any

import pytest

from prefdrop.feeds import LocalReject, load_feed

from .support import CONSENT, EMAIL, NEWS, make_feed, reject_one, stage, stage_one

SEVEN = {"AlternateIdType": "CrmContactId", "AlternateId": "7"}


def test_a_row_becomes_the_record_its_feed_maps() -> None:
    feed = make_feed(
        f"""
        first = "CustomerName.FirstName"
        email = "{EMAIL}"
        news = {{ to = "{NEWS}", values = {{ Y = 1, N = 2 }} }}
        """
    )

    records, rejects = stage(feed, "crm_id,first,email,news\n7,Ana,ana@example.test,Y\n")

    assert rejects == []
    assert records == [
        {
            "AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "7"}],
            "CustomerName": {"FirstName": "Ana"},
            "Emails": [
                {
                    "EmailAddressType": "Home",
                    "EmailAddress": "ana@example.test",
                    "EmailPreferences": [{"FilterId": "NEWS", "PreferenceType": 1}],
                }
            ],
        }
    ]


def test_an_item_is_left_out_when_none_of_its_columns_has_a_value() -> None:
    feed = make_feed(
        f"""
        email = "{EMAIL}"
        status = "{CONSENT}.ConsentStatus"
        version = "{CONSENT}.ConsentVersion"
        """,
        rest=f"""
        [constants]
        "{CONSENT}.Locale" = "en_US"
        "Emails[EmailAddressType=Home].IsDefault" = true
        """,
    )

    records, rejects = stage(feed, "crm_id,email,status,version\n7,,,\n")

    assert (records, rejects) == ([{"AlternateIds": [SEVEN]}], [])


def test_constants_ride_along_with_the_item_they_belong_to() -> None:
    feed = make_feed(
        f'email = "{EMAIL}"',
        rest=f"""
        [constants]
        "{NEWS}" = 1
        "DefaultLocale" = "en_US"
        "CustomerName.Suffix" = "Esq"
        """,
    )

    records, _ = stage(feed, "crm_id,email\n7,ana@example.test\n8,\n")

    first, second = records
    assert first["Emails"][0]["EmailPreferences"] == [{"FilterId": "NEWS", "PreferenceType": 1}]
    assert "Emails" not in second
    assert [record["DefaultLocale"] for record in records] == ["en_US", "en_US"]
    assert [record["CustomerName"] for record in records] == [{"Suffix": "Esq"}, {"Suffix": "Esq"}]


def test_an_item_without_what_the_vendor_requires_rejects_its_row() -> None:
    feed = make_feed(f'email = "{EMAIL}"\nnews = {{ to = "{NEWS}", values = {{ Y = 1 }} }}')

    records, rejects = stage(feed, "crm_id,email,news\n7,,Y\n")

    assert records == []
    assert rejects == [
        LocalReject(
            1,
            "ValueMissing",
            "Column email is empty, but Emails[EmailAddressType=Home] can't be without it.",
            "email",
        )
    ]


def test_an_item_that_can_never_be_whole_is_warned_of_and_rejects_the_rows_that_fill_it() -> None:
    feed = make_feed(f'version = "{CONSENT}.ConsentVersion"')

    records, rejects = stage(feed, "crm_id,version\n7,2.0\n8,\n")

    assert len(records) == 1
    assert [(reject.row, reject.code) for reject in rejects] == [(1, "ValueMissing")]
    (warning,) = load_feed(feed, file="crm.toml").warnings
    assert "never gets Locale and ConsentStatus" in warning


def test_one_column_can_fill_several_members() -> None:
    feed = make_feed(
        f"""
        email = ["{EMAIL}", {{ to = "CustomFields[Name=login].Value", case = "lower" }}]
        """
    )

    (record,), _ = stage(feed, "crm_id,email\n7,Ana@example.test\n")

    assert record["Emails"][0]["EmailAddress"] == "Ana@example.test"
    assert record["CustomFields"] == [{"Name": "login", "Value": "ana@example.test"}]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("omit", {}), ("null", {"CustomerName": {"MiddleName": None}})],
)
def test_an_empty_cell_is_left_out_unless_the_column_says_null(
    policy: str, expected: dict[str, Any]
) -> None:
    columns = f'x = {{ to = "CustomerName.MiddleName", empty = "{policy}" }}'

    assert stage_one(columns, "") == expected


def test_an_empty_cell_of_a_column_that_must_be_filled_rejects_the_row() -> None:
    for option in ("required = true", 'empty = "reject"'):
        reject = reject_one(f'x = {{ to = "CustomerName.LastName", {option} }}', "")

        assert (reject.code, reject.column) == ("ValueMissing", "x")


def test_nulls_do_not_make_an_item_that_lacks_its_required_member() -> None:
    feed = make_feed(
        """
        city = "Addresses[AddressType=Home].City"
        line1 = "Addresses[AddressType=Home].Address1"
        line2 = "Addresses[AddressType=Home].Address2"
        state = "Addresses[AddressType=Home].StateProvince"
        zip = "Addresses[AddressType=Home].PostalCode"
        field = "CustomFields[Name=Nickname].Value"
        """,
        source='format = "csv"\nempty = "null"',
    )

    header = "crm_id,city,line1,line2,state,zip,field\n"
    records, rejects = stage(feed, header + "7,,,,,,\n8,Town,Main St 1,,NY,10001,\n")

    assert rejects == []
    assert "Addresses" not in records[0]
    assert records[0]["CustomFields"] == [{"Name": "Nickname", "Value": None}]
    assert records[1]["Addresses"][0]["Address2"] is None


def test_nothing_is_trimmed_or_folded_unless_the_feed_says_so() -> None:
    plain = stage_one('x = "CustomerName.LastName"', "  Ruiz ")
    shaped = stage_one(
        'x = { to = "CustomerName.LastName", trim = true, case = "upper" }', "  Ruiz "
    )
    everywhere = stage_one(
        'x = "CustomerName.LastName"', "  Ruiz ", source='format = "csv"\ntrim = true'
    )

    assert plain == {"CustomerName": {"LastName": "  Ruiz "}}
    assert shaped == {"CustomerName": {"LastName": "RUIZ"}}
    assert everywhere == {"CustomerName": {"LastName": "Ruiz"}}


def test_a_default_stands_for_an_empty_cell_as_if_it_had_stood_in_the_file() -> None:
    columns = """
    [columns.x]
    to = "ProfilePreferences[FilterId=A].PreferenceType"
    values = { Y = 1, N = 2 }
    default = "N"
    """

    record = stage_one(columns, "")

    assert record == {"ProfilePreferences": [{"FilterId": "A", "PreferenceType": 2}]}


def test_a_value_that_the_feed_does_not_list_rejects_the_row_without_quoting_it() -> None:
    reject = reject_one(
        'x = { to = "ProfilePreferences[FilterId=A].PreferenceType", values = { Y = 1, N = 2 } }',
        "secret",
    )

    assert reject.code == "ValueNotMapped"
    assert "Y, N" in reject.reason
    assert "secret" not in reject.reason


def test_a_value_can_stand_for_empty() -> None:
    columns = 'x = { to = "ProfileTags[1].Name", values = { Y = "VIP", N = "" } }'

    assert stage_one(columns, "Y") == {"ProfileTags": [{"Name": "VIP"}]}
    assert stage_one(columns, "N") == {}


@pytest.mark.parametrize(
    ("path", "cell", "value"),
    [
        ("ProfilePreferences[FilterId=A].PreferenceType", "2", 2),
        ("IsActive", "TRUE", True),
        ("IsActive", "0", False),
        ("CustomFields[Name=n].Value", "007", "007"),
    ],
)
def test_members_have_the_json_type_that_the_vendor_wants(
    path: str, cell: str, value: object
) -> None:
    record = stage_one(f'x = "{path}"', cell)

    assert f":{json.dumps(value)}}}" in json.dumps(record, separators=(",", ":"))


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("integer", "007", 7),
        ("number", "1.50", 1.5),
        ("boolean", "true", True),
        ("string", "1", "1"),
    ],
)
def test_a_custom_field_can_be_given_a_type(kind: str, cell: str, value: object) -> None:
    record = stage_one(f'x = {{ to = "CustomFields[Name=n].Value", type = "{kind}" }}', cell)

    assert record == {"CustomFields": [{"Name": "n", "Value": value}]}


def test_cell_that_the_vendor_must_refuse_is_rejected(subtests: pytest.Subtests) -> None:
    for columns, cell, code in [
        ('x = "ProfilePreferences[FilterId=A].PreferenceType"', "3", "OutOfRange"),
        ('x = "ProfilePreferences[FilterId=A].PreferenceType"', "1.0", "OutOfRange"),
        ('x = "ProfileId"', "12a", "NotAnInteger"),
        ('x = "ProfileId"', "0", "NotAnInteger"),
        ('x = "IsActive"', "yes", "NotABoolean"),
        ('x = { to = "CustomFields[Name=n].Value", type = "number" }', "1,5", "NotANumber"),
        (f'x = "{EMAIL}"', "ana.example.test", "NotAnEmail"),
        (f'x = "{EMAIL}"', "ana@localhost", "NotAnEmail"),
        (f'x = "{EMAIL}"', "a" * 250 + "@example.test", "ValueTooLong"),
        ('x = "PhoneNumbers[PhoneNumberType=Home].PhoneNumber"', "call me", "NotAPhone"),
        ('x = "PhoneNumbers[PhoneNumberType=Home].PhoneNumber"', "555-01", "NotAPhone"),
        ('x = "DefaultLocale"', "x" * 16, "ValueTooLong"),
    ]:
        with subtests.test(columns=columns, cell=cell):
            reject = reject_one(columns, f'"{cell}"')

            assert (reject.row, reject.code, reject.column) == (1, code, "x")
            assert cell not in reject.reason


@pytest.mark.parametrize("cell", ["602-555-0125", "+1 (602) 555-0125", "602.555.0125 x12"])
def test_phone_numbers_may_be_written_in_the_usual_ways(cell: str) -> None:
    record = stage_one('x = "PhoneNumbers[PhoneNumberType=Home].PhoneNumber"', cell)

    assert record["PhoneNumbers"][0]["PhoneNumber"] == cell


def test_all_faults_of_a_row_make_one_reject() -> None:
    feed = make_feed(f'email = "{EMAIL}"\nlocale = "DefaultLocale"')

    _, rejects = stage(feed, "crm_id,email,locale\n,nobody,xxxxxxxxxxxxxxxxxxxxxx\n")

    (reject,) = rejects
    assert reject.code == "ValueTooLong"
    assert reject.reason.count(".") == 3


def test_splitting_makes_one_item_of_each_piece() -> None:
    columns = 'x = { to = "ProfileTags[].Name", split = ";", trim = true }'

    assert stage_one(columns, "vip; new;;") == {"ProfileTags": [{"Name": "vip"}, {"Name": "new"}]}
    assert stage_one(columns, "") == {}


def test_split_items_take_their_constants_along() -> None:
    feed = make_feed(
        """
        email = "Emails[EmailAddressType=Home].EmailAddress"
        lists = { to = "Emails[EmailAddressType=Home].EmailPreferences[].FilterId", split = "|" }
        """,
        rest="""
        [constants]
        "Emails[EmailAddressType=Home].EmailPreferences[].PreferenceType" = 1
        """,
    )

    (record,), _ = stage(feed, "crm_id,email,lists\n7,ana@example.test,NEWS|EVENTS\n")

    assert record["Emails"][0]["EmailPreferences"] == [
        {"FilterId": "NEWS", "PreferenceType": 1},
        {"FilterId": "EVENTS", "PreferenceType": 1},
    ]


def test_every_collection_of_the_record_can_be_mapped() -> None:
    paths = [
        "Addresses[AddressType=Home].AddressPreferences[FilterId=A].PreferenceType",
        "PhoneNumbers[PhoneNumberType=Mobile].PhonePreferences[FilterId=A].PreferenceType",
        f"{NEWS.rsplit('.', 1)[0]}.PreferenceAttributes[Key=campaign].Value",
        "Groups[GroupType=Store].GroupName",
        "ProfileTags[1].Name",
        "CustomFields[Name=Shoe size].Value",
        "ProfilePreferences[FilterId=A].FrequencyId",
        "RegistrationConfirmed",
        "PreservePreferences",
        "CustomerName.Prefix",
    ]
    columns = "\n".join(f'c{at} = "{path}"' for at, path in enumerate(paths))

    assert load_feed(make_feed(columns), file="crm.toml").columns.keys() == {
        "crm_id",
        *(f"c{at}" for at in range(len(paths))),
    }


def test_a_member_that_only_the_account_has_can_be_declared() -> None:
    feed = make_feed(
        'ext = "PhoneNumbers[PhoneNumberType=Home].Extension"\n'
        'phone = "PhoneNumbers[PhoneNumberType=Home].PhoneNumber"',
        rest='[members]\n"PhoneNumbers.Extension" = "integer"',
    )

    (record,), _ = stage(feed, "crm_id,ext,phone\n7,12,602-555-0125\n")

    assert record["PhoneNumbers"][0]["Extension"] == 12


def test_rows_can_be_matched_by_profile_id() -> None:
    feed = b"""
    [import]
    name = "n"
    match = "ProfileId"
    [source]
    format = "csv"
    [columns]
    id = "ProfileId"
    """

    records, rejects = stage(feed, 'id\n12\n""\n')

    assert records == [{"ProfileId": 12}]
    assert [reject.code for reject in rejects] == ["MatchKeyMissing"]


def test_a_column_the_file_may_lack_reads_as_empty_where_it_does() -> None:
    feed = make_feed('first = { to = "CustomerName.FirstName", optional = true }')

    without, _ = stage(feed, "crm_id\n7\n")
    with_it, _ = stage(feed, "first,crm_id\nAna,7\n")

    assert without == [{"AlternateIds": [SEVEN]}]
    assert with_it == [{"CustomerName": {"FirstName": "Ana"}, "AlternateIds": [SEVEN]}]
