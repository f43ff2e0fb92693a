"""What an export's csv says is what its feed reads; where it is not, the column is counted.

The feed that reads is the real one, over the file's bytes: what it makes of the row decides whether
the column had to be counted, in both directions.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import example, given, strategies as st

from prefdrop.exporting.loading import load_export
from prefdrop.exporting.part_files import PartFormat
from prefdrop.feeds import ChunkLimits, Cursor, Source, load_feed

KEY = 'id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"\n'
COLUMNS = {
    "plain": '"CustomerName.FirstName"',
    "bounded": '"ReasonCode"',
    "trimmed": '{ to = "CustomerName.FirstName", trim = true }',
    "lower": '{ to = "CustomerName.FirstName", case = "lower" }',
    "upper": '{ to = "CustomerName.FirstName", trim = true, case = "upper" }',
    "default": '{ to = "CustomerName.FirstName", default = "=none" }',
    "required": '{ to = "CustomerName.FirstName", required = true }',
    "null": '{ to = "CustomerName.FirstName", empty = "null" }',
    "listed": '{ to = "CustomerName.FirstName", values = { Y = "a", N = " b", n = "" } }',
    "lower_listed": '{ to = "CustomerName.FirstName", case = "lower", values = { Y = "a", n = "b" } }',  # noqa: E501
    "twice": '["CustomerName.FirstName", "CustomerName.LastName"]',
    "one_or_other": '[{ to = "CustomerName.FirstName", values = { F = "a", L = "" } }, '
    '{ to = "CustomerName.LastName", values = { F = "", L = "a" } }]',
    "email": '"Emails[EmailAddressType=Home].EmailAddress"',
    "field": '"CustomFields[Name=Note].Value"',
    "number": '{ to = "CustomFields[Name=Note].Value", type = "number" }',
    "flag": '{ to = "CustomFields[Name=Note].Value", type = "boolean" }',
    "whole": '{ to = "CustomFields[Name=Note].Value", type = "integer" }',
    "tags": '{ to = "ProfileTags[].Name", split = "||" }',
    "trimmed_tags": '{ to = "ProfileTags[].Name", split = ",", trim = true, case = "lower" }',
    "date": '{ to = "CustomFields[Name=Note].Value", datetime = "%d.%m.%Y %H:%M", timezone = "Europe/Berlin" }',  # noqa: E501
    "day": '{ to = "CustomFields[Name=Note].Value", datetime = "%Y-%m-%d", timezone = "UTC", time_of_day = "23:59:59" }',  # noqa: E501
}  # fmt: skip

LINE_ENDS = ["\r", "\n", "\r\n", "\x0b", "\x85", "\u2028"]
SIGNS = ['"', "'", ",", ";", "|", "||", "\\", "#", " ", "\t", "\0", "\x1a", "\ufeff", "\ud800", ""]
FORMULAS = ["=1+1", "+1", "-1", "@a"]
LETTERS = ["a", "B", "İ", "ß"]
sharp = st.sampled_from([*LINE_ENDS, *SIGNS, *FORMULAS, *LETTERS])
texts = st.lists(sharp, max_size=5).map("".join)
moments = st.datetimes(datetime(1999, 1, 1), datetime(2025, 1, 1)).map(
    lambda moment: moment.isoformat() + "Z"
)
values = st.one_of(
    st.none(),
    texts,
    st.sampled_from(["a", "b", " b", "Y", "=none", "p@example.test", "1", "true"]),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.integers(-2, 2),
    st.sampled_from([0.5, 1e300, 2.0]),
    moments,
    st.just("2025-01-14T23:59:59Z"),
    st.just("2024-10-27T00:30:00Z"),
    st.lists(texts, max_size=2),
)


class Form:
    """One column beside the key: the export that writes it, and the feed that reads it."""

    def __init__(self, column: str) -> None:
        mapping = f"[columns]\n{KEY}it = {COLUMNS[column]}\n".encode()
        head = b'[export]\nsegment = "S"\n[output]\nformat = "csv"\ncompression = "none"\n'
        self.format = PartFormat(load_export(head + mapping, file="people.toml"))
        self.feed = load_feed(
            b'[import]\nname = "p"\nmatch_alternate_id = "CrmContactId"\n'
            b'[source]\nformat = "csv"\n' + mapping,
            file="people.toml",
        )

    def written(self, record: dict[str, Any]) -> tuple[bytes, dict[str, int]]:
        """The object of one record, and what was counted."""
        part = self.format.new()
        part.write([msgspec.Raw(json.dumps(record).encode())])
        file = part.finish()
        file.seek(0)
        body = file.read()
        part.discard()
        return body, dict(self.format.take_tally().inexpressible)

    def read(self, body: bytes) -> dict[str, Any] | None:
        """The record that the feed makes of the object; None where it takes none."""
        source = Source(self.feed, lambda at: io.BytesIO(body[at:]), size=len(body), file="p.csv")
        source.check()
        limits = ChunkLimits(bytes=10**7, records=10, rejects=10)
        (chunk,) = source.chunks(Cursor(0, 0), limits, now=datetime.now(UTC))
        assert chunk.records + len(chunk.rejects) == 1
        return None if chunk.rejects else dict(json.loads(chunk.body)["UserProfilePreferences"][0])


FORMS = {column: Form(column) for column in COLUMNS}


def told(record: dict[str, Any]) -> dict[str, Any]:
    """All that the columns could show of a record; what is nothing is not there."""
    name = record.get("CustomerName", {})
    scalars = {
        "reason": record.get("ReasonCode"),
        "first": name.get("FirstName"),
        "last": name.get("LastName"),
    }
    items = {
        "email": [one.get("EmailAddress") for one in record.get("Emails", [])],
        "field": [one.get("Value") for one in record.get("CustomFields", [])],
        "tags": [one.get("Name") for one in record.get("ProfileTags", [])],
    }
    lists = {k: [typed(one) for one in v if one not in (None, "")] for k, v in items.items()}
    return {k: typed(v) for k, v in scalars.items() if v not in (None, "")} | {
        k: v for k, v in lists.items() if v
    }


def typed(value: Any) -> Any:
    """A value that equals no other of another kind, and a moment however it is written."""
    if isinstance(value, list):
        return [typed(one) for one in value]
    return (isinstance(value, bool), value)


@given(first=values, second=values)
@example(first="a\rb", second=None)
@example(first="\r", second="\r")
@example(first="\0", second=None)
@example(first="\ufeffa", second="a")
@example(first=" Aa ", second=None)
@example(first=None, second=None)
def test_column_that_the_feed_reads_differently_is_counted(first: Any, second: Any) -> None:
    wrong = {}
    for column, target in COLUMNS.items():
        form, record = FORMS[column], record_with(target, first, second)

        body, counted = form.written(record)
        made = form.read(body)

        exact = made is not None and told(made) == told(record)
        if counted != ({} if exact else {"it": 1}):
            wrong[column] = counted

    assert wrong == {}


def record_with(target: str, first: Any, second: Any) -> dict[str, Any]:
    """A record that holds the values where the column's target lies."""
    record: dict[str, Any] = {
        "ProfileId": 9_100_001,
        "AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "C-1"}],
    }
    if "CustomFields" in target:
        record["CustomFields"] = [{"Name": "Note", "Value": first}]
    elif "ProfileTags" in target:
        record["ProfileTags"] = [{"Name": first}, {"Name": second}]
    elif "Emails" in target:
        record["Emails"] = [{"EmailAddressType": "Home", "EmailAddress": first}]
    elif "LastName" in target:
        record["CustomerName"] = {"FirstName": first, "LastName": second}
    elif "FirstName" in target:
        record["CustomerName"] = {"FirstName": first}
    else:
        record["ReasonCode"] = first
    return record
