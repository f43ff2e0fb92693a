"""One call of each operation of profile data, configuration and users, by its route's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefdrop.mypreferences import (
    AddressType,
    AlternateIdType,
    Client,
    Consent,
    ConsentType,
    ConsentVersion,
    CustomerType,
    CustomField,
    Email,
    EmailType,
    JsonPatch,
    PhoneType,
    Profile,
    User,
)

Call = Callable[[Client], Any]

ANA = Profile(emails=(Email(email_address="ana@example.test"),))
PATCH = JsonPatch().replace("/DefaultLocale", "es_US")
VERSIONS = (ConsentVersion(consent_version="1.0"),)

CALLS: dict[str, Call] = {
    "profiles.create": lambda c: c.profiles.create(ANA),
    "profiles.get": lambda c: c.profiles.get(7),
    "profiles.update": lambda c: c.profiles.update(7, ANA),
    "profiles.overwrite": lambda c: c.profiles.overwrite(7, ANA),
    "profiles.patch": lambda c: c.profiles.patch(7, PATCH),
    "profiles.delete": lambda c: c.profiles.delete(7, reason_code="asked"),
    "profiles.deactivate": lambda c: c.profiles.deactivate(7, reason="asked"),
    "profiles.activate": lambda c: c.profiles.activate(7),
    "profiles.get_by_alternate_id": lambda c: c.profiles.get_by_alternate_id("Crm", "C-1"),
    "profiles.update_by_alternate_id": lambda c: c.profiles.update_by_alternate_id(
        "Crm", "C-1", ANA
    ),
    "profiles.overwrite_by_alternate_id": lambda c: c.profiles.overwrite_by_alternate_id(
        "Crm", "C-1", ANA
    ),
    "profiles.patch_by_alternate_id": lambda c: c.profiles.patch_by_alternate_id(
        "Crm", "C-1", PATCH
    ),
    "profiles.search_by_address": lambda c: c.profiles.search_by_address(
        city="Springfield", state_province="IL"
    ),
    "profiles.search_by_phone": lambda c: c.profiles.search_by_phone("602-555-0125"),
    "profiles.search_by_email": lambda c: c.profiles.search_by_email("ana@example.test"),
    "profiles.search_by_preference_attributes": (
        lambda c: c.profiles.search_by_preference_attributes({"campaign": "jan26"})
    ),
    "preferences.archive": lambda c: c.preferences.archive(7, global_deactivate=True),
    "preferences.submit": lambda c: c.preferences.submit("Crm", "C-1", ANA),
    "preferences.history": lambda c: c.preferences.history(7),
    "preferences.history_by_alternate_id": lambda c: c.preferences.history_by_alternate_id(
        "Crm", "C-1"
    ),
    "consents.add": lambda c: c.consents.add(7, [Consent(consent_type="Marketing")]),
    "consents.history": lambda c: c.consents.history(7),
    "consents.history_by_alternate_id": lambda c: c.consents.history_by_alternate_id("Crm", "C-1"),
    "group_profiles.of_profile": lambda c: c.group_profiles.of_profile(7, group_type="Household"),
    "group_profiles.by_email": lambda c: c.group_profiles.by_email(
        "ana@example.test", group_type="Household"
    ),
    "group_profiles.by_phone": lambda c: c.group_profiles.by_phone(
        "602-555-0125", group_type="Household"
    ),
    "address_types.list": lambda c: c.configuration.address_types.list(),
    "address_types.create": lambda c: c.configuration.address_types.create(
        AddressType(type_name="Cabin")
    ),
    "address_types.update": lambda c: c.configuration.address_types.update(
        AddressType(id=1, type_name="Cabin")
    ),
    "alternate_id_types.list": lambda c: c.configuration.alternate_id_types.list(),
    "alternate_id_types.create": lambda c: c.configuration.alternate_id_types.create(
        AlternateIdType(type_name="Shop")
    ),
    "alternate_id_types.update": lambda c: c.configuration.alternate_id_types.update(
        AlternateIdType(id=1, type_name="Shop")
    ),
    "customer_types.list": lambda c: c.configuration.customer_types.list(),
    "customer_types.create": lambda c: c.configuration.customer_types.create(
        CustomerType(type_name="Partner")
    ),
    "customer_types.update": lambda c: c.configuration.customer_types.update(
        CustomerType(id=1, type_name="Partner")
    ),
    "email_types.list": lambda c: c.configuration.email_types.list(),
    "email_types.create": lambda c: c.configuration.email_types.create(EmailType(type_name="Club")),
    "email_types.update": lambda c: c.configuration.email_types.update(
        EmailType(id=1, type_name="Club")
    ),
    "phone_types.list": lambda c: c.configuration.phone_types.list(),
    "phone_types.create": lambda c: c.configuration.phone_types.create(
        PhoneType(type_name="Car", is_mobile=True)
    ),
    "phone_types.update": lambda c: c.configuration.phone_types.update(
        PhoneType(id=1, type_name="Car")
    ),
    "custom_fields.list": lambda c: c.configuration.custom_fields.list("selectlist"),
    "custom_fields.create": lambda c: c.configuration.custom_fields.create(
        "text", CustomField(name="Nickname")
    ),
    "custom_fields.update": lambda c: c.configuration.custom_fields.update(
        "text", CustomField(id=1, name="Nickname")
    ),
    "custom_fields.update_rules": lambda c: c.configuration.custom_fields.update_rules(),
    "group_types.list": lambda c: c.configuration.group_types.list(),
    "group_names.list": lambda c: c.configuration.group_names.list("Household"),
    "picklists.list": lambda c: c.configuration.picklists.list(),
    "tags.list": lambda c: c.configuration.tags.list(),
    "tags.delete": lambda c: c.configuration.tags.delete("vip"),
    "programs.list": lambda c: c.configuration.programs.list(),
    "programs.of_type": lambda c: c.configuration.programs.of_type("Marketing"),
    "program_groups.list": lambda c: c.configuration.program_groups.list(),
    "program_groups.include_all": lambda c: c.configuration.program_groups.include_all(),
    "filters.list": lambda c: c.configuration.filters.list(),
    "channels.list": lambda c: c.configuration.channels.list(),
    "consent_types.list": lambda c: c.configuration.consent_types.list(),
    "consent_types.create": lambda c: c.configuration.consent_types.create(
        ConsentType(type_name="Partners", versions=VERSIONS)
    ),
    "consent_types.update": lambda c: c.configuration.consent_types.update(
        ConsentType(id=1, type_name="Partners", versions=VERSIONS)
    ),
    "consent_status.list": lambda c: c.configuration.consent_status.list(),
    "users.list": lambda c: c.users.list(),
    "users.create": lambda c: c.users.create(User(user_name="new.user")),
    "users.update": lambda c: c.users.update(3, User(user_name="new.user")),
}

ANSWER = {"ProfileId": 7, "UserId": 3, "Emails": []}
"""What every one of them takes for an answer."""
