"""Make `crm-contacts.csv`: 10,000 invented contacts, some of them wrong on purpose.

    python feeds/make_crm_contacts.py [FILE]     writes FILE, or the csv beside this script

The same file comes out every time. Each wrong row is known by the stage at which it must end, so
the tests can compare a finished import with `contacts()` row by row. Nobody in the file exists: the
mail domain is reserved for tests (RFC 6761) and the phone numbers 555-0100 to 555-0199 for fiction.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

ROWS = 10_000
SEED = 20260115
FILE = Path(__file__).with_name("crm-contacts.csv")
COLUMNS = (
    "crm_id", "first_name", "last_name", "segment", "email", "newsletter", "newsletter_at",
    "mobile", "sms_offers", "sms_at", "consent", "consent_version", "consented_at",
    "loyalty_number", "account_owner",
)  # fmt: skip
DATE = "%m/%d/%Y %H:%M"

FIRST_NAMES = (
    "Ana Aaliyah Benjamin Bich Carlos Chloe Dae-Jung Deborah Elijah Esra Fatima Fionn Gabriela "
    "Grace Hannah Hiroshi Ines Isaac Jamal Joséphine Kofi Kateryna Liam Leila Mateo Mei Noah Nadia "
    "Olivia Omar Priya Peter Quinn Rosa Ravi Sofía Samuel Tamar Thomas Uma Viktor Wanda Xiomara "
    "Yusuf Zoë"
)
LAST_NAMES = (
    "Abebe Adams Alvarez Bauer Brown Chen Cohen Dubois Davis Eriksen Farah Fischer García Green "
    "Haddad Hernández Ito Jackson Johnson Kaplan Kim Kowalski Lee López Martin Mbeki Miller Moore "
    "Nguyen O'Brien Okafor Park Patel Petrov Quist Ramírez Robinson Ruiz Sato Schmidt Silva Smith "
    "Taylor Tremblay Ueda Vargas Walker Williams Yamamoto Young Zimmermann"
)
AREA_CODES = (205, 212, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 917, 972)
OWNERS = ("Boston", "Denver", "Miami", 'The "West" team', "Ohio, north", "Key\naccounts")
"""Cells of a column the feed ignores; quotes, a comma and a line break make the csv a real one."""


@dataclass(frozen=True)
class Contact:
    """One row of the file; `stage` is where it must end, or None when it must be imported."""

    cells: dict[str, str]
    stage: str | None = None
    fault: str = ""
    ragged: tuple[str, ...] = field(default=())
    """The cells as written where they are not one per column."""

    def line(self) -> tuple[str, ...]:
        """The cells in the file's order."""
        return self.ragged or tuple(self.cells[name] for name in COLUMNS)


