"""Fills the account with invented profiles, fast: a million take seconds.

Some hundreds of records are invented and merged as an import would merge them; each profile is a
copy of one of these under its own number. Nothing of it goes into the journal.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.clock import iso
from prefdrop_local.sandbox.model import (
    ALTERNATE_ID,
    ALTERNATE_ID_TYPE,
    DATA_CHANNEL_SMS,
    EMAILS,
    FIELD_NAME,
    FIELD_VALUE,
    GROUP_NAME,
    GROUP_TYPE,
    OPT_IN,
    OPT_OUT,
    PHONE_NUMBER,
    PHONES,
    ContactKind,
    Item,
)
from prefdrop_local.sandbox.profiles.merge import Merger, Writing
from prefdrop_local.sandbox.store import Store

_VARIANTS = 512
_BATCH = 10_000
"""Profiles per transaction; other requests get their turn in between."""
_NUMBER = "@id@"
"""Stands for the profile's id where a variant has it."""
_FIRST_NAMES = ("Ana", "Ben", "Chidi", "Dolores", "Emeka", "Fay", "Gus", "Hana", "Ivo", "Jun")
_LAST_NAMES = ("Ruiz", "Okafor", "Lind", "Marsh", "Novak", "Osei", "Park", "Quist", "Rao", "Stone")


def seed_profiles(store: Store, account: Account, now: float, count: int, seed: int) -> int:
    """Add that many profiles and give back the first one's id; the others' follow it.

    `now` is their date of creation, in seconds since 1970.
    """
    draw = random.Random(seed)
    variants = list(_variants(account, iso(now), draw))
    with store.transaction() as database:
        first = _reserve_ids(database, count)
    types = account.alternate_id_types
    for start in range(first, first + count, _BATCH):
        ids = range(start, min(start + _BATCH, first + count))
        with store.transaction() as database:
            database.executemany(
                "INSERT INTO profiles VALUES (?, ?)",
                zip(ids, map(_copy, ids, draw.choices(variants, k=len(ids))), strict=True),
            )
            database.executemany(
                "INSERT INTO alternate_ids VALUES (?, ?, ?)",
                ((types[0].lower(), f"seed-{number}", number) for number in ids if types),
            )
    return first


def _reserve_ids(database: sqlite3.Connection, count: int) -> int:
    sql = "UPDATE counters SET value = value + ? WHERE name = 'profile_id' RETURNING value - ?"
    [(first,)] = database.execute(sql, (count, count)).fetchall()
    return int(first)


def _variants(account: Account, moment: str, draw: random.Random) -> Iterator[list[bytes]]:
    """Profiles as JSON, in pieces between which the profile's id belongs."""
    user_id, user = next((key, user) for key, user in account.users.items() if user.active)
    merger = Merger(account, Writing(moment, user_id, user.source, frozenset()))
    for _ in range(_VARIANTS):
        profile = merger.new_profile(0)
        merger.merge(profile, _record(account, draw))
        encoded = msgspec.json.encode({**profile, "ProfileId": _NUMBER})
        yield encoded.replace(b'"%b"' % _NUMBER.encode(), _NUMBER.encode()).split(_NUMBER.encode())


def _copy(number: int, pieces: list[bytes]) -> bytes:
    return (b"%d" % number).join(pieces)


def _record(account: Account, draw: random.Random) -> Item:
    """An import's record with what the account's configuration offers."""
    record: Item = {
        "CustomerName": {
            "FirstName": draw.choice(_FIRST_NAMES),
            "LastName": draw.choice(_LAST_NAMES),
        },
        "DefaultLocale": draw.choice(account.locales),
        "CustomerType": draw.choice(account.customer_types),
        "Emails": [_email(account, draw)],
        "Consents": _consents(account, draw),
        "Groups": [
            {GROUP_TYPE: name, GROUP_NAME: draw.choice(names)}
            for name, names in account.groups.items()
            if names and draw.random() < 0.3
        ],
        "CustomFields": [
            {FIELD_NAME: name, FIELD_VALUE: draw.choice(field.options)}
            for name, field in account.custom_fields.items()
            if field.options
        ],
    }
    for type_name in account.alternate_id_types[:1]:
        record["AlternateIds"] = [{ALTERNATE_ID_TYPE: type_name, ALTERNATE_ID: f"SEED-{_NUMBER}"}]
    mobile = [name for name, is_mobile in account.phone_types.items() if is_mobile]
    if mobile and draw.random() < 0.5:
        record["PhoneNumbers"] = [_phone(account, draw, mobile[0])]
    return record


def _email(account: Account, draw: random.Random) -> Item:
    return {
        "EmailAddressType": draw.choice(account.email_types),
        "EmailAddress": f"seed-{_NUMBER}@example.test",
        "IsDefault": True,
        EMAILS.preferences: _preferences(account, draw, EMAILS),
    }


def _phone(account: Account, draw: random.Random, type_name: str) -> Item:
    return {
        PHONES.type_name: type_name,
        PHONE_NUMBER: f"+1 202 555 01{draw.randrange(100):02}",
        "IsMobile": True,
        PHONES.preferences: _preferences(account, draw, PHONES),
    }


def _preferences(account: Account, draw: random.Random, kind: ContactKind) -> list[Item]:
    channels = kind.channels - ({"Phone", "Fax"} if DATA_CHANNEL_SMS in kind.channels else set())
    fitting = [name for name, value in account.filters.items() if value.channel in channels]
    return [
        {
            "FilterId": name,
            "PreferenceType": draw.choice((OPT_IN, OPT_IN, OPT_OUT)),
            "CustomerDate": f"2026-01-{draw.randint(1, 28):02}T09:00:00Z",
        }
        for name in draw.sample(fitting, min(2, len(fitting)))
    ]


def _consents(account: Account, draw: random.Random) -> list[Item]:
    taken: list[dict[str, Any]] = []
    for name in account.active_consents()[:1]:
        consent = account.consents[name]
        taken.append({
            "ConsentType": name,
            "ConsentVersion": consent.versions[-1],
            "Locale": draw.choice(account.consent_locales(consent)),
            "ConsentStatus": draw.randint(1, 3),
            "ConsentDate": "2026-01-02T09:00:00Z",
        })  # fmt: skip
    return taken
