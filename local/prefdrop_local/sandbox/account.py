"""The account that the sandbox serves: its users, and the names its configuration knows."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

Channel = Literal["Phone", "Fax", "Text", "Email", "Mail"]
CHANNELS: tuple[Channel, ...] = ("Phone", "Fax", "Text", "Email", "Mail")


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An API user and what its user group permits."""

    secret: str
    """Shared secret of PNAUTHINFO3."""
    oauth_client_id: str = ""
    oauth_client_secret: str = ""
    active: bool = True
    bulk_import: bool = True
    profiles: bool = True
    """May write names, contacts, identifiers, groups, tags and custom fields."""
    preferences: bool = True
    """May write preferences and consents."""
    channels: tuple[Channel, ...] = CHANNELS
    """Channels whose preferences the user may write."""
    delete_profiles: bool = True
    event_data_view: bool = True
    source: str = "API"
    """The source group that profiles show as `SourceId`."""


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One preference option of a program."""

    program: str
    channel: Channel
    frequency: str = ""
    """Default `FrequencyId`."""
    consent: str = ""
    """Consent type that an opt-out revokes."""


class ConsentType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A consent with its versions, oldest first, and the locales its text exists in."""

    versions: tuple[str, ...]
    locales: tuple[str, ...] = ()
    """Empty: all of the account's."""


class CustomField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A custom field and what it may hold."""

    kind: Literal["text", "numeric", "datetime", "selectlist"]
    max_length: int = 500
    options: tuple[str, ...] = ()


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the vendor's configuration of one account says. Read from TOML."""

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

    def __post_init__(self) -> None:
        re.compile(self.email_pattern)
        re.compile(self.phone_pattern)
        for name in ("customer_types", "email_types", "address_types", "phone_types"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one type")

    def active_user(self, user_id: str) -> User | None:
        """The user of that id, unless unknown or inactive."""
        user = self.users.get(user_id)
        return user if user and user.active else None

    def consent_locales(self, consent: ConsentType) -> tuple[str, ...]:
        """The locales in which a consent's text exists."""
        return consent.locales or self.locales


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
