"""Which words in a column's name say what the column is."""

from __future__ import annotations

OPTING = frozenset(
    {
        "opt", "in", "optin", "out", "newsletter", "marketing", "subscribed", "unsubscribed",
        "offers", "promo", "promos", "promotions", "preference", "pref", "alerts",
        "notifications", "updates",
        "permission", "allow", "contactable", "suppress", "suppressed", "dnc", "sms", "events",
    }
)  # fmt: skip
"""A column of yes and no with one of these is a preference; `in` and `out` only beside `opt`."""

OPTING_OUT = frozenset({"unsubscribed", "suppress", "suppressed", "dnc", "blocked", "block"})
CONSENT = frozenset({"consent", "consented", "consents", "gdpr", "agreement", "terms", "privacy"})
DATE = frozenset({"date", "at", "on", "time", "when", "day", "since", "epoch"})
IDENTIFIER = frozenset({"id", "number", "code", "ref", "reference"})
OWNERS = frozenset(
    {"crm", "customer", "contact", "profile", "person", "member", "user", "subscriber"}
)
"""An id of one of these is an id of the person, and not of something the person has."""
PHONE = frozenset({"phone", "mobile", "fax", "msisdn", "sms"})
NAME_PARTS = frozenset({"first", "last", "middle", "prefix", "suffix", "title", "full"})
ADDRESS = frozenset({"street", "address", "city", "state", "zip", "country"})
LABELS = frozenset({"tags", "groups", "segment", "category", "categories"})

NAMING_WORDS = (
    OPTING | OPTING_OUT | CONSENT | DATE | IDENTIFIER | OWNERS | PHONE | NAME_PARTS | ADDRESS
    | LABELS
    | {"email", "name", "locale", "version", "status", "type", "flag", "created", "updated",
       "birth", "owner", "company", "source", "channel", "gender", "age", "notes", "comment",
       "amount", "active", "vip"}
) - {"in", "on", "out", "at"}  # fmt: skip
"""A cell with one of these may well be the name of a column."""