def contacts() -> list[Contact]:
    """All rows in the order of the file; the row number in reports is the index plus one."""
    chance = random.Random(SEED)
    rows = [_good(chance, number) for number in range(1, ROWS + 1)]
    untouched = ROWS // 20
    members = [r for r in rows[:untouched] if r.cells["loyalty_number"] and r.cells["newsletter"]]
    places = iter(chance.sample(range(untouched, ROWS), ROWS // 10))
    for fault, (count, stage, spoil) in FAULTS.items():
        for place in _take(places, count):
            spoiled = spoil(rows[place], chance.choice(members))
            rows[place] = replace(spoiled, stage=stage, fault=fault)
    return rows


def as_csv(rows: list[Contact]) -> bytes:
    """The file's bytes: UTF-8, comma, CRLF line ends as spreadsheets write them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(row.line() for row in rows)
    return text.getvalue().encode()


def _take(places: Iterator[int], count: int) -> list[int]:
    return [next(places) for _ in range(count)]


def _good(chance: random.Random, number: int) -> Contact:
    first, last = chance.choice(FIRST_NAMES.split()), chance.choice(LAST_NAMES.split())
    newsletter = chance.choices(("Y", "N", ""), (62, 28, 10))[0]
    mobile = chance.random() < 0.8
    sms = chance.choices(("Y", "N", ""), (35, 45, 20))[0] if mobile else ""
    loyal = chance.random() < 0.3
    cells = {
        "crm_id": f"C-{number:06d}",
        "first_name": first,
        "last_name": last,
        "segment": chance.choices(("Customer", "Prospect"), (85, 15))[0],
        "email": _email(first, last, number),
        "newsletter": newsletter,
        "newsletter_at": _moment(chance) if newsletter else "",
        "mobile": _phone(chance) if mobile else "",
        "sms_offers": sms,
        "sms_at": _moment(chance) if sms else "",
        "consent": chance.choices(("granted", "denied", "revoked"), (80, 14, 6))[0],
        "consent_version": "2.0",
        "consented_at": _moment(chance),
        "loyalty_number": f"LY{700000 + number}" if loyal else "",
        "account_owner": chance.choice(OWNERS),
    }
    return Contact(cells)


def _email(first: str, last: str, number: int) -> str:
    name = f"{first}.{last}".lower().replace("'", "").replace(" ", "")
    plain = name.translate(str.maketrans("áéíóúñöüëè", "aeiounouee"))
    return f"{plain}{number}@example.test"


def _phone(chance: random.Random) -> str:
    return f"{chance.choice(AREA_CODES)}-555-01{chance.randrange(100):02d}"


def _moment(chance: random.Random) -> str:
    """A daytime moment in 2023 to 2025 as New York clocks show it; no clock change lies in it."""
    day = datetime(2023, 1, 1) + timedelta(days=chance.randrange(3 * 365))
    return day.replace(hour=chance.randrange(7, 22), minute=chance.randrange(60)).strftime(DATE)


Spoil = Callable[[Contact, Contact], Contact]


def _with(**cells: str) -> Spoil:
    """Spoil a row by setting cells."""
    return lambda row, _earlier: replace(row, cells={**row.cells, **cells})


def _cut(row: Contact, _earlier: Contact) -> Contact:
    return replace(row, ragged=row.line()[:7])


def _anothers_loyalty_number(row: Contact, earlier: Contact) -> Contact:
    taken = earlier.cells["loyalty_number"]
    return replace(row, cells={**row.cells, "loyalty_number": taken})


def _same_person(**cells: str) -> Spoil:
    """A second row for somebody further up in the file."""

    def spoil(row: Contact, earlier: Contact) -> Contact:
        return replace(row, cells={**earlier.cells, **cells})

    return spoil


FAULTS: dict[str, tuple[int, str | None, Spoil]] = {
    # What the file and the feed alone can tell.
    "no crm id": (14, "local", _with(crm_id="")),
    "an e-mail without a domain": (26, "local", _with(email="unknown@")),
    "an opt-in that is neither Y nor N": (
        18, "local", _with(newsletter="maybe", newsletter_at="03/04/2024 10:00"),
    ),
    "a day that does not exist": (16, "local", _with(consented_at="02/30/2024 09:15")),
    "a consent from the future": (8, "local", _with(consented_at="05/01/2199 12:00")),
    "an e-mail longer than 256": (
        7, "local", _with(email=f"{'front-desk-' * 24}1@example.test"),
    ),
    "an opt-in without an address": (
        9, "local", _with(email="", newsletter="Y", newsletter_at="06/12/2025 15:30"),
    ),
    "a row cut short": (9, "local", _cut),
    # What only the vendor's account knows.
    "a customer type the account lacks": (12, "validation", _with(segment="Reseller")),
    "a consent version the account lacks": (15, "validation", _with(consent_version="9.0")),
    "an e-mail the account's pattern refuses": (
        21, "validation", _with(email="front_desk@localhost.test"),
    ),
    "a first name longer than 32": (
        6, "validation", _with(first_name="Maximiliana-Theodora-Constance-Eva"),
    ),
    # What shows only when the records are applied.
    "an older consent version": (18, "execution", _with(consent_version="1.0")),
    "a loyalty number of somebody else": (13, "execution", _anothers_loyalty_number),
    # No fault: the vendor keeps the newer preference, counts the row as not honoured, names none.
    "a stale second row": (
        12, None,
        _same_person(newsletter="N", newsletter_at="01/02/2019 08:00", sms_offers="", sms_at=""),
    ),
}  # fmt: skip
"""How many rows are wrong in which way, the stage they end at, and how a good row becomes one."""


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    target.write_bytes(as_csv(contacts()))
