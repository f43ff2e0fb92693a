"""The configuration is read and written in the shapes that the vendor's pages show."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from prefdrop.mypreferences import (
    Client,
    ConsentType,
    ConsentVersion,
    CustomField,
    EmailType,
    LocalizedText,
    Misconfigured,
)
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer


def test_a_list_is_asked_for_one_locale_or_one_item(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(*[answer(200, {"AlternateIdTypes": []})] * 3)

    client.configuration.alternate_id_types.list()
    client.configuration.alternate_id_types.list(locale="en_US")
    client.configuration.alternate_id_types.list(id=0, locale="en_US")

    asked = [request.path.partition("AlternateIdTypes")[2] for request in vendor.received]
    assert asked == ["", "?locale=en_US", "?Id=0&locale=en_US"]


def test_a_created_type_says_where_it_is(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(
        answer(
            201,
            {"EmailTypes": [{"Id": 3, "TypeName": "Club"}]},
            {"Location": "/Profiles/v4/DEMO_CLIENT/EmailTypes?Id=3"},
        )
    )

    created = client.configuration.email_types.create(EmailType(type_name="Club"))

    assert vendor.received[0].json == {"EmailTypes": [{"TypeName": "Club"}]}
    assert created.location.endswith("?Id=3")
    assert [item.id for item in created.items] == [3]


@pytest.mark.parametrize("body", [b"", b"  ", b'"created"', {"Message": "created"}])
def test_a_creation_may_be_answered_without_its_items(
    vendor: ScriptedVendor, client: Client, body: object
) -> None:
    vendor.script(answer(201, body, {"Location": "/x"}))

    created = client.configuration.email_types.create({"TypeName": "Club"})

    assert (created.location, created.items) == ("/x", ())


def test_a_consent_type_goes_out_as_the_vendors_page_shows_it(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(201))
    text = LocalizedText(locale="en_US", name="Marketing", consent_language="Yes, write to me.")
    version = ConsentVersion(
        consent_version="2.0", expiration_in_days=365, localized_fields=(text,)
    )

    client.configuration.consent_types.create(
        ConsentType(type_name="Marketing", is_active=True, versions=(version,))
    )

    assert vendor.received[0].json == {
        "ConsentTypes": [
            {
                "TypeName": "Marketing",
                "IsActive": True,
                "Versions": [
                    {
                        "ConsentVersion": "2.0",
                        "ExpirationInDays": 365,
                        "LocalizedFields": [
                            {
                                "Locale": "en_US",
                                "Name": "Marketing",
                                "ConsentLanguage": "Yes, write to me.",
                            }
                        ],
                    }
                ],
            }
        ]
    }


def test_program_groups_are_filtered_by_properties_with_and_without_a_value(
    vendor: ScriptedVendor, client: Client
) -> None:
    vendor.script(answer(200, {"ProgramGroups": []}))

    client.configuration.program_groups.include_all({"site": "shop & co", "public": None})

    assert vendor.received[0].path.endswith("/IncludeAll?site=shop%20%26%20co&public")


def test_a_kind_of_custom_field_that_there_is_not_is_refused(client: Client) -> None:
    with pytest.raises(Misconfigured, match="kind"):
        client.configuration.custom_fields.list("colour")  # type: ignore[arg-type]


def test_nothing_to_create_is_not_sent(vendor: ScriptedVendor, client: Client) -> None:
    with pytest.raises(Misconfigured):
        client.configuration.custom_fields.create("text")

    assert vendor.received == []


def test_what_is_not_modelled_is_written_back(vendor: ScriptedVendor, client: Client) -> None:
    item = {"Id": 4, "Name": "Tier", "Kind": "SelectList", "Mandatory": True, "IsActive": True}
    vendor.script(answer(200, {"CustomFields": [item]}), answer(200))

    (field,) = client.configuration.custom_fields.list("selectlist")
    client.configuration.custom_fields.update("selectlist", field)

    assert isinstance(field, CustomField)
    assert vendor.received[1].json == {"CustomFields": [item]}


def test_what_was_listed_in_one_locale_is_not_written_over_all_the_others(
    vendor: ScriptedVendor, client: Client
) -> None:
    wording = {"Locale": "es_US", "Name": "Mercadeo", "ConsentLanguage": "Sí."}
    marketing = {
        "Id": 1,
        "TypeName": "Marketing",
        "Versions": [{"ConsentVersion": "2.0", "LocalizedFields": [wording]}],
    }
    vendor.script(
        answer(200, {"ConsentTypes": [marketing]}), answer(200, {"CustomFields": [{"Id": 4}]})
    )
    configuration = client.configuration

    (listed,) = configuration.consent_types.list(locale="es_US")
    (field,) = configuration.custom_fields.list("text", locale="es_US")

    assert listed.members() == marketing
    with pytest.raises(Misconfigured, match="es_US") as raised:
        configuration.consent_types.update(replace(listed, is_active=False))
    assert "without a locale" in raised.value.hint
    with pytest.raises(Misconfigured, match="es_US"):
        configuration.custom_fields.update("text", field)
    assert len(vendor.received) == 2


@pytest.mark.parametrize(
    "item",
    [{"Name": "Home", "Id": 3}, {"Id": 3, "LocalizedFields": [{"Language": "en_US"}]}],
    ids=["another name of the type", "another name of the locale"],
)
def test_nothing_is_added_to_what_was_read(
    vendor: ScriptedVendor, client: Client, item: dict[str, Any]
) -> None:
    vendor.script(answer(200, {"EmailTypes": [item]}), answer(200))

    client.configuration.email_types.update(*client.configuration.email_types.list())

    assert vendor.received[1].json == {"EmailTypes": [item]}


def test_a_users_members_have_the_vendors_spelling(vendor: ScriptedVendor, client: Client) -> None:
    vendor.script(answer(201, {"UserId": 12, "SubmittedTime": "2026-01-15T10:00:00Z"}))

    created = client.users.create(
        {"UserName": "new.user", "SourceGroupID": 4, "IsSSO": True, "UserGroups": [1, 2]}
    )

    assert (created.user_id, created.submitted_time) == (12, "2026-01-15T10:00:00Z")
