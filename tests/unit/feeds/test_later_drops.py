"""Rows whose match key a later drop of the feed holds are left out and named."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from prefdrop.feeds import ChunkLimits, Cursor, LaterDrop, LaterDrops, Source, load_feed

ALTERNATE = "AlternateIds[AlternateIdType=Crm].AlternateId"
HEAD = '[import]\nname = "n"\n'
BY_ID = HEAD + 'match_alternate_id = "Crm"\n'
CSV = f"""{BY_ID}[source]
format = "csv"
[columns]
id = ["{ALTERNATE}", "Emails[EmailAddressType=Work].EmailAddress"]
mail = "Emails[EmailAddressType=Home].EmailAddress"
"""
PLAIN = CSV.replace(', "Emails[EmailAddressType=Work].EmailAddress"', "")
MAPPED = f"""{BY_ID}[source]
format = "jsonl"
[columns]
"person.id" = "{ALTERNATE}"
mail = "Emails[EmailAddressType=Home].EmailAddress"
"""
AS_IS = f'{BY_ID}[source]\nformat = "jsonl"\n'
BY_PROFILE = """[import]
name = "n"
match = "ProfileId"
[source]
format = "csv"
[columns]
id = "ProfileId"
mail = "Emails[EmailAddressType=Home].EmailAddress"
"""


def source(feed: str, body: str, later: LaterDrops | None = None, file: str = "f") -> Source:
    data = body.encode()
    return Source(
        load_feed(feed.encode(), file="feed.toml"),
        lambda at: io.BytesIO(data[at:]),
        size=len(data),
        file=file,
        later=later,
    )


def held(feed: str, body: str) -> list[str | None]:
    return [key for _, key in source(feed, body).held_keys()]


def as_is(number: object, **more: object) -> str:
    ids = [{"AlternateIdType": "Crm", "AlternateId": number}]
    return json.dumps({"AlternateIds": ids, **more}) + "\n"


@pytest.mark.parametrize(
    ("feed", "body", "keys"),
    [
        (CSV, "id,mail\nA-1,a@example.test\nA-2,no address\n,\n", ["a-1", "a-2", None]),
        (CSV.replace('"csv"', '"csv"\nragged = "pad"'), "id,mail\nA-1\n", ["a-1"]),
        (MAPPED, '{"person": {"id": "A-1"}, "mail": 1}\n{"what": 2}\nno\n', ["a-1", None, None]),
        (AS_IS, as_is("A-1", Wrong=1) + as_is(7) + "[]\n", ["a-1", None, None]),
        (BY_PROFILE, "id,mail\n17,no address\nx,a@example.test\n", ["17", None]),
    ],
    ids=["csv", "short row", "mapped json", "as it is", "profile id"],
)
def test_match_key_is_read_also_from_a_row_that_is_rejected(
    feed: str, body: str, keys: list[str | None]
):
    assert held(feed, body) == keys


def test_rows_of_a_later_drop_are_rejected_by_name():
    asked = []

    def later(name: str, body: str) -> LaterDrop:
        def keys() -> object:
            asked.append(name)
            return source(PLAIN, body).held_keys()

        return LaterDrop(name, keys)  # type: ignore[arg-type]

    drops = LaterDrops([later("two", "id,mail\na-2,\nA-4,\n"), later("three", "id,mail\nA-4,\n")])
    rows = "".join(f"A-{n},p{n}@example.test\n" for n in range(1, 5))
    body = f"id,mail\n{rows}A-2,no address\n"
    limits = ChunkLimits(bytes=10_000, records=2, rejects=100)
    feed = PLAIN.replace('"csv"', '"csv"\nduplicates = "last"')

    first = list(source(feed, body, drops).chunks(Cursor(0, 0), limits, now=datetime.now(UTC)))
    asked_once = list(asked)
    again = list(source(feed, body, drops).chunks(Cursor(0, 0), limits, now=datetime.now(UTC)))

    rejects = [reject for chunk in first for reject in chunk.rejects]
    assert sum(chunk.records for chunk in first) == 2
    assert [(r.row, r.code) for r in rejects[:2]] == [
        (2, "NewerDecisionExists"),
        (4, "NewerDecisionExists"),
    ]
    assert ["two" in rejects[0].reason, "three" in rejects[1].reason] == [True, True]
    assert [chunk.sha256 for chunk in again] == [chunk.sha256 for chunk in first]
    assert asked == asked_once == ["two", "three"]


def test_many_rows_are_found_whatever_the_order_of_the_files():
    count = 5_000
    mine = "id,mail\n" + "".join(f"A-{n},\n" for n in range(count))
    theirs = "id,mail\n" + "".join(f"a-{n},\n" for n in reversed(range(0, count, 3)))
    drops = LaterDrops([LaterDrop("later", source(PLAIN, theirs).held_keys)])
    limits = ChunkLimits(bytes=10**7, records=10**6, rejects=10**6)

    (chunk,) = source(PLAIN, mine, drops).chunks(Cursor(0, 0), limits, now=datetime.now(UTC))

    assert [reject.row for reject in chunk.rejects] == list(range(1, count + 1, 3))
