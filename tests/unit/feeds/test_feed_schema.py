"""`docs/feed.schema.json` says of a feed's keys what loading it says."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from pathlib import Path

import jsonschema
import pytest

from prefdrop.feeds import load_feed
from tests.unit.feeds.inference.support import columns, infer
from tests.unit.feeds.test_feed_errors import CASES, text_of
from tools.feed_schema import SCHEMA, feed_schema, schema_text

REPOSITORY = Path(__file__).parents[3]
FEEDS = sorted(REPOSITORY.glob("feeds/*.toml"))
PAGES = [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("docs/**/*.md"))]
VALIDATOR = jsonschema.Draft7Validator(feed_schema())

SEEN_BY_KEYS = {
    *("there is no such part of a feed", "there is no such key", "the key name is missing"),
    *("the key format is missing", "the key to is missing"),
    *("invalid enum value 'Merge'", "invalid enum value 'xml'"),
    *("must be true or false, not a text in quotes", "must be a whole number <= 10"),
    *("must be a number <= 100.0", "must be a list of column names"),
    *("by what the vendor finds a profile", "takes data away from profiles"),
    *("a destructive feed needs a bound", "the delimiter must be one character"),
    *("names are for a file without a header", "a name stands twice"),
    *("a JSON source has no header", "the feed maps no column"),
    *("can't be read from its character 7", "has no value", "a column needs a path"),
    *("this is a table of other columns", "the column goes nowhere"),
    *("required and empty contradict each other", "default and required contradict each other"),
    *("optional and required contradict each other", "values and datetime contradict each other"),
    *("type and datetime contradict each other", "this is no kind of member"),
    "a constant is a text, a number, true or false",
}
"""The problems that show in a key and its value alone; the others need the mapping as a whole."""


def accepts(text: str) -> bool:
    """Whether the schema finds nothing wrong with a feed."""
    return bool(VALIDATOR.is_valid(tomllib.loads(text)))


def test_the_committed_schema_is_made_of_the_definitions() -> None:
    made = schema_text()

    assert SCHEMA.read_text(encoding="utf-8") == made, "run: make schema"


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_every_key_is_described() -> None:
    definitions = feed_schema()["definitions"]

    bare = [
        f"{kind}.{name}"
        for kind, each in definitions.items()
        for name, key in each.get("properties", {}).items()
        if not key.get("description")
    ]
    assert bare == []


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_the_schema_accepts_the_example_feeds_and_they_name_it(feed: Path) -> None:
    text = feed.read_text(encoding="utf-8")

    assert accepts(text)
    named = re.match(r"#:schema (\S+)\n", text)
    assert named is not None
    assert (feed.parent / named[1]).resolve() == SCHEMA


def test_feed_of_each_page_is_accepted_by_the_schema(subtests: pytest.Subtests) -> None:
    for page in PAGES:
        with subtests.test(page=str(page.relative_to(REPOSITORY))):
            blocks = re.findall(r"^ *```toml\n(.*?)^ *```", page.read_text("utf-8"), re.M | re.S)
            texts = [textwrap.dedent(block) for block in blocks]

            feeds = [text for text in texts if "[import]" in text]

            for text in feeds:
                assert accepts(text)
                load_feed(text.encode(), file="page.toml")


def test_the_schema_accepts_what_is_inferred() -> None:
    ids, dates = [f"C-{n:06d}" for n in range(9)], ["01/14/2026 09:30"] * 9
    data = columns(crm_id=ids, news_opt_in=["Y"] * 9, news_date=dates, groups=["a;b"] * 9)

    assert accepts(infer(data).text)


def test_feed_with_one_wrong_key_is_refused_by_the_schema(subtests: pytest.Subtests) -> None:
    for case in CASES:
        with subtests.test(key=case.key, problem=case.problem):
            assert accepts(text_of(case)) is (case.problem not in SEEN_BY_KEYS)
