"""The configuration is read per locale, as the account file sets it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.caller import Json, Vendor

Listed = Callable[..., list[Json]]

LISTS = (
    "AddressTypes", "AlternateIdTypes", "CustomerTypes", "EmailTypes", "PhoneTypes", "GroupTypes",
    "Picklists", "Programs", "ProgramGroups", "Filters", "Channels", "ConsentTypes",
    "CustomFields/Text", "Programs/Informational", "ProgramGroups/IncludeAll",
)  # fmt: skip


def test_list_by_id_or_locale_is_the_part_that_fits(
    subtests: pytest.Subtests, listed: Listed
) -> None:
    for path in LISTS:
        with subtests.test(path=path):
            everything = listed(path)

            assert len({item["Id"] for item in everything}) == len(everything) > 0
            assert listed(path, Id=0) == everything
            assert listed(path, Id=everything[-1]["Id"]) == everything[-1:]
            for spelling in ("en_US", "en-us"):
                items = listed(path, locale=spelling)
                assert [item["Id"] for item in items] == [item["Id"] for item in everything]
                assert all(_locales(item) == {"en_US"} for item in items)


def test_list_by_unknown_id_or_locale_is_not_found(
    subtests: pytest.Subtests, vendor: Vendor
) -> None:
    for query, status in [({"locale": "de_DE"}, 404), ({"Id": 999}, 404), ({"Id": "x"}, 400)]:
        for path in LISTS:
            with subtests.test(path=path, query=query):
                answer = vendor.call("GET", f"{vendor.client_id}/{path}", params=query)

                assert answer.status_code == status
                assert answer.json()["Message"]


def test_in_another_locale_things_are_called_by_other_names(listed: Listed) -> None:
    weekly, monthly, offers = listed("Filters", locale="es-US")

    assert [item["LocalizedFields"][0]["Name"] for item in (weekly, monthly, offers)] == [
        "Boletín semanal", "Boletín mensual", "Ofertas por correo electrónico",
    ]  # fmt: skip
    [program] = listed("Programs/informational", locale="fr_CA")
    assert [item["FilterId"] for item in program["Filters"]] == ["NEWS_WEEKLY"]
    [consent] = listed("ConsentTypes", locale="fr_CA")
    assert "Nous pouvons" in consent["Versions"][0]["LocalizedFields"][0]["ConsentLanguage"]


def test_programs_hold_their_filters_and_are_asked_for_by_type(listed: Listed) -> None:
    by_id = {program["ProgramId"]: program for program in listed("Programs")}

    assert [item["FilterId"] for item in by_id["Newsletters"]["Filters"]] == [
        "NEWS_WEEKLY", "NEWS_MONTHLY",
    ]  # fmt: skip
    assert by_id["Offers"]["Channels"] == ["Phone", "Fax", "Text", "Email"]
    assert [item["ProgramId"] for item in listed("Programs/Marketing")] == ["Offers", "Events"]
    assert listed("Programs/Do Not Contact") == listed("Programs/DNC") == [by_id["Do not call"]]


def test_an_unknown_program_type_or_field_kind_or_group_type_is_not_found(vendor: Vendor) -> None:
    for path in ("Programs/Other", "CustomFields/Picture", "GroupTypes/Club/GroupNames"):
        assert vendor.call("GET", f"{vendor.client_id}/{path}").status_code == 404


class TestCustomProperties:
    def test_whole_groups_are_shown_in_which_anything_matches(self, listed: Listed) -> None:
        path = "ProgramGroups/IncludeAll"

        assert [group["Name"] for group in listed(path, Brand="south")] == ["What others send"]
        assert [group["Name"] for group in listed(path, Audience="partners")] == [
            "What others send"
        ]
        assert [group["Name"] for group in listed(f"{path}?Footer")] == ["What we send"]
        assert listed(path, Brand="West") == []
        [group] = listed(path, Brand="North")
        assert [len(program["Filters"]) for program in group["Programs"]] == [2, 4, 0]

    def test_without_include_all_what_does_not_match_is_left_out(self, listed: Listed) -> None:
        [group] = listed("ProgramGroups", Brand="North")

        assert [program["ProgramId"] for program in group["Programs"]] == ["Offers"]
        assert [item["FilterId"] for item in group["Programs"][0]["Filters"]] == ["OFFERS_EMAIL"]


def test_small_lists_are_what_they_are(listed: Listed) -> None:
    assert [item["Name"] for item in listed("ConsentStatus")] == [
        "Granted", "Denied", "Revoked", "NotSet",
    ]  # fmt: skip
    assert [item["Name"] for item in listed("CustomFields/UpdateRules")]
    assert [item["GroupName"] for item in listed("GroupTypes/region/GroupNames")] == [
        "North", "South",
    ]  # fmt: skip
    [tier] = listed("CustomFields/SelectList")
    [picklist] = [item for item in listed("Picklists") if item["Name"] == tier["Picklist"]]
    assert [choice["Value"] for choice in picklist["Values"]] == ["Bronze", "Silver", "Gold"]


def test_anybody_may_read_it(vendor: Vendor) -> None:
    reader = vendor.as_user("demo.no.configuration", "sandbox-shared-secret-0010")

    assert reader.call("GET", f"{vendor.client_id}/EmailTypes").status_code == 200


def test_another_account_is_not_found(vendor: Vendor) -> None:
    assert vendor.call("GET", "OTHER_CLIENT/EmailTypes").status_code == 404


def _locales(item: Any) -> set[str]:
    if isinstance(item, list):
        return {locale for one in item for locale in _locales(one)}
    if not isinstance(item, dict):
        return set()
    own = {item["Locale"]} if "Locale" in item else set()
    return own | {locale for value in item.values() for locale in _locales(value)}
