"""Every path and name of the MyPreferences API that its public documentation leaves open.

This is the one table of assumptions. The client (`prefdrop.mypreferences`) and the sandbox
(`prefdrop_local.sandbox`) share it and nothing else, so a fact that the vendor confirms changes
data here and no code. `number` is the open point's number in `docs/vendor-assumptions.md`; `None`
marks what the vendor's own pages confirm.

Routes are relative to the API base, for example `https://pm.mypreferences.com/Profiles/v4/`.
"""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """One operation's HTTP method and its path under the API base, with `{placeholders}`."""

    method: str
    path: str
    number: str | None


class Name(NamedTuple):
    """One property name or value the API uses in its bodies."""

    value: str
    number: str | None


class EventKind(NamedTuple):
    """One event type: the `Entity` it belongs to, and the open point of its name."""

    entity: str
    number: str | None


class Selector(NamedTuple):
    """The array in a subscription's item that narrows an entity's events.

    `everything` is the only element of an array that narrows nothing.
    """

    name: str
    everything: str
    number: str | None


ROUTES: dict[str, Route] = {
    "import.initiate": Route("POST", "Async/{clientId}/Import", "O-3"),
    "import.stage": Route("POST", "Async/{clientId}/Import/{accessToken}/Stage", "O-3"),
    "import.execute": Route("POST", "Async/{clientId}/Import/{accessToken}/Execute", None),
    "import.status": Route("GET", "Async/{clientId}/Import/{accessToken}/Status", "O-3"),
    "import.exceptions": Route("GET", "Async/{clientId}/Import/{accessToken}/Exceptions", "O-3"),
    # Bulk export
    "export.segment.initiate": Route("POST", "Async/{clientId}/Export/Segment/{segmentName}", None),
    "export.segment.retrieve": Route("GET", "Async/{clientId}/Export/Segment/{accessToken}", "O-4"),
    "export.segment_group.initiate": Route(
        "POST", "Async/{clientId}/Export/SegmentGroup/{segmentGroupName}", "O-4"
    ),
    "export.segment_group.retrieve": Route(
        "GET", "Async/{clientId}/Export/SegmentGroup/{accessToken}", "O-4"
    ),
    "export.status": Route("GET", "Async/{clientId}/Export/{accessToken}/Status", None),
    "export.commit": Route("POST", "Async/{clientId}/Export/Commit/{accessToken}", "O-4"),
    # Events and subscriptions
    "events.of_account": Route("GET", "{clientId}/Events", "O-15"),
    "events.of_profile": Route("GET", "{clientId}/Events/Profile/{profileId}", "O-15"),
    "events.of_subscription": Route(
        "GET", "{clientId}/Events/Subscription/{subscriptionId}", "O-15"
    ),
    "events.get": Route("GET", "{clientId}/Events/{eventId}", "O-15"),
    "subscriptions.list": Route("GET", "{clientId}/Events/Subscriptions", "O-15"),
    "subscriptions.create": Route("POST", "{clientId}/Events/Subscriptions", "O-15"),
    "subscriptions.replace": Route(
        "PUT", "{clientId}/Events/Subscriptions/{subscriptionId}", "O-15"
    ),
    # Profile data
    "profiles.create": Route("POST", "{clientId}/Profile", None),
    "profiles.get": Route("GET", "{clientId}/Profile/{profileId}", "O-21"),
    "profiles.update": Route("POST", "{clientId}/Profile/{profileId}", "O-21"),
    "profiles.overwrite": Route("PUT", "{clientId}/Profile/{profileId}", "O-21"),
    "profiles.patch": Route("PATCH", "{clientId}/Profile/{profileId}", "O-21"),
    "profiles.delete": Route("DELETE", "{clientId}/Profile/{profileId}", None),
    "profiles.deactivate": Route("POST", "{clientId}/Profile/{profileId}/Deactivate", None),
    "profiles.activate": Route("POST", "{clientId}/Profile/{profileId}/Activate", "O-21"),
    "profiles.get_by_alternate_id": Route("GET", "{clientId}/Profile/AlternateId", "O-21"),
    "profiles.update_by_alternate_id": Route("POST", "{clientId}/Profile/AlternateId", "O-21"),
    "profiles.overwrite_by_alternate_id": Route("PUT", "{clientId}/Profile/AlternateId", "O-21"),
    "profiles.patch_by_alternate_id": Route("PATCH", "{clientId}/Profile/AlternateId", "O-21"),
    "profiles.search_by_address": Route("GET", "{clientId}/Profile/Address", None),
    "profiles.search_by_phone": Route("GET", "{clientId}/Profile/PhoneNumber", "O-21"),
    "profiles.search_by_email": Route("GET", "{clientId}/Profile/Email", "O-21"),
    "profiles.search_by_preference_attributes": Route(
        "GET", "{clientId}/Profile/PreferenceAttributes", "O-21"
    ),
    "preferences.archive": Route("PUT", "{clientId}/Profile/Preferences/{profileId}/Archive", None),
    "preferences.submit": Route(
        "POST",
        "{clientId}/Profile/Preferences/AlternateIdType/{alternateIdType}/AlternateId/{alternateId}",
        None,
    ),
    "preferences.history": Route(
        "GET", "{clientId}/Profile/Preferences/{profileId}/History", "O-21"
    ),
    "preferences.history_by_alternate_id": Route(
        "GET",
        "{clientId}/Profile/Preferences/AlternateIdType/{alternateIdType}/AlternateId/{alternateId}/History",
        "O-21",
    ),
    "consents.add": Route("POST", "{clientId}/Consents/{profileId}", None),
    "consents.history": Route("GET", "{clientId}/Consents/{profileId}/History", "O-21"),
    "consents.history_by_alternate_id": Route(
        "GET",
        "{clientId}/Consents/AlternateIdType/{alternateIdType}/AlternateId/{alternateId}/History",
        "O-21",
    ),
    "group_profiles.of_profile": Route("GET", "{clientId}/GroupProfiles/{profileId}", "O-21"),
    "group_profiles.by_email": Route("GET", "{clientId}/GroupProfiles/Email", "O-21"),
    "group_profiles.by_phone": Route("GET", "{clientId}/GroupProfiles/PhoneNumber", "O-21"),
    # Configuration of profiles
    "address_types.list": Route("GET", "{clientId}/AddressTypes", "O-22"),
    "address_types.create": Route("POST", "{clientId}/AddressTypes", "O-22"),
    "address_types.update": Route("PUT", "{clientId}/AddressTypes", "O-22"),
    "alternate_id_types.list": Route("GET", "{clientId}/AlternateIdTypes", None),
    "alternate_id_types.create": Route("POST", "{clientId}/AlternateIdTypes", "O-22"),
    "alternate_id_types.update": Route("PUT", "{clientId}/AlternateIdTypes", "O-22"),
    "customer_types.list": Route("GET", "{clientId}/CustomerTypes", "O-22"),
    "customer_types.create": Route("POST", "{clientId}/CustomerTypes", "O-22"),
    "customer_types.update": Route("PUT", "{clientId}/CustomerTypes", "O-22"),
    "email_types.list": Route("GET", "{clientId}/EmailTypes", "O-22"),
    "email_types.create": Route("POST", "{clientId}/EmailTypes", "O-22"),
    "email_types.update": Route("PUT", "{clientId}/EmailTypes", "O-22"),
    "phone_types.list": Route("GET", "{clientId}/PhoneTypes", "O-22"),
    "phone_types.create": Route("POST", "{clientId}/PhoneTypes", "O-22"),
    "phone_types.update": Route("PUT", "{clientId}/PhoneTypes", "O-22"),
    "custom_fields.list": Route("GET", "{clientId}/CustomFields/{customFieldKind}", "O-22"),
    "custom_fields.create": Route("POST", "{clientId}/CustomFields/{customFieldKind}", "O-22"),
    "custom_fields.update": Route("PUT", "{clientId}/CustomFields/{customFieldKind}", "O-22"),
    "custom_fields.update_rules": Route("GET", "{clientId}/CustomFields/UpdateRules", "O-22"),
    "group_types.list": Route("GET", "{clientId}/GroupTypes", "O-22"),
    "group_names.list": Route("GET", "{clientId}/GroupTypes/{groupType}/GroupNames", "O-22"),
    "picklists.list": Route("GET", "{clientId}/Picklists", "O-22"),
    "tags.list": Route("GET", "{clientId}/Tags", "O-22"),
    "tags.delete": Route("DELETE", "{clientId}/Tags/{tagName}", "O-22"),
    # Configuration of preferences
    "programs.list": Route("GET", "{clientId}/Programs", None),
    "programs.of_type": Route("GET", "{clientId}/Programs/{programTypeId}", "O-22"),
    "program_groups.list": Route("GET", "{clientId}/ProgramGroups", "O-22"),
    "program_groups.include_all": Route("GET", "{clientId}/ProgramGroups/IncludeAll", None),
    "filters.list": Route("GET", "{clientId}/Filters", "O-22"),
    "channels.list": Route("GET", "{clientId}/Channels", "O-22"),
    "consent_types.list": Route("GET", "{clientId}/ConsentTypes", "O-22"),
    "consent_types.create": Route("POST", "{clientId}/ConsentTypes", None),
    "consent_types.update": Route("PUT", "{clientId}/ConsentTypes", "O-22"),
    "consent_status.list": Route("GET", "{clientId}/ConsentStatus", None),
    # Users
    "users.list": Route("GET", "{clientId}/Users", "O-23"),
    "users.create": Route("POST", "{clientId}/Users", "O-23"),
    "users.update": Route("PUT", "{clientId}/Users/{userId}", "O-23"),
}

