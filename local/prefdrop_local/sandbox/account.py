"""The account that the sandbox serves: its users, and the names its configuration knows.

An account file is where the configuration starts; see `configuration` for how it goes on.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

from prefdrop_local.sandbox.bulk_export.segments import ALL_PROFILES, Segment, SegmentGroup

Channel = Literal["Phone", "Fax", "Text", "Email", "Mail"]
CHANNELS: tuple[Channel, ...] = ("Phone", "Fax", "Text", "Email", "Mail")
ProgramType = Literal["Transactional", "Marketing", "Informational", "Consent", "DNC"]


class Permissions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a user group permits its users."""

    bulk_import: bool = True
    export: bool = True
    search: bool = True
    """May look profiles, their preferences and consents up."""
    profiles: bool = True
    """May write names, contacts, identifiers, groups, tags and custom fields."""
    preferences: bool = True
    """May write preferences and consents."""
    channels: tuple[Channel, ...] = CHANNELS
    """Channels whose preferences the user may write."""
    delete_profiles: bool = True
    event_data_view: bool = True
    configuration: bool = True
    """May change the account's configuration; all users may read it."""
    administrator: bool = True
    """May manage users."""


class User(Permissions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An API user, with what its user groups permit."""

    secret: str = ""
    """Shared secret of PNAUTHINFO3. Without one the user cannot sign."""
    oauth_client_id: str = ""
    oauth_client_secret: str = ""
    active: bool = True
    groups: tuple[str, ...] = ()
    """Names of user groups. In an account file they are for show: what is permitted stands here."""
    source: str = "API"
    """The source group that profiles show as `SourceId`."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program is for; its filters name it."""

    type: ProgramType
    properties: dict[str, str] = {}
    """Custom properties, by which program groups can be asked for."""
    text_tags: tuple[str, ...] = ()


class ProgramGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that are shown together."""

    programs: tuple[str, ...]
    properties: dict[str, str] = {}


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One preference option of a program."""

    program: str
    channel: Channel
    frequency: str = ""
    """Default `FrequencyId`."""
    consent: str = ""
    """Consent type that an opt-out revokes."""
    properties: dict[str, str] = {}


class ConsentType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A consent with its versions, oldest first, and the locales its text exists in."""

    versions: tuple[str, ...]
    locales: tuple[str, ...] = ()
    """Empty: all of the account's."""
    version_locales: dict[str, tuple[str, ...]] = {}
    """Version → its own locales, where they are not those of the type."""
    retired: tuple[str, ...] = ()
    """Versions that profiles may have but that are not taken any more."""
    active: bool = True
    """Whether new consents of the type are taken."""
    expires: dict[str, int] = {}
    """Version → days after which a consent expires; others never do."""
    texts: dict[str, str] = {}
    """Locale → what a person consents to."""


class CustomField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A custom field and what it may hold."""

    kind: Literal["text", "numeric", "datetime", "selectlist"]
    max_length: int = 500
    options: tuple[str, ...] = ()


class Account(msgspec.Struct, forbid_unknown_fields=True):
    """What the rules for data need of an account's configuration. Read from TOML.

    One object lives as long as the sandbox. Configuration calls replace its members and never
    change what they hold, so whatever judges a request takes what it needs when it is made.
    """

    client_id: str
    users: dict[str, User]
    locale: str
    locales: tuple[str, ...]
    email_pattern: str
    phone_pattern: str
    alternate_id_types: tuple[str, ...]
    customer_types: tuple[str, ...]
    email_types: tuple[str, ...]
    address_types: tuple[str, ...]
    phone_types: dict[str, bool]
    """Phone type → whether its numbers are mobile unless they say so."""
    groups: dict[str, tuple[str, ...]] = {}
    custom_fields: dict[str, CustomField] = {}
    filters: dict[str, Filter] = {}
    consents: dict[str, ConsentType] = {}
    programs: dict[str, Program] = {}
    """Programs that a filter names and that are missing here are of type Marketing."""
    program_groups: dict[str, ProgramGroup] = {}
    picklists: dict[str, tuple[str, ...]] = {}
    tags: tuple[str, ...] = ()
    user_groups: dict[str, Permissions] = {}
    """What users get that are created at run time."""
    source_groups: dict[str, str] = {}
    """`SourceGroupID` → name."""
    texts: dict[str, dict[str, str]] = {}
    """Locale → name of a type, field, program, filter … → how it is called there."""
    segments: dict[str, Segment] = {}
    """Besides `AllProfiles`, which every account has."""
    segment_groups: dict[str, SegmentGroup] = {}

    def __post_init__(self) -> None:
        re.compile(self.email_pattern)
        re.compile(self.phone_pattern)
        for name in ("customer_types", "email_types", "address_types", "phone_types"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one type")
        known = {name.lower() for name in (ALL_PROFILES, *self.segments)}
        if ALL_PROFILES in self.segments:
            raise ValueError(f"segments: {ALL_PROFILES} cannot be defined")
        for name, group in self.segment_groups.items():
            if unknown := [part for part in group.names if part.lower() not in known]:
                raise ValueError(f"segment_groups.{name}: there is no segment {unknown[0]}")

    def active_user(self, user_id: str) -> User | None:
        """The user of that id, unless unknown or inactive."""
        user = self.users.get(user_id)
        return user if user and user.active else None

    def active_consents(self) -> tuple[str, ...]:
        """Consent types of which new consents are taken."""
        return tuple(name for name, consent in self.consents.items() if consent.active)

    def consent_locales(self, consent: ConsentType, version: str = "") -> tuple[str, ...]:
        """The locales in which the text of a consent, or of one version, exists."""
        return consent.version_locales.get(version) or consent.locales or self.locales


def load_account(file: Path | None = None) -> Account:
    """Read an account file, or the one inside the package.

    Raises OSError when it cannot be read and msgspec.ValidationError or ValueError, naming the
    key, when it is wrong.
    """
    if file is None:
        text = resources.files(__package__).joinpath("account.toml").read_text("utf-8")
    else:
        text = file.read_text("utf-8")
    return msgspec.toml.decode(text, type=Account)
