"""The configuration is created and updated by calls, and imports follow it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from prefdrop_local.sandbox.process import start_sandbox
from tests.integration.sandbox.caller import Json, Vendor

Listed = Callable[..., list[Json]]
Sent = Callable[..., requests.Response]
Contact = Callable[..., Json]

TYPES = ("AddressTypes", "AlternateIdTypes", "CustomerTypes", "EmailTypes", "PhoneTypes")
VERSION = {
    "ConsentVersion": "3.0",
    "LocalizedFields": [{"Locale": "en_US", "Name": "Marketing", "ConsentLanguage": "We may …"}],
}


class TestTypes:
    def test_type_of_each_kind_is_created_read_and_updated(
        self, subtests: pytest.Subtests, listed: Listed, sent: Sent
    ) -> None:
        for path in TYPES:
            with subtests.test(path=path):
                before = listed(path)

                answer = sent("POST", path, {"typename": "Club"})

                assert answer.status_code == 201
                [made] = answer.json()[path]
                assert answer.headers["Location"].endswith(f"/DEMO_CLIENT/{path}?Id={made['Id']}")
                assert listed(path) == [*before, made]
                assert [text["Name"] for text in made["LocalizedFields"]] == ["Club"]

                update = {"Id": made["Id"], "TypeName": "CLUB", "IsActive": False}
                answer = sent("PUT", path, update)
                assert answer.status_code == 200
                assert (listed(path)[-1]["TypeName"], listed(path)[-1]["IsActive"]) == (
                    "Club",
                    False,
                )

    def test_type_with_a_name_that_is_taken_is_a_conflict(
        self, subtests: pytest.Subtests, listed: Listed, sent: Sent
    ) -> None:
        for path in TYPES:
            with subtests.test(path=path):
                taken = listed(path)[0]["TypeName"]

                answer = sent("POST", path, {"TypeName": "Club"}, {"TypeName": taken.upper()})

                assert answer.status_code == 409
                assert "Club" not in [item["TypeName"] for item in listed(path)]

    def test_update_of_a_type_that_does_not_fit_is_refused(
        self, subtests: pytest.Subtests, sent: Sent
    ) -> None:
        for item, status in [
            ({"TypeName": "Nobody"}, 404),
            ({"Id": 999, "TypeName": "Home"}, 404),
            ({"Id": 1, "TypeName": "Renamed"}, 400),
            ({"TypeName": ""}, 400),
            ({"TypeName": 7}, 400),
            ({"Id": 1}, 400),
        ]:
            with subtests.test(item=item):
                assert sent("PUT", "EmailTypes", item).status_code == status

    def test_one_type_of_each_kind_stays_active(self, sent: Sent, listed: Listed) -> None:
        names = [item["TypeName"] for item in listed("EmailTypes")]
        gone = [{"TypeName": name, "IsActive": False} for name in names]

        assert sent("PUT", "EmailTypes", *gone).status_code == 409
        assert all(item["IsActive"] for item in listed("EmailTypes"))

    def test_the_body_must_hold_the_collection(self, vendor: Vendor) -> None:
        for body in ({}, {"EmailTypes": []}, {"EmailTypes": {}}, []):
            answer = vendor.call("POST", f"{vendor.client_id}/EmailTypes", json=body)
            assert answer.status_code == 400

    def test_who_may_not_change_the_configuration_is_refused(self, vendor: Vendor) -> None:
        user = vendor.as_user("demo.no.configuration", "sandbox-shared-secret-0010")
        path = f"{vendor.client_id}/EmailTypes"

        for method in ("POST", "PUT"):
            body = {"EmailTypes": [{"TypeName": "Home"}]}
            assert user.call(method, path, json=body).status_code == 403
        assert user.call("DELETE", f"{vendor.client_id}/Tags/vip").status_code == 403


class TestImportsFollow:
    def test_a_new_email_type_is_taken_by_the_next_import(
        self, vendor: Vendor, contact: Contact, sent: Sent
    ) -> None:
        record = contact(
            "C-1", Emails=[{"EmailAddressType": "Club", "EmailAddress": "a@example.test"}]
        )
        assert vendor.run_as_failed(record) == [["Emails[0]: UnknownEmailType"]]

        sent("POST", "EmailTypes", {"TypeName": "Club"})

        assert vendor.run(record)["Processed"] == 1

    def test_an_inactive_type_is_taken_no_more(
        self, vendor: Vendor, contact: Contact, sent: Sent
    ) -> None:
        record = contact(
            "C-1", PhoneNumbers=[{"PhoneNumberType": "Work", "PhoneNumber": "6175550100"}]
        )
        vendor.run(record)

        sent("PUT", "PhoneTypes", {"TypeName": "Work", "IsActive": False})

        assert vendor.run_as_failed(record) == [["PhoneNumbers[0]: UnknownPhoneType"]]
        assert vendor.run(contact("C-1", CustomerType="Prospect"))["Processed"] == 1

    def test_a_new_alternate_id_type_matches(self, vendor: Vendor, sent: Sent) -> None:
        sent("POST", "AlternateIdTypes", {"TypeName": "ShopId"})
        record = {"AlternateIds": [{"AlternateIdType": "ShopId", "AlternateId": "S-1"}]}

        assert vendor.run(record, MatchValue="ShopId")["Processed"] == 1

    def test_a_phone_type_says_whether_its_numbers_are_mobile(
        self, vendor: Vendor, contact: Contact, sent: Sent
    ) -> None:
        sent("POST", "PhoneTypes", {"TypeName": "Pocket", "IsMobile": True})
        phone = {
            "PhoneNumberType": "Pocket", "PhoneNumber": "6175550100",
            "PhonePreferences": [{"FilterId": "OFFERS_SMS", "PreferenceType": 1}],
        }  # fmt: skip

        assert vendor.run(contact("C-1", PhoneNumbers=[phone]))["Processed"] == 1

    def test_custom_fields_take_what_their_kind_says(
        self, vendor: Vendor, contact: Contact, sent: Sent
    ) -> None:
        assert (
            sent("POST", "CustomFields/Text", {"Name": "Nick", "MaxLength": 4}).status_code == 201
        )
        store = {"Name": "Store", "Picklist": "stores"}
        assert sent("POST", "CustomFields/SelectList", store).status_code == 201

        def reasons(name: str, value: Any) -> list[list[str]]:
            return vendor.run_as_failed(
                contact("C-1", CustomFields=[{"Name": name, "Value": value}])
            )

        wrong = [["CustomFields[0]: InvalidCustomField"]]
        assert (reasons("Nick", "Anne"), reasons("Nick", "Annie")) == ([], wrong)
        assert (reasons("Store", "Boston"), reasons("Store", "Lima")) == ([], wrong)

    def test_a_consent_version_that_was_retired_is_taken_no_more_but_stays_known(
        self, vendor: Vendor, contact: Contact, sent: Sent, listed: Listed
    ) -> None:
        consent = {"ConsentType": "Marketing", "Locale": "en_US", "ConsentStatus": 1}
        old = contact("C-1", Consents=[consent | {"ConsentVersion": "2.0"}])
        vendor.run(old)

        answer = sent("PUT", "ConsentTypes", {"TypeName": "Marketing", "Versions": [VERSION]})

        assert answer.status_code == 200
        [marketing] = [one for one in listed("ConsentTypes") if one["TypeName"] == "Marketing"]
        assert [(one["ConsentVersion"], one["IsActive"]) for one in marketing["Versions"]] == [
            ("1.0", False), ("2.0", False), ("3.0", True),
        ]  # fmt: skip
        assert vendor.run_as_failed(old) == [["Consents[0]: UnknownConsentVersion"]]
        new = contact("C-1", Consents=[consent | {"ConsentVersion": "3.0"}])
        elsewhere = consent | {"ConsentVersion": "3.0", "Locale": "es_US"}
        assert vendor.run_as_failed(contact("C-1", Consents=[elsewhere])) == [
            ["Consents[0]: UnknownConsentLocale"]
        ]
        assert vendor.run(new)["Processed"] == 1
        assert [one["IsActive"] for one in vendor.profile()["Consents"]] == [False, True]

    def test_an_inactive_consent_type_is_unknown(
        self, vendor: Vendor, contact: Contact, sent: Sent
    ) -> None:
        item = {"TypeName": "Events", "Versions": [VERSION | {"ExpirationInDays": 30}]}
        assert sent("POST", "ConsentTypes", item).status_code == 201
        record = contact("C-1", Consents=[{
            "ConsentType": "Events", "ConsentVersion": "3.0", "Locale": "en_US", "ConsentStatus": 1,
        }])  # fmt: skip
        assert vendor.run(record)["Processed"] == 1

        sent("PUT", "ConsentTypes", item | {"IsActive": False})

        assert vendor.run_as_failed(record) == [["Consents[0]: UnknownConsentType"]]


class TestCustomFields:
    def test_custom_field_that_does_not_fit_is_refused(
        self, subtests: pytest.Subtests, sent: Sent
    ) -> None:
        for path, item, status in [
            ("CustomFields/Text", {"Name": "tier"}, 409),
            ("CustomFields/Numeric", {"Name": "Size", "MaxLength": 4}, 400),
            ("CustomFields/Text", {"Name": "Size", "Picklist": "Stores"}, 400),
            ("CustomFields/SelectList", {"Name": "Size"}, 400),
            ("CustomFields/SelectList", {"Name": "Size", "Picklist": "Sizes"}, 404),
            ("CustomFields/Text", {"Name": "Size", "UpdateRule": "Sometimes"}, 404),
            ("CustomFields/Picture", {"Name": "Size"}, 404),
        ]:
            with subtests.test(path=path, item=item):
                assert sent("POST", path, item).status_code == status

    def test_a_field_is_updated_under_its_own_kind_only(self, sent: Sent, listed: Listed) -> None:
        item = {"Name": "FavouriteStore", "MaxLength": 20}

        assert sent("PUT", "CustomFields/Numeric", {"Name": "FavouriteStore"}).status_code == 404
        assert sent("PUT", "CustomFields/Text", item).status_code == 200
        assert listed("CustomFields/Text")[0]["MaxLength"] == 20


class TestTags:
    def test_tags_that_profiles_brought_are_listed(
        self, vendor: Vendor, contact: Contact, listed: Listed
    ) -> None:
        vendor.run(contact("C-1", ProfileTags=[{"Name": "loyal"}, {"Name": "VIP"}]))

        assert [tag["Name"] for tag in listed("Tags")] == ["vip", "newcomer", "loyal"]

    def test_a_deleted_tag_leaves_the_account_and_its_profiles(
        self, vendor: Vendor, contact: Contact, listed: Listed, sent: Sent
    ) -> None:
        vendor.run(contact("C-1", ProfileTags=[{"Name": "VIP"}, {"Name": "loyal"}]))

        assert sent("DELETE", "Tags/vip").status_code == 204
        assert sent("DELETE", "Tags/vip").status_code == 404
        assert [tag["Name"] for tag in vendor.profile()["ProfileTags"]] == ["loyal"]
        assert [tag["Name"] for tag in listed("Tags")] == ["newcomer", "loyal"]


class TestKeeping:
    def test_what_was_configured_outlives_the_process_but_not_a_reset(self, tmp_path: Path) -> None:
        database = tmp_path / "sandbox.db"
        with start_sandbox(database=database) as process:
            vendor = Vendor(process)
            body = {"EmailTypes": [{"TypeName": "Club"}]}
            vendor.call("POST", f"{vendor.client_id}/EmailTypes", json=body)

        with start_sandbox(database=database) as process:
            vendor = Vendor(process)
            assert _email_types(vendor) == ["Home", "Work", "Club"]
            vendor.reset()
            assert _email_types(vendor) == ["Home", "Work"]


def _email_types(vendor: Vendor) -> list[str]:
    answer = vendor.call("GET", f"{vendor.client_id}/EmailTypes")
    return [item["TypeName"] for item in answer.json()["EmailTypes"]]
