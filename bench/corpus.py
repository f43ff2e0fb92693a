"""Invented people in files of any size: ten mapped columns, one of them a New York time.

Every row is another person and nearly every time another minute, so that nothing that remembers
values gains by it more than it would in life. One row in a hundred is wrong: two in a thousand by
the feed's own checks, five by the vendor's validation, three when it executes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from prefdrop.feeds import Source, load_feed

COLUMNS = (
    "crm_id", "first_name", "last_name", "segment", "email", "newsletter", "newsletter_at",
    "mobile", "sms_offers", "loyalty_number",
)  # fmt: skip
FEED = """
[import]
name = "people"
match_alternate_id = "CrmContactId"
[source]
format = "{format}"
duplicates = "{duplicates}"
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
first_name = "CustomerName.FirstName"
last_name = "CustomerName.LastName"
segment = "CustomerType"
email = "Emails[EmailAddressType=Home].EmailAddress"
newsletter = {{ to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS_WEEKLY].PreferenceType", values = {{ Y = 1, N = 2 }} }}
newsletter_at = {{ to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS_WEEKLY].CustomerDate", datetime = "%m/%d/%Y %H:%M", timezone = "America/New_York" }}
mobile = "PhoneNumbers[PhoneNumberType=Mobile].PhoneNumber"
sms_offers = {{ to = "PhoneNumbers[PhoneNumberType=Mobile].PhonePreferences[FilterId=OFFERS_SMS].PreferenceType", values = {{ Y = 1, N = 2 }} }}
loyalty_number = "AlternateIds[AlternateIdType=LoyaltyId].AlternateId"
[constants]
"PhoneNumbers[PhoneNumberType=Mobile].IsMobile" = true
[gates]
max_rejected_percent = {gate}
"""  # noqa: E501

FIRST = ("Ana", "Bo", "Chioma", "Dmitri", "Elif", "Farid", "Grace", "Hiroshi", "Ines", "Jörg")
LAST = ("Abe", "Brandt", "Castro", "Dubois", "Eze", "Fischer", "Garcia", "Haddad", "Ito", "Kim")
DAYS = [(date(2024, 1, 1) + timedelta(days=n)).strftime("%m/%d/%Y") for n in range(700)]
MINUTES = 700 * 960
"""Of the days, without the hours in which clocks are changed."""

WRONG = {
    place: stage
    for places, stage in (
        ((150, 650), "local"),
        ((50, 250, 450, 750, 850), "validation"),
        ((350, 550, 950), "execution"),
    )
    for place in places
}
"""Of each thousand rows, which stage rejects which."""

Cells = tuple[str, ...]


def people(rows: int, *, wrong: Callable[[int], str] | None = None) -> Iterator[Cells]:
    """One person a row; `wrong` says which stage rejects a row, and is `one_in_a_hundred`."""
    verdict = wrong or one_in_a_hundred
    for number in range(rows):
        minute = number * 7919 % MINUTES
        cells = (
            f"C-{number:08}",
            FIRST[number % 10],
            LAST[number // 10 % 10],
            "Customer" if number % 5 else "Prospect",
            f"{FIRST[number % 9].lower()}.{number}@example.test",
            "YN"[number % 3 == 0],
            f"{DAYS[minute // 960]} {minute % 960 // 60 + 7:02}:{minute % 60:02}",
            f"602-555-01{number % 100:02}",
            "YN"[number % 4 == 0],
            f"L-{number:08}",
        )
        stage = verdict(number)
        yield _spoilt(cells, stage, number) if stage else cells


def one_in_a_hundred(number: int) -> str:
    """Which stage rejects a row, or nothing."""
    return WRONG.get(number % 1000, "")


def never(_: int) -> str:
    """No row is wrong."""
    return ""


def _spoilt(cells: Cells, stage: str, number: int) -> Cells:
    changed = list(cells)
    if stage == "local":
        changed[4] = "unknown@"
    elif stage == "validation":
        changed[3] = "Reseller"
    else:
        changed[9] = f"L-{number - 1:08}"
    return tuple(changed)


def feed_text(kind: str = "csv", *, duplicates: str = "keep", gate: int = 5) -> str:
    """Return the feed of a file of this kind (`csv`, `csv.gz`, `jsonl`, `json`, `parquet`).

    `gate` is the percentage of rejects that stops an import.
    """
    return FEED.format(format=kind.removesuffix(".gz"), duplicates=duplicates, gate=gate)


def source(path: Path, kind: str = "csv", *, duplicates: str = "keep") -> Source:
    """Return a file of people, opened with their feed."""
    text = feed_text(kind, duplicates=duplicates)
    feed = load_feed(text.encode(), file="people.toml")
    return Source(feed, partial(_open_at, path), size=path.stat().st_size, file=path.name)


def write(path: Path, kind: str, rows: Iterator[Cells]) -> None:
    """Write people as a file of this kind."""
    with path.open("wb") as file:
        WRITERS[kind](file, rows)


def _write_csv(file: BinaryIO, rows: Iterator[Cells]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    text.detach()


def _write_gzip(file: BinaryIO, rows: Iterator[Cells]) -> None:
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as packed:
        _write_csv(packed, rows)  # type: ignore[arg-type]


def _write_jsonl(file: BinaryIO, rows: Iterator[Cells]) -> None:
    for row in rows:
        file.write(json.dumps(dict(zip(COLUMNS, row, strict=True))).encode() + b"\n")


def _write_json(file: BinaryIO, rows: Iterator[Cells]) -> None:
    separator = b"["
    for row in rows:
        file.write(separator + json.dumps(dict(zip(COLUMNS, row, strict=True))).encode())
        separator = b","
    file.write(b"]")


WRITERS: dict[str, Callable[[BinaryIO, Iterator[Cells]], None]] = {
    "csv": _write_csv,
    "csv.gz": _write_gzip,
    "jsonl": _write_jsonl,
    "json": _write_json,
}


def _open_at(path: Path, offset: int) -> BinaryIO:
    file = path.open("rb")
    file.seek(offset)
    return file