OAUTH_TOKEN_PATH = Name("oauth2/token", "O-13")
"""Path of the OAuth token API, relative to the host (not to the API base)."""

NAMES: dict[str, Name] = {
    "stage.records": Name("UserProfilePreferences", "O-5"),
    "exceptions.records": Name("UserProfilePreferences", "O-10"),
    "exception.code": Name("Code", "O-10"),
    "exception.message": Name("Message", "O-10"),
    "name.prefix": Name("Prefix", "O-5"),
    "name.first": Name("FirstName", "O-5"),
    "name.middle": Name("MiddleName", "O-5"),
    "name.last": Name("LastName", "O-5"),
    "name.suffix": Name("Suffix", "O-5"),
    "alternate_id.type": Name("AlternateIdType", "O-5"),
    "alternate_id.value": Name("AlternateId", "O-5"),
    "phone.type": Name("PhoneNumberType", "O-5"),
    "phone.number": Name("PhoneNumber", "O-5"),
    "phone.preferences": Name("PhonePreferences", "O-5"),
    "address.preferences": Name("AddressPreferences", "O-5"),
    "group.type": Name("GroupType", "O-5"),
    "group.name": Name("GroupName", "O-5"),
    "tag.name": Name("Name", "O-5"),
    "custom_field.name": Name("Name", "O-5"),
    "custom_field.value": Name("Value", "O-5"),
    # Profile data: query names and collections
    "query.alternate_id": Name("alternateId", None),
    "query.alternate_id_type": Name("alternateIdType", None),
    "query.reason_code": Name("reasonCode", None),
    "query.email_address": Name("emailAddress", None),
    "query.email_type": Name("emailType", None),
    "query.group_type": Name("groupType", None),
    "query.group_name": Name("groupName", None),
    "query.filter_id": Name("filterId", None),
    "query.implied": Name("implied", None),
    "query.include_consent_history": Name("includeConsentHistory", None),
    "query.include_inactive": Name("includeInactive", "O-21"),
    "query.phone_number": Name("phoneNumber", "O-21"),
    "query.phone_type": Name("phoneType", "O-21"),
    "query.attributes": Name("preferenceAttributes", "O-21"),
    "profiles.items": Name("Profiles", "O-21"),
    # Configuration: queries, collections of the answers (and of what is created), members
    "query.id": Name("Id", None),
    "query.locale": Name("locale", None),
    "address_types.items": Name("AddressTypes", "O-22"),
    "alternate_id_types.items": Name("AlternateIdTypes", "O-22"),
    "customer_types.items": Name("CustomerTypes", "O-22"),
    "email_types.items": Name("EmailTypes", "O-22"),
    "phone_types.items": Name("PhoneTypes", "O-22"),
    "custom_fields.items": Name("CustomFields", "O-22"),
    "update_rules.items": Name("UpdateRules", "O-22"),
    "group_types.items": Name("GroupTypes", "O-22"),
    "group_names.items": Name("GroupNames", "O-22"),
    "picklists.items": Name("Picklists", "O-22"),
    "tags.items": Name("Tags", "O-22"),
    "programs.items": Name("Programs", "O-22"),
    "program_groups.items": Name("ProgramGroups", "O-22"),
    "filters.items": Name("Filters", "O-22"),
    "channels.items": Name("Channels", "O-22"),
    "consent_types.items": Name("ConsentTypes", None),
    "consent_status.items": Name("ConsentStatus", None),
    "configuration.id": Name("Id", None),
    "configuration.type_name": Name("TypeName", "O-22"),
    "configuration.name": Name("Name", "O-22"),
    "configuration.active": Name("IsActive", None),
    "configuration.localized": Name("LocalizedFields", None),
    "configuration.custom_properties": Name("CustomProperties", "O-22"),
    "email_type.pattern": Name("RegularExpression", "O-22"),
    "phone_type.mobile": Name("IsMobile", "O-22"),
    "custom_field.kind": Name("Kind", "O-22"),
    "custom_field.picklist": Name("Picklist", "O-22"),
    "custom_field.max_length": Name("MaxLength", "O-22"),
    "custom_field_kind.text": Name("Text", "O-22"),
    "custom_field_kind.numeric": Name("Numeric", "O-22"),
    "custom_field_kind.datetime": Name("DateTime", "O-22"),
    "custom_field_kind.selectlist": Name("SelectList", "O-22"),
    "picklist.values": Name("Values", "O-22"),
    "picklist.value": Name("Value", "O-22"),
    "program.id": Name("ProgramId", None),
    "program.type": Name("ProgramTypeId", "O-22"),
    "program_type.dnc": Name("DNC", "O-22"),
    "filter.id": Name("FilterId", None),
    "filter.channel": Name("ChannelId", None),
    "filter.frequency": Name("FrequencyId", None),
    # Users
    "users.items": Name("Users", "O-23"),
    "user.id": Name("UserId", None),
    "events.records": Name("Events", "O-15"),
    "event.occurred_at": Name("EventDate", "O-15"),
    "event.queued_at": Name("CreateDate", "O-15"),
    "event.recorded_at": Name("RecordedDate", "O-15"),
    "event.recorded_by": Name("RecordedBy", "O-15"),
    "subscriptions.records": Name("Subscriptions", "O-15"),
    "subscription.alternate_id_type": Name("AlternateIdType", "O-15"),
}

