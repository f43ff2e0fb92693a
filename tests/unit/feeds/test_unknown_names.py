"""A feed that names what the account has not is told where, and what may be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from prefdrop.feeds import AccountSnapshot, load_feed
from prefdrop.feeds.unknown_names import doubtful_names, unknown_names

ACCOUNT = AccountSnapshot(
    taken_at=datetime(2026, 1, 15, 3, tzinfo=UTC),
    alternate_id_types=frozenset({"CrmContactId", "LoyaltyId"}),
    email_types=frozenset({"Home", "Work"}),
    filter_ids=frozenset({"NEWS_WEEKLY", "NEWS_MONTHLY", "OFFERS_SMS"}),
    consents={"Marketing": frozenset({"1.0", "2.0"}), "Partners": frozenset({"1.0"})},
    groups={"Household": frozenset({"Ruiz Family"})},
)
FEED = """
[import]
name = "crm"
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
loyalty = "AlternateIds[AlternateIdType=LoyaltyId].AlternateId"
email = "Emails[EmailAddressType=Home].EmailAddress"
[columns.news]
to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS_WEEKLY].PreferenceType"
values = { Y = 1, N = 2 }
[columns.version]
to = "Consents[ConsentType=Marketing].ConsentVersion"
values = { old = "1.0", new = "2.0" }
[constants]
"Consents[ConsentType=Marketing].Locale" = "en_US"
"Consents[ConsentType=Marketing].ConsentStatus" = 1
"Groups[1].GroupType" = "Household"
"Groups[1].GroupName" = "Ruiz Family"
"""


def found(
    old: str = "", new: str = "", account: AccountSnapshot = ACCOUNT, search: Any = unknown_names
) -> list[str]:
    text = FEED.replace(old, new).encode() if old else FEED.encode()
    errors = search(load_feed(text, file="crm.toml"), text, account)
    return [f"{error.line} {error.key}: {error.problem} / {error.hint}" for error in errors]


def test_a_feed_with_known_names_has_nothing_to_tell() -> None:
    assert found() == []
    assert found("=Home]", "=home]") == []


@pytest.mark.parametrize(
    ("old", "new", "place", "problem", "near"),
    [
        (
            "Type=LoyaltyId",
            "Type=LoyaltId",
            "9 columns.loyalty",
            "no alternate id type LoyaltId",
            "LoyaltyId",
        ),
        ("=Home].EmailA", "=Hom].EmailA", "10 columns.email", "no e-mail type Hom", "Home"),
        ("NEWS_WEEKLY", "NEWS_WEKLY", "11 columns.news", "no filter NEWS_WEKLY", "NEWS_WEEKLY"),
        (
            'new = "2.0"',
            'new = "2.1"',
            "14 columns.version",
            "no consent version Marketing, 2.1",
            "2.0",
        ),
    ],
)
def test_an_unknown_name_has_its_line_its_key_and_the_nearest_name(
    old: str, new: str, place: str, problem: str, near: str
) -> None:
    told = found(old, new)

    assert len(told) == 1
    assert told[0].startswith(f"{place}: the account has {problem} as of 2026-01-15 03:00 UTC")
    assert f"Did you mean {near}?" in told[0]


@pytest.mark.parametrize(
    ("old", "new", "problem", "near"),
    [
        ('"Ruiz Family"', '"Ruis Family"', "no group Household, Ruis Family", "Ruiz Family"),
        ('= "Household"', '= "Houshold"', "no group type Houshold", "Household"),
    ],
)
def test_a_group_that_is_unknown_is_doubtful_and_no_error(
    old: str, new: str, problem: str, near: str
) -> None:
    assert found(old, new) == []

    (told,) = found(old, new, search=doubtful_names)

    assert told.startswith(f"21 constants.Groups[1].GroupName: the account has {problem} as of")
    assert f"Did you mean {near}?" in told


def test_the_type_that_records_are_matched_by_is_found_once_for_each_place() -> None:
    told = found("CrmContactId", "CrmContctId")

    places = [each.partition(":")[0] for each in told]
    assert places == ["4 import.match_alternate_id", "8 columns.id"]
    assert all("Did you mean CrmContactId?" in each for each in told)


def test_an_unknown_consent_type_is_found_though_its_version_comes_from_a_column() -> None:
    told = found("ConsentType=Marketing", "ConsentType=Marketng")

    assert told
    assert all("no consent type Marketng" in each for each in told)


def test_how_a_locale_is_written_is_left_to_the_vendor() -> None:
    assert found('.Locale" = "en_US"', '.Locale" = "de-de"') == []


def test_versions_are_those_of_the_consent_type_that_is_named() -> None:
    told = found("ConsentType=Marketing", "ConsentType=Partners")

    assert len(told) == 1
    assert "no consent version Partners, 2.0" in told[0]
    assert "It has: 1.0." in told[0]


def test_what_resembles_nothing_is_told_without_a_guess() -> None:
    told = found("NEWS_WEEKLY", "ZZZ")

    assert "Did you mean" not in told[0]
    assert "It has: NEWS_MONTHLY, NEWS_WEEKLY, OFFERS_SMS." in told[0]


def test_what_the_snapshot_does_not_know_is_not_checked() -> None:
    assert found("NEWS_WEEKLY", "ZZZ", AccountSnapshot()) == []


def test_several_unknown_names_are_told_in_the_order_of_the_feed() -> None:
    text = FEED.replace("NEWS_WEEKLY", "ZZZ").replace("=Home].EmailA", "=Hom].EmailA").encode()

    errors = unknown_names(load_feed(text, file="crm.toml"), text, ACCOUNT)

    assert [error.line for error in errors] == [10, 11]


def test_many_names_are_not_all_listed() -> None:
    many = AccountSnapshot(filter_ids=frozenset(f"F{n:03}" for n in range(500)))

    (told,) = found("NEWS_WEEKLY", "ZZZ", many)

    assert "F011, ..." in told
    assert "F012" not in told
