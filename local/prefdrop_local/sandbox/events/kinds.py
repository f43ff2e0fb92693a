"""The event types, their entities, and the static texts that the vendor sends with each."""

from __future__ import annotations

from mypreferences_assumptions import EVENT_KINDS

_NOUNS = {
    "profile": "profile",
    "preference": "preference",
    "consent": "consent",
    "consent.elementassociation": "consent of a contact",
    "consent.filterassociation": "consent of a preference",
    "contacts.email": "email",
    "contacts.phone": "phone number",
    "contacts.address": "address",
    "contacts.alternateid": "alternate id",
    "contacts.customertype": "customer type",
    "standardfield.defaultlocale": "default locale",
    "standardfield.registrationstatus": "registration status",
    "standardfield.prefix": "prefix",
    "standardfield.firstname": "first name",
    "standardfield.middlename": "middle name",
    "standardfield.lastname": "last name",
    "standardfield.suffix": "suffix",
    "customfield": "custom field",
    "group": "group",
    "tag": "tag",
}
_VERBS = {"updated full": "updated, whole profile"}
_MISSPELT = {
    kind.replace("association", "assocation"): kind for kind in EVENT_KINDS if "assoc" in kind
}
"""As one of the vendor's pages spells them."""


def _texts(kind: str) -> tuple[str, str]:
    noun, _, verb = kind.rpartition(".")
    name = f"{_NOUNS[noun]} {_VERBS.get(verb, verb)}"
    return name.capitalize(), f"Of a profile: {name}."


TEXTS = {kind: _texts(kind) for kind in EVENT_KINDS}
"""Event type → `Name` and `Description`."""


def known_kind(text: str) -> str | None:
    """The event type of that name, written in any case."""
    wanted = text.strip().lower()
    wanted = _MISSPELT.get(wanted, wanted)
    return wanted if wanted in EVENT_KINDS else None


def entity_of(kind: str) -> str:
    """The `Entity` of an event type."""
    return EVENT_KINDS[kind].entity
