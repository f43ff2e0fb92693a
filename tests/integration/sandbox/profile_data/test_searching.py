"""Searches: by address, phone, e-mail and attributes, and for who is in a group with whom."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.profile_data.data import NEWS, Data, address, crm, email

BOSTON = {"city": "boston", "stateProvince": "ma"}


class TestByAddress:
    def test_city_and_state_are_needed_and_compared_without_case(self, data: Data) -> None:
        here = data.create(Addresses=[address()])
        data.create(Addresses=[address(city="Salem")])

        assert data.found("Profile/Address", **BOSTON) == [here]
        for name in BOSTON:
            query = {key: value for key, value in BOSTON.items() if key != name}
            assert data.send("GET", "Profile/Address", params=query).status_code == 400

    def test_search_by_address_and_more_finds_what_fits_all(
        self, subtests: pytest.Subtests, data: Data
    ) -> None:
        data.create(
            CustomerName={"FirstName": "Ana", "LastName": "Ruiz"},
            Addresses=[address(Address2="Flat 3", AddressType="Work")],
        )
        for query, matches in [
            ({"address1": "12 ELM STREET"}, True),
            ({"address1": "Elm"}, False),
            ({"address1": "elm", "partialAddress1Match": "true"}, True),
            ({"postalCode": "02101", "address2": "Flat 3"}, True),
            ({"address2": "Flat 4"}, False),
            ({"addressType": "work"}, True),
            ({"addressType": "Home"}, False),
            ({"lastName": "ruiz", "firstName": "Ana"}, True),
            ({"lastName": "ru"}, False),
            ({"lastName": "ru", "partialNameMatch": "true"}, True),
            ({"middleName": "Maria"}, False),
        ]:
            with subtests.test(query=query):
                assert bool(data.found("Profile/Address", **BOSTON, **query)) is matches


class TestByContact:
    def test_a_phone_number_is_compared_by_its_digits(self, data: Data) -> None:
        here = data.create(PhoneNumbers=[{"PhoneNumber": "(617) 555-0100"}])
        data.create(PhoneNumbers=[{"PhoneNumber": "617-555-0101"}])

        assert data.found("Profile/PhoneNumber", phoneNumber="617.555.0100") == [here]
        assert data.found("Profile/PhoneNumber", phoneNumber="6175550100", phoneType="Work") == []

    def test_an_email_address_is_compared_without_case(self, data: Data) -> None:
        here = data.create(Emails=[email("Ana@Example.test")])
        data.create(Emails=[email("ana@example.test.example.test")])

        assert data.found("Profile/Email", emailAddress="aNA@example.test") == [here]
        assert data.found("profile/email", EMAILADDRESS="ana@example.test") == [here]
        assert data.found("Profile/Email", emailAddress="ana@example.test", emailType="Work") == []

    def test_inactive_contacts_count_only_when_asked_for(self, data: Data) -> None:
        here = data.create(Emails=[email("a@example.test")])
        data.change("PUT", here, {})

        assert data.found("Profile/Email", emailAddress="a@example.test") == []
        found = data.found("Profile/Email", emailAddress="a@example.test", includeInactive="true")
        assert found == [here]
        assert data.get(here)["Emails"] == []
        assert data.get(here, includeInactive="true")["Emails"][0]["IsActive"] is False

    def test_search_with_a_wrong_query_is_refused(
        self, subtests: pytest.Subtests, data: Data
    ) -> None:
        for path, query, status in [
            ("Profile/Email", {}, 400),
            ("Profile/Email", {"emailAddress": "a@example.test", "emailType": "Club"}, 404),
            ("Profile/Email", {"emailAddress": "a@example.test", "implied": "perhaps"}, 400),
            ("Profile/PhoneNumber", {"phoneNumber": "none"}, 400),
            ("Profile/PhoneNumber", {"phoneNumber": "6175550100", "phoneType": "Club"}, 404),
            ("Profile/PreferenceAttributes", {}, 400),
            ("Profile/PreferenceAttributes", {"preferenceAttributes[0].Key": "a"}, 400),
            ("Profile/PreferenceAttributes", {"preferenceAttributes[x].Key": "a"}, 400),
        ]:
            with subtests.test(path=path, query=query):
                assert data.send("GET", path, params=query).status_code == status


class TestByAttributes:
    def test_one_preference_must_have_all_of_them(self, data: Data) -> None:
        campaign, store = {"Key": "campaign", "Value": "jan26"}, {"Key": "store", "Value": "4"}
        both = NEWS | {"PreferenceAttributes": [campaign, store]}
        here = data.create(Emails=[email("a@example.test", both)])
        data.create(
            Emails=[
                email("b@example.test", NEWS | {"PreferenceAttributes": [campaign]}),
                email("c@example.test", NEWS | {"PreferenceAttributes": [store]}),
            ]
        )

        found = data.found(
            "Profile/PreferenceAttributes",
            **{
                "preferenceAttributes[0].Key": "Campaign", "preferenceAttributes[0].Value": "JAN26",
                "preferenceAttributes[1].Key": "store", "preferenceAttributes[1].Value": "4",
            },
        )  # fmt: skip

        assert found == [here]


class TestLimit:
    def test_fifty_matches_are_shown_and_more_are_refused(self, data: Data) -> None:
        records = [
            {"AlternateIds": [crm(f"C-{n}")], "Emails": [email("a@example.test")],
             "Groups": [{"GroupType": "Region", "GroupName": "North"}]}
            for n in range(50)
        ]  # fmt: skip
        data.vendor.run(*records)
        first = data.vendor.profiles()[0]["ProfileId"]
        searches = (
            ("Profile/Email", {"emailAddress": "a@example.test"}),
            (f"GroupProfiles/{first}", {"groupType": "Region"}),
        )
        for path, query in searches:
            assert len(data.found(path, **query)) == 50

        data.create(
            Emails=[email("a@example.test")], Groups=[{"GroupType": "Region", "GroupName": "North"}]
        )

        for path, query in searches:
            assert data.send("GET", path, params=query).status_code == 403


class TestGroups:
    @pytest.fixture
    def people(self, data: Data) -> list[int]:
        groups = {
            "a": [("Region", "North"), ("Household", "Ruiz Family")],
            "b": [("Region", "North")],
            "c": [("Household", "Ruiz Family")],
            "d": [("Region", "South")],
        }
        return [
            data.create(
                Emails=[email(f"{name}@example.test")],
                PhoneNumbers=[{"PhoneNumber": f"617-555-010{number}"}],
                Groups=[{"GroupType": kind, "GroupName": group} for kind, group in of],
            )
            for number, (name, of) in enumerate(groups.items())
        ]

    def test_whoever_is_in_a_group_of_that_type_with_somebody_is_found(
        self, data: Data, people: list[int]
    ) -> None:
        a, b, c, d = people

        assert data.found(f"GroupProfiles/{a}", groupType="region") == [a, b]
        assert data.found(f"GroupProfiles/{a}", groupType="Household") == [a, c]
        by_name = {"groupType": "Household", "groupName": "Okafor Family"}
        assert data.found(f"GroupProfiles/{a}", **by_name) == []
        query = {"groupType": "Region"}
        assert data.found("GroupProfiles/Email", emailAddress="b@example.test", **query) == [a, b]
        assert data.found("GroupProfiles/PhoneNumber", phoneNumber="6175550103", **query) == [d]

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({}, 400),
            ({"groupType": "Club"}, 404),
            ({"groupType": "Region", "groupName": "East"}, 404),
        ],
    )
    def test_type_and_group_must_exist(
        self, data: Data, people: list[int], query: dict[str, str], status: int
    ) -> None:
        answer = data.send("GET", f"GroupProfiles/{people[0]}", params=query)

        assert answer.status_code == status
