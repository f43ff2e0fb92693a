"""Whatever the sample: the proposed feed loads, does well on it, and quotes nobody's data."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import HealthCheck, assume, given, settings, strategies as st

from prefdrop.feeds import Feed, SourceError
from tests.unit.feeds.inference.support import feed_of, infer, run, table

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12)
START = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 6 * 365 * 24 * 60).map(lambda n: START + timedelta(minutes=n))


class Kind(NamedTuple):
    """A kind of column: names it may have, and how its cells are made."""

    names: tuple[str, ...]
    cells: Callable[[str], st.SearchStrategy[str]]
    """For one of its styles."""
    styles: tuple[str, ...] = ("",)


def moment(style: str) -> st.SearchStrategy[str]:
    return MOMENTS.map(lambda when: when.strftime(style))


def digits(style: str) -> st.SearchStrategy[str]:
    return st.integers(10 ** (len(style) - 1), 10 ** len(style) - 1).map(str)


PREFERENCES = ("newsletter", "sms_opt_in", "email opt out", "do_not_call", "offers")
CODES = ("Y/N", "yes/no", "1/0", "true/false", "opt-in/opt-out", "Y/N/unknown")
STATUSES = ("granted/denied/revoked", "Y/N", "Accepted/Declined", "1/2/3")
DATES = ("newsletter_at", "consent_date", "opt_in_date", "created", "birth_date")
DATE_FORMATS = (
    *("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d", "%m/%d/%Y %H:%M", "%d/%m/%Y", "%d.%m.%Y %H:%M:%S"),
    *("%d-%b-%Y", "%m/%d/%y", "%I:%M %p %d.%m.%Y", "%B %d, %Y %I:%M %p"),
)
PLACES = ("street", "address1", "city", "state", "zip", "country")


def emails(_: str) -> st.SearchStrategy[str]:
    return LETTERS.map("{}@example.test".format)


def phones(_: str) -> st.SearchStrategy[str]:
    return digits("0000").map("602-555-{}".format)


def one_of(style: str) -> st.SearchStrategy[str]:
    return st.sampled_from(style.split("/"))


def several(style: str) -> st.SearchStrategy[str]:
    return st.lists(LETTERS, max_size=3).map(style.join)


def letters(_: str) -> st.SearchStrategy[str]:
    return LETTERS


KINDS = [
    Kind(("email", "E-Mail", "work_email", "mailAddress"), emails),
    Kind(("phone", "mobile", "Cell Phone", "tel"), phones),
    Kind(("first_name", "Vorname", "LAST NAME", "suffix"), letters),
    Kind(PREFERENCES, one_of, CODES),
    Kind(("consent", "gdpr_consent", "privacy_agreement"), one_of, STATUSES),
    Kind(DATES, moment, DATE_FORMATS),
    Kind(("consent_version", "terms_version"), one_of, ("1.0/2.0/v3",)),
    Kind(PLACES, letters),
    Kind(("country", "country_code"), one_of, ("US/DE/FR", "USA/DEU", "Germany/France")),
    Kind(("locale", "lang"), one_of, ("en_US/fr_CA", "en-US/de-DE", "en/fr")),
    Kind(("tags", "groups", "interests"), several, (";", "|", ", ")),
    Kind(("segment", "customer_type"), one_of, ("Customer/Prospect",)),
    Kind(("loyalty_no", "order_id", "storeId"), digits, ("00000000", "000")),
    Kind(("notes", "shoe size", "is_active", "", "ünïcode"), letters),
]


JUNK = st.sampled_from(["??", "nobody", "31.02.2026", "n/a", "x" * 300])
"""What stands in a few cells of any column."""


@st.composite
def samples(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header with an id first, and rows."""
    count = draw(st.integers(3, 40))
    header, made = ["crm_id"], [[f"C-{n:08d}" for n in range(count)]]
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=10)):
        name = draw(st.sampled_from(kind.names))
        if name in header:
            continue
        cells = kind.cells(draw(st.sampled_from(kind.styles)))
        if draw(st.booleans()):
            cells = st.one_of(cells, st.just(""))
        column = draw(st.lists(cells, min_size=count, max_size=count))
        for place in draw(st.lists(st.integers(0, count - 1), max_size=count // 11)):
            column[place] = draw(JUNK)
        header.append(name)
        made.append(column)
    return header, [list(row) for row in zip(*made, strict=True)]


@settings(suppress_health_check=list(HealthCheck))
@given(samples(), st.sampled_from(",;\t|"), st.sampled_from(["csv", "gz", "jsonl", "json"]))
def test_a_proposed_feed_loads_and_rejects_next_to_nothing_of_its_sample(
    sample: tuple[list[str], list[list[str]]], delimiter: str, kind: str
) -> None:
    header, rows = sample
    if kind in ("csv", "gz"):
        data = table(header, rows, delimiter).encode()
        data = gzip.compress(data) if kind == "gz" else data
    else:
        objects = [dict(zip(header, row, strict=True)) for row in rows]
        text = json.dumps(objects) if kind == "json" else "\n".join(map(json.dumps, objects))
        data = text.encode()

    proposed = infer(data)
    records, rejects = run(proposed, data)

    feed = feed_of(proposed)
    assert feed.warnings == ()
    assert len(records) + len(rejects) == len(rows)
    assert len(rejects) <= 0.05 * len(rows)
    assert (proposed.trial.records, proposed.trial.rejected) == (len(records), len(rejects))
    assert proposed.trial.passes
    for name, row_cells in zip(header, zip(*rows, strict=True), strict=True):
        for cell in row_cells:
            personal = name == "crm_id" or "@" in cell or "602-555" in cell
            assert not (personal and cell in proposed.text)


def feed_or_refusal(data: str) -> Feed | str:
    """The feed that is inferred, or the remedy where none is."""
    try:
        return feed_of(infer(data))
    except SourceError as error:
        return error.hint


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.data(), st.integers(1, 5))
def test_any_table_at_all_gives_a_feed_that_loads_or_a_clear_refusal(
    data: st.DataObject, width: int
) -> None:
    row = st.lists(CELLS, min_size=width, max_size=width)
    header, *rows = data.draw(st.lists(row, min_size=2, max_size=8))
    assume(any(header))

    outcome = feed_or_refusal(table(header, rows))

    assert outcome


SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)


def members(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.text(max_size=6), inner, min_size=1, max_size=4)


VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | members(inner))


@given(members(VALUES), st.integers(1, 4))
def test_any_objects_at_all_give_a_feed_that_loads_or_a_clear_refusal(
    value: dict[str, object], count: int
) -> None:
    data = "\n".join([json.dumps(value)] * count)

    outcome = feed_or_refusal(data)

    assert outcome


PEOPLE = st.lists(
    st.tuples(digits("0000000"), LETTERS, LETTERS),
    min_size=3,
    max_size=20,
    unique_by=lambda person: person[0],
)


@given(PEOPLE)
def test_a_first_row_of_data_is_not_taken_for_column_names(
    people: list[tuple[str, str, str]],
) -> None:
    rows = [(f"C-{key}", name.title(), f"{word}@example.test") for key, name, word in people]
    header, *others = rows

    proposed = infer(table(header, others))

    assert proposed.header is False
    assert not any(row[0] in proposed.text or row[2] in proposed.text for row in rows)


def test_nothing_that_runs_on_aws_loads_the_inference() -> None:
    code = "import sys, prefdrop.feeds, prefdrop.importing; print(*sys.modules)"

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "prefdrop.feeds.inference" not in out.stdout
