"""How the same file is made into the same records without Prefdrop, in three ways.

None of them checks a value, cuts bodies by their bytes, or says which row was wrong; that is what
the comparison leaves out in their favour.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
BATCH = 10_000
"""Records of one body of the naive way, which counts rows as most scripts do."""
ROOT = "UserProfilePreferences"


def read_plainly(path: Path) -> int:
    """Nothing but splitting the file into cells; returns the rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def make_naively(path: Path) -> int:
    """A dictionary for each row and each record, strptime, json.dumps."""
    rows, batch = 0, list[dict[str, Any]]()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            batch.append(record(row))
            rows += 1
            if len(batch) == BATCH:
                json.dumps({ROOT: batch}).encode()
                batch = []
    json.dumps({ROOT: batch}).encode()
    return rows


def record(row: dict[str, str]) -> dict[str, Any]:
    """One row as the vendor's record."""
    preference = {"Y": 1, "N": 2}
    local = datetime.strptime(row["newsletter_at"], "%m/%d/%Y %H:%M").replace(tzinfo=NEW_YORK)
    return {
        "CustomerName": {"FirstName": row["first_name"], "LastName": row["last_name"]},
        "CustomerType": row["segment"],
        "Emails": [
            {
                "EmailAddressType": "Home",
                "EmailAddress": row["email"],
                "EmailPreferences": [
                    {
                        "FilterId": "NEWS_WEEKLY",
                        "PreferenceType": preference[row["newsletter"]],
                        "CustomerDate": local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    }
                ],
            }
        ],
        "PhoneNumbers": [
            {
                "PhoneNumberType": "Mobile",
                "PhoneNumber": row["mobile"],
                "IsMobile": True,
                "PhonePreferences": [
                    {"FilterId": "OFFERS_SMS", "PreferenceType": preference[row["sms_offers"]]}
                ],
            }
        ],
        "AlternateIds": [
            {"AlternateIdType": "CrmContactId", "AlternateId": row["crm_id"]},
            {"AlternateIdType": "LoyaltyId", "AlternateId": row["loyalty_number"]},
        ],
    }


def make_with_polars(path: Path) -> int:
    """Use the best ready-made engine that we know for it."""
    polars = import_polars()
    written = io.BytesIO()
    polars.scan_csv(path, infer_schema=False).select(**_columns(polars)).sink_ndjson(written)
    return written.getvalue().count(b"\n")


def import_polars() -> Any:
    """Import polars for one core; its import is not part of what is measured."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars

    return polars


def _columns(polars: Any) -> dict[str, Any]:
    column, text, struct, array = polars.col, polars.lit, polars.struct, polars.concat_list

    def preference(name: str, filter_id: str, **more: Any) -> Any:
        known = column(name).replace_strict({"Y": 1, "N": 2}, return_dtype=polars.Int64)
        return array(struct(FilterId=text(filter_id), PreferenceType=known, **more))

    moment = column("newsletter_at").str.to_datetime("%m/%d/%Y %H:%M")
    moment = moment.dt.replace_time_zone("America/New_York").dt.convert_time_zone("UTC")
    email = struct(
        EmailAddressType=text("Home"),
        EmailAddress=column("email"),
        EmailPreferences=preference(
            "newsletter", "NEWS_WEEKLY", CustomerDate=moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        ),
    )
    phone = struct(
        PhoneNumberType=text("Mobile"),
        PhoneNumber=column("mobile"),
        IsMobile=text(True),
        PhonePreferences=preference("sms_offers", "OFFERS_SMS"),
    )
    ids = [
        struct(AlternateIdType=text(kind), AlternateId=column(name))
        for kind, name in (("CrmContactId", "crm_id"), ("LoyaltyId", "loyalty_number"))
    ]
    return {
        "CustomerName": struct(FirstName=column("first_name"), LastName=column("last_name")),
        "CustomerType": column("segment"),
        "Emails": array(email),
        "PhoneNumbers": array(phone),
        "AlternateIds": array(*ids),
    }


WAYS: dict[str, Callable[[Path], int]] = {
    "csv.reader": read_plainly,
    "naive": make_naively,
    "polars": make_with_polars,
}