OAUTH_TOKEN_SECONDS = 3600
"""Life of an OAuth token where the answer names none (O-13)."""

EXCEPTIONS_PAGE_LIMIT = 1000
"""Exceptions per page that the vendor uses by default (O-9)."""

EVENT_KINDS: dict[str, EventKind] = {
    "profile.created": EventKind("ProfileActions", None),
    "profile.replaced": EventKind("ProfileActions", None),
    "profile.deactivated": EventKind("ProfileActions", None),
    "profile.reactivated": EventKind("ProfileActions", None),
    "profile.deleted": EventKind("ProfileActions", None),
    "profile.updated": EventKind("ProfileActions", None),
    "profile.updated full": EventKind("ProfileActions", None),
    "preference.added": EventKind("Preferences", None),
    "preference.updated": EventKind("Preferences", None),
    "preference.archived": EventKind("Preferences", None),
    "consent.added": EventKind("Consents", None),
    "consent.updated": EventKind("Consents", None),
    "consent.deactivated": EventKind("Consents", None),
    "consent.elementassociation.created": EventKind("Consents", None),
    "consent.elementassociation.updated": EventKind("Consents", None),
    "consent.elementassociation.deactivated": EventKind("Consents", None),
    "consent.filterassociation.created": EventKind("Consents", None),
    "consent.filterassociation.updated": EventKind("Consents", None),
    "consent.filterassociation.deactivated": EventKind("Consents", "O-15"),
    "contacts.email.added": EventKind("Contacts", None),
    "contacts.email.updated": EventKind("Contacts", None),
    "contacts.email.deleted": EventKind("Contacts", None),
    "contacts.phone.added": EventKind("Contacts", None),
    "contacts.phone.updated": EventKind("Contacts", None),
    "contacts.phone.deleted": EventKind("Contacts", "O-15"),
    "contacts.address.added": EventKind("Contacts", "O-15"),
    "contacts.address.updated": EventKind("Contacts", None),
    "contacts.address.deleted": EventKind("Contacts", "O-15"),
    "contacts.alternateid.added": EventKind("Contacts", None),
    "contacts.alternateid.updated": EventKind("Contacts", None),
    "contacts.alternateid.deleted": EventKind("Contacts", "O-15"),
    "contacts.customertype.updated": EventKind("Contacts", None),
    "standardfield.defaultlocale.updated": EventKind("StandardFields", "O-15"),
    "standardfield.registrationstatus.updated": EventKind("StandardFields", "O-15"),
    "standardfield.prefix.added": EventKind("StandardFields", "O-15"),
    "standardfield.prefix.updated": EventKind("StandardFields", "O-15"),
    "standardfield.prefix.deleted": EventKind("StandardFields", "O-15"),
    "standardfield.firstname.added": EventKind("StandardFields", "O-15"),
    "standardfield.firstname.updated": EventKind("StandardFields", "O-15"),
    "standardfield.firstname.deleted": EventKind("StandardFields", "O-15"),
    "standardfield.middlename.added": EventKind("StandardFields", "O-15"),
    "standardfield.middlename.updated": EventKind("StandardFields", "O-15"),
    "standardfield.middlename.deleted": EventKind("StandardFields", "O-15"),
    "standardfield.lastname.added": EventKind("StandardFields", "O-15"),
    "standardfield.lastname.updated": EventKind("StandardFields", "O-15"),
    "standardfield.lastname.deleted": EventKind("StandardFields", "O-15"),
    "standardfield.suffix.added": EventKind("StandardFields", "O-15"),
    "standardfield.suffix.updated": EventKind("StandardFields", "O-15"),
    "standardfield.suffix.deleted": EventKind("StandardFields", "O-15"),
    "customfield.added": EventKind("CustomFields", "O-15"),
    "customfield.updated": EventKind("CustomFields", "O-15"),
    "customfield.deleted": EventKind("CustomFields", "O-15"),
    "group.added": EventKind("Groups", "O-15"),
    "group.updated": EventKind("Groups", "O-15"),
    "group.deleted": EventKind("Groups", "O-15"),
    "tag.added": EventKind("Tags", "O-15"),
    "tag.deleted": EventKind("Tags", "O-15"),
}
"""Every event type. One page misspells `consent.elementassocation.deactivated`."""

SELECTORS: dict[str, Selector] = {
    "Preferences": Selector("Filters", "AllFilters", None),
    "Consents": Selector("ConsentTypes", "AllConsents", None),
    "Contacts": Selector("ContactTypes", "AllContactTypes", None),
    "CustomFields": Selector("CustomFields", "AllCustomFields", "O-15"),
    "Groups": Selector("Groups", "AllGroups", "O-15"),
}
"""Per `Entity`; the others' events cannot be narrowed."""
