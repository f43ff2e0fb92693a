"""Rows are held to what the account has, as far as that is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from prefdrop.feeds import (
    AccountSnapshot,
    FeedError,
    LocalReject,
    Source,
    load_feed,
)
from prefdrop.feeds.account import PATTERN_NOT_UNDERSTOOD

from .support import CONSENT, EMAIL, NOW, all_chunks, make_feed, records_of, rejects_of, source_of

SNAPSHOT = AccountSnapshot(
    taken_at=NOW,
    alternate_id_types=frozenset({"CrmContactId", "LoyaltyId"}),
    customer_types=frozenset({"Customer"}),
    email_types=frozenset({"Home"}),
    phone_types=frozenset({"Mobile"}),
    address_types=frozenset({"Home"}),
    filter_ids=frozenset({"NEWS"}),
    consents={"Marketing": frozenset({"1.0", "2.0"}), "Partners": frozenset({"1.0"})},
    groups={"Region": frozenset({"North", "South"})},
    custom_fields={"ShoeSize": "numeric", "Tier": "selectlist", "Store": "text"},
    email_pattern=r"^[^@]+@(?!localhost\.).+$",
)
AS_IS = b"""
[import]
name = "records"
match_alternate_id = "CrmContactId"
[source]
format = "jsonl"
"""
STATUS = f"""
"s" = {{ to = "{CONSENT}.ConsentStatus", default = 1 }}
v = "{CONSENT}.ConsentVersion"
l = "{CONSENT}.Locale"
"""


def source_with(feed: bytes, data: str, snapshot: AccountSnapshot | None = SNAPSHOT) -> Source:
    plain = source_of(feed, data)
    open_at = plain.opened.open_at
    return Source(plain.feed, open_at, size=len(data.encode()), file="drop.csv", snapshot=snapshot)


def outcome(columns: str, header: str, cells: str) -> LocalReject | dict[str, Any]:
    """The reject or the record that one row of a csv file gives."""
    source = source_with(make_feed(columns), f"crm_id,{header}\n7,{cells}\n")
    source.check()
    chunks = all_chunks(source)
    return next(iter(rejects_of(chunks) or records_of(chunks)))  # type: ignore[arg-type]


NOT_IN_ACCOUNT = [
    ('x = "CustomerType"', "x", "customer", "Prospect", "NotInAccount"),
    (f'x = "{EMAIL}"', "x", "a@example.test", "a@localhost.test", "NotAnEmail"),
    (
        'x = "Emails[].EmailAddressType"\ne = "Emails[].EmailAddress"',
        "x,e",
        "HOME,a@example.test",
        "Work,a@example.test",
        "NotInAccount",
    ),
    (
        'x = "ProfilePreferences[].FilterId"\np = "ProfilePreferences[].PreferenceType"',
        "x,p",
        "NEWS,1",
        "OTHER,1",
        "NotInAccount",
    ),
    (STATUS, "s,v,l", ",2.0,en_US", ",3.0,en_US", "NotInAccount"),
    (
        'x = { to = "ProfilePreferences[].FilterId", split = ";" }\n[constants]\n'
        '"ProfilePreferences[].PreferenceType" = 1',
        "x",
        "NEWS;news",
        "NEWS;OTHER",
        "NotInAccount",
    ),
    ('x = "CustomFields[Name=SHOESIZE].Value"', "x", "42.5", "large", "NotANumber"),
    (
        'x = { to = "CustomerType", values = { c = "Customer", p = "Prospect" } }',
        "x",
        "c",
        "p",
        "NotInAccount",
    ),
]


def test_value_that_the_account_does_not_have_rejects_its_row(subtests: pytest.Subtests) -> None:
    for columns, header, good, bad, code in NOT_IN_ACCOUNT:
        with subtests.test(columns=columns):
            assert isinstance(outcome(columns, header, good), dict)

            reject = outcome(columns, header, bad)

            assert isinstance(reject, LocalReject)
            assert reject.code == code
            assert reject.column in header.split(",")
            assert not set(bad.split(",")) & set(reject.reason.split())


def test_value_that_the_vendor_may_take_is_left_to_the_vendor(subtests: pytest.Subtests) -> None:
    for columns, header, cells in [
        ('x = "DefaultLocale"', "x", "de_DE"),
        (STATUS, "s,v,l", "3,2.0,es_US"),
        (STATUS, "s,v,l", "1,2.0,en-us"),
        ('x = "Groups[GroupType=Region].GroupName"', "x", "East"),
        ('x = "Groups[GroupType=Household].GroupName"', "x", "Ruiz Family"),
        ('x = "CustomFields[Name=Tier].Value"', "x", "Bronze"),
        ('x = "CustomFields[Name=Nothing].Value"', "x", "anything"),
        *(
            ('x = "CustomFields[Name=ShoeSize].Value"', "x", number)
            for number in ("007", "+5", ".5", "1.", '"1,000"', "1 000", "5 %", "12 ", "1e3", " ")
        ),
        ('x = "CustomerType"', "x", " customer "),
        (f'x = "{EMAIL}"', "x", "A@EXAMPLE.TEST"),
    ]:
        with subtests.test(columns=columns, cells=cells):
            assert isinstance(outcome(columns, header, cells), dict)


def test_names_that_unicode_writes_in_two_ways_are_the_same() -> None:
    types = frozenset({"Société", "Maße"})  # composed
    snapshot = AccountSnapshot(taken_at=NOW, customer_types=types)

    chunks = all_chunks(
        source_with(
            make_feed('x = "CustomerType"'), "crm_id,x\n7,socie\u0301te\u0301\n8,MASSE\n", snapshot
        )
    )

    assert rejects_of(chunks) == []


def test_a_reject_says_what_it_was_held_to_and_what_to_do_if_that_is_old() -> None:
    reject = outcome('x = "CustomerType"', "x", "Prospect")

    assert isinstance(reject, LocalReject)
    assert f"customer type of the account as of {NOW:%Y-%m-%d %H:%M} UTC." in reject.reason
    assert "`prefdrop configuration pull`" in reject.reason
    assert "drop the rows again: a retry keeps this one" in reject.reason


@pytest.mark.parametrize(
    "pattern",
    [
        r"/^[^@]+@[^@]+$/i",
        r"^[^@]+@[^@]+\\\\.[a-z]+$",
        r"^([a-zA-Z0-9_\-\.]+)*@([a-z]+\.)+[a-z]{2,4}$",
        r"^\p{L}+@(?<n>.+)$",
    ],
)
def test_addresses_are_not_held_to_a_pattern_that_is_not_understood(pattern: str) -> None:
    snapshot = AccountSnapshot(taken_at=NOW, email_pattern=pattern)
    source = source_with(make_feed(f'x = "{EMAIL}"'), "crm_id,x\n7,a@example.test\n", snapshot)

    assert source.warnings == (PATTERN_NOT_UNDERSTOOD,)
    assert rejects_of(all_chunks(source)) == []


def test_a_long_address_is_rejected_for_its_length_and_no_pattern_is_tried_on_it() -> None:
    reject = outcome(f'x = "{EMAIL}"', "x", f"{'a' * 400}@localhost.test")

    assert isinstance(reject, LocalReject)
    assert reject.code == "ValueTooLong"
    assert "pattern" not in reject.reason


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ('x = "Emails[EmailAddressType=Work].EmailAddress"', "e-mail type Work"),
        (
            'x = { to = "ProfilePreferences[FilterId=OLD].PreferenceType", '
            'values = { "a@example.test" = 1 } }',
            "filter OLD",
        ),
        ('x = "AlternateIds[AlternateIdType=Old].AlternateId"', "alternate id type Old"),
    ],
)
def test_an_item_that_the_account_has_not_warns_and_rejects_the_rows_that_fill_it(
    columns: str, missing: str
) -> None:
    data = "crm_id,x\n7,a@example.test\n8,\n"
    source = source_with(make_feed(columns), data)

    chunks = all_chunks(source)

    assert len(source.warnings) == 1
    assert source.warnings[0].startswith(f"The account has no {missing} (")
    assert [(each.row, each.code) for each in rejects_of(chunks)] == [(1, "NotInAccount")]
    assert missing in rejects_of(chunks)[0].reason
    assert len(records_of(chunks)) == 1


def test_constants_are_held_to_the_account_when_the_feed_is_compiled() -> None:
    feed = make_feed(
        f's = "{CONSENT}.ConsentStatus"',
        rest=f'[constants]\n"{CONSENT}.ConsentVersion" = "9"\n"{CONSENT}.Locale" = "en_US"\n'
        '"CustomerType" = "Prospect"',
    )

    warnings = source_with(feed, "crm_id,s\n7,1\n").warnings

    assert [warning.split(":")[0] for warning in warnings] == [
        "The account has no customer type Prospect",
        "The account has no consent version Marketing, 9 (Consents[ConsentType=Marketing])",
    ]


def test_a_match_type_that_the_account_has_not_ends_the_import_before_it_begins() -> None:
    snapshot = msgspec.structs.replace(SNAPSHOT, alternate_id_types=frozenset({"LoyaltyId"}))
    source = source_with(make_feed(), "crm_id\n7\n", snapshot)

    with pytest.raises(FeedError, match="no alternate id type CrmContactId as of 2026") as caught:
        source.check()

    assert caught.value.key == "import.match_alternate_id"
    assert "LoyaltyId" in caught.value.hint


def test_what_a_snapshot_does_not_know_is_not_checked() -> None:
    feed = make_feed('x = "CustomerType"\ny = "Groups[GroupType=Any].GroupName"')
    data = "crm_id,x,y\n7,Anything,Anyone\n"

    for snapshot in (None, AccountSnapshot(taken_at=NOW)):
        source = source_with(feed, data, snapshot)
        source.check()
        assert rejects_of(all_chunks(source)) == []


def test_a_snapshot_is_stale_after_a_week_or_if_it_has_no_time() -> None:
    assert not SNAPSHOT.is_stale(NOW + timedelta(days=6))
    assert SNAPSHOT.is_stale(NOW + timedelta(days=8))
    assert AccountSnapshot().is_stale(NOW)


WRONG_MEMBERS = [
    ("CustomerType", "Prospect", "NotInAccount", "CustomerType"),
    (
        "Emails",
        [{"EmailAddressType": "Work", "EmailAddress": "a@example.test"}],
        "NotInAccount",
        "Emails[0].EmailAddressType",
    ),
    ("Emails", [{"EmailAddress": "a@localhost.test"}], "NotAnEmail", "Emails[0].EmailAddress"),
    (
        "Consents",
        [
            {
                "ConsentType": "Marketing",
                "ConsentVersion": "3.0",
                "Locale": "en_US",
                "ConsentStatus": 1,
            }
        ],
        "NotInAccount",
        "Consents[0].ConsentVersion",
    ),
    (
        "CustomFields",
        [{"Name": "ShoeSize", "Value": "big"}],
        "NotANumber",
        "CustomFields[0].Value",
    ),
]


def test_record_taken_as_it_is_is_checked_against_the_account(subtests: pytest.Subtests) -> None:
    for member, value, code, place in WRONG_MEMBERS:
        with subtests.test(member=member, place=place):
            ids = [{"AlternateIdType": "CrmContactId", "AlternateId": "7"}]
            good = {
                "AlternateIds": ids,
                "DefaultLocale": "de_DE",
                "CustomFields": [
                    {"Name": "Tier", "Value": "Tin"},
                    {"Name": "ShoeSize", "Value": "+5"},
                ],
                "Groups": [{"GroupType": "Region", "GroupName": "East"}],
                "Consents": [
                    {
                        "ConsentType": "marketing",
                        "ConsentVersion": "2.0",
                        "Locale": "es-us",
                        "ConsentStatus": 3,
                    }
                ],
            }
            lines = [{"AlternateIds": ids, member: value}, good]
            data = "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)

            chunks = all_chunks(source_with(AS_IS, data))

            assert [(each.row, each.code, each.column) for each in rejects_of(chunks)] == [
                (1, code, place)
            ]
            assert records_of(chunks) == [good]


def test_the_feed_alone_is_read_without_any_snapshot() -> None:
    assert load_feed(make_feed('x = "CustomerType"'), file="crm.toml").warnings == ()
