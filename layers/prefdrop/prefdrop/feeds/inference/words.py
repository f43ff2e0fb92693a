"""The words that column names are made of, and the names that the vendor's account gets from them.

A name is taken apart where its writing changes (`crmId`, `CRM-ID`, `crm id`) and compared with the
words that such columns usually carry. What stands in a proposed feed besides the file's own column
names comes from here, never from a cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

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


_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_COMPOUNDS = {
    "emailaddress": ("email", "address"),
    "mailaddress": ("email", "address"),
    "firstname": ("first", "name"),
    "forename": ("first", "name"),
    "givenname": ("first", "name"),
    "lastname": ("last", "name"),
    "familyname": ("last", "name"),
    "middlename": ("middle", "name"),
    "fullname": ("full", "name"),
    "phonenumber": ("phone", "number"),
    "cellphone": ("mobile", "phone"),
    "mobilephone": ("mobile", "phone"),
    "zipcode": ("zip", "code"),
    "postcode": ("postal", "code"),
    "postalcode": ("postal", "code"),
    "optin": ("opt", "in"),
    "optout": ("opt", "out"),
    "optedin": ("opt", "in"),
    "optedout": ("opt", "out"),
    "customerid": ("customer", "id"),
    "contactid": ("contact", "id"),
    "profileid": ("profile", "id"),
    "userid": ("user", "id"),
    "memberid": ("member", "id"),
    "crmid": ("crm", "id"),
    "birthdate": ("birth", "date"),
    "donotcall": ("do", "not", "call"),
    "donotemail": ("do", "not", "email"),
    "donotcontact": ("do", "not", "contact"),
    "countrycode": ("country", "code"),
}
_SAME = {
    **dict.fromkeys(("mail", "correo", "courriel", "emails"), "email"),
    **dict.fromkeys(("cell", "cellular", "handy", "movil", "mobil", "portable"), "mobile"),
    **dict.fromkeys(("tel", "telephone", "telefon", "telefono", "phones", "ph"), "phone"),
    **dict.fromkeys(("given", "fore", "vorname", "prenom", "fname", "nombre"), "first"),
    **dict.fromkeys(
        ("surname", "family", "nachname", "nom", "lname", "apellido", "apellidos"), "last"
    ),
    **dict.fromkeys(("salutation", "honorific", "anrede"), "prefix"),
    **dict.fromkeys(("strasse", "rue", "calle", "addr"), "street"),
    **dict.fromkeys(("town", "ort", "stadt", "ville", "ciudad"), "city"),
    **dict.fromkeys(("province", "region", "county", "bundesland", "provincia"), "state"),
    **dict.fromkeys(("postal", "post", "plz"), "zip"),
    **dict.fromkeys(("land", "pays", "pais", "nation"), "country"),
    **dict.fromkeys(("lang", "language", "sprache"), "locale"),
    **dict.fromkeys(("ts", "datetime", "timestamp", "datum", "fecha"), "date"),
    **dict.fromkeys(("text", "txt", "texts"), "sms"),
    **dict.fromkeys(("ver", "revision"), "version"),
    **dict.fromkeys(("identifier", "key", "uuid", "guid", "ident"), "id"),
    **dict.fromkeys(("no", "num", "nr", "nbr"), "number"),
    **dict.fromkeys(("newsletters", "news"), "newsletter"),
    **dict.fromkeys(("unsubscribe", "unsub", "optout"), "unsubscribed"),
    **dict.fromkeys(("subscribe", "subscription", "subscriber"), "subscribed"),
    **dict.fromkeys(("labels", "label", "tag", "interests", "interest"), "tags"),
    **dict.fromkeys(("group", "household", "households"), "groups"),
    **dict.fromkeys(("cust", "kunde", "kunden", "client"), "customer"),
}


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name, in one writing: lower case, synonyms as one word."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"\b([eE])[-_ ]([mM]ail)", r"\1\2", plain).replace("eMail", "email")
    words: list[str] = []
    for piece in _PIECES.findall(plain):
        words += _COMPOUNDS.get(piece.lower(), (piece.lower(),))
    # `no` is short for number only behind something: `loyalty_no`, and not `no_calls`.
    return tuple(
        word if word == "no" and place == 0 else _SAME.get(word, word)
        for place, word in enumerate(words)
    )


def pascal(name: str, fallback: str) -> str:
    """A type name as accounts write them, `CrmContactId`, made of a column's name."""
    return "".join(_capital(piece) for piece in _ascii_pieces(name))[:90] or fallback


def upper_snake(name: str, fallback: str) -> str:
    """A filter id as accounts write them, `NEWS_WEEKLY`, made of a column's name."""
    return "_".join(_ascii_pieces(name)).upper()[:45].strip("_") or fallback


def without(words: Iterable[str], noise: Iterable[str]) -> tuple[str, ...]:
    """The words that say more than that a column is of some kind."""
    dropped = set(noise)
    return tuple(word for word in words if word not in dropped)


def _ascii_pieces(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _PIECES.findall(plain)


def _capital(piece: str) -> str:
    return piece[:1].upper() + (piece[1:] if not piece.isupper() else piece[1:].lower())
