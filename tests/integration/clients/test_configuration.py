"""The configuration of the client against the sandbox: read in each locale, created, updated."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from prefdrop.mypreferences import (
    AddressType,
    AlternateIdType,
    Client,
    Conflict,
    ConsentType,
    ConsentVersion,
    CustomerType,
    CustomField,
    EmailType,
    Forbidden,
    LocalizedText,
    NotFound,
    PhoneType,
    Profile,
    Tag,
)
from prefdrop.mypreferences.configuration import FIELD_KINDS, PROGRAM_TYPES
from tests.integration.clients.conftest import Connect

IN_ENGLISH = (LocalizedText(locale="en_US", name="Other"),)
TYPES: dict[str, Any] = {
    "address_types": AddressType,
    "alternate_id_types": AlternateIdType,
    "customer_types": CustomerType,
    "email_types": EmailType,
    "phone_types": PhoneType,
}


@pytest.mark.parametrize("area", TYPES)
def test_a_contact_type_is_created_listed_and_updated(client: Client, area: str) -> None:
    types = getattr(client.configuration, area)
    other = TYPES[area](type_name="Other", is_active=True, localized_fields=IN_ENGLISH)

    created = types.create(other)
    listed = {item.type_name: item for item in types.list()}
    types.update(replace(listed["Other"], is_active=False))

    assert created.location
    assert created.items[0].id == listed["Other"].id
    (updated,) = types.list(id=listed["Other"].id)
    assert updated.is_active is False
    with pytest.raises(Conflict):
        types.create(other)


@pytest.mark.parametrize("kind", FIELD_KINDS)
def test_custom_fields_of_each_kind_are_created_listed_and_updated(
    client: Client, kind: Any
) -> None:
    fields = client.configuration.custom_fields
    picklist = "Tier" if kind == "selectlist" else None
    new = CustomField(name=f"My{kind}", picklist=picklist, localized_fields=IN_ENGLISH)

    fields.create(kind, new)
    listed = {item.name: item for item in fields.list(kind)}
    fields.update(kind, replace(listed[f"My{kind}"], is_active=False))

    again = {item.name: item for item in fields.list(kind)}
    assert (listed[f"My{kind}"].is_active, again[f"My{kind}"].is_active) == (True, False)
    assert fields.update_rules()


def test_consent_types_have_versions_with_a_wording_per_locale(client: Client) -> None:
    wording = LocalizedText(locale="en_US", name="Study", consent_language="I take part.")
    version = ConsentVersion(
        consent_version="1.0", is_active=True, expiration_in_days=30, localized_fields=(wording,)
    )

    consents = client.configuration.consent_types
    consents.create(ConsentType(type_name="Study", is_active=True, versions=(version,)))
    study = next(item for item in consents.list() if item.type_name == "Study")
    newer = replace(version, consent_version="2.0")
    consents.update(replace(study, versions=(*study.versions, newer)))

    study = next(item for item in consents.list() if item.type_name == "Study")
    assert [each.consent_version for each in study.versions] == ["1.0", "2.0"]
    assert study.versions[0].localized_fields[0].consent_language == "I take part."
    names = {each.id: each.name for each in client.configuration.consent_status.list()}
    assert names[1] == "Granted"


def test_a_locale_brings_its_texts_alone_and_an_unknown_one_nothing(client: Client) -> None:
    filters = client.configuration.filters

    spanish = {item.filter_id: item for item in filters.list(locale="es_US")}

    assert [text.name for text in spanish["NEWS_WEEKLY"].localized_fields] == ["Boletín semanal"]
    assert len(spanish) < len(filters.list())
    with pytest.raises(NotFound):
        filters.list(locale="xx_XX")


def test_programs_come_with_their_filters_by_type_and_in_groups(client: Client) -> None:
    programs = client.configuration.programs
    by_type = {kind: programs.of_type(kind) for kind in PROGRAM_TYPES}
    everything = programs.list()

    newsletters = next(item for item in everything if item.program_id == "Newsletters")
    assert {item.filter_id for item in newsletters.filters} == {"NEWS_WEEKLY", "NEWS_MONTHLY"}
    assert sum(map(len, by_type.values())) == len(everything)
    assert {item.channel_id for item in client.configuration.channels.list()} >= {"Email", "Text"}


def test_program_groups_are_whole_or_pruned_to_what_has_a_property(client: Client) -> None:
    groups = client.configuration.program_groups

    whole = groups.include_all({"Brand": "North"})
    any_value = groups.include_all({"Footer": None})
    pruned = groups.list(properties={"Brand": "North"})

    assert [group.name for group in whole] == [group.name for group in any_value]
    assert {program.program_id for program in whole[0].programs} == {
        "Newsletters",
        "Offers",
        "Receipts",
    }
    kept = [program for group in pruned for program in group.programs]
    assert len(kept) < len(whole[0].programs)
    assert len(groups.list()) == len(groups.include_all()) == 2


def test_groups_picklists_and_tags_are_listed_and_a_tag_can_go(client: Client) -> None:
    configuration = client.configuration
    client.profiles.create(Profile(profile_tags=(Tag(name="autumn"),)))

    types = [item.group_type for item in configuration.group_types.list()]
    names = [item.group_name for item in configuration.group_names.list("Household")]
    tier = next(item for item in configuration.picklists.list() if item.name == "Tier")
    before = [item.name for item in configuration.tags.list()]
    configuration.tags.delete("vip")

    assert types == ["Household", "Region"]
    assert names == ["Ruiz Family", "Okafor Family"]
    assert [each.value for each in tier.values] == ["Bronze", "Silver", "Gold"]
    assert "vip" in before
    assert "vip" not in [item.name for item in configuration.tags.list()]
    with pytest.raises(NotFound):
        configuration.group_names.list("NoSuchType")


def test_reading_needs_no_permission_that_writing_needs(connect: Connect) -> None:
    limited = connect("demo.no.configuration").configuration

    assert limited.email_types.list()
    with pytest.raises(Forbidden):
        limited.email_types.create(EmailType(type_name="Other"))
