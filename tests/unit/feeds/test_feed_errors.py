"""Everything that can be wrong with a feed is said with its file, line, key and remedy.

`docs/feeds.md` lists the same problems; a test holds the two together.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from prefdrop.errors import Terminal
from prefdrop.feeds import Column, FeedError, GatesPart, ImportPart, SourcePart, load_feed

MATCHED = 'crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"'
DOCS = Path(__file__).parents[3] / "docs" / "feeds.md"


class Wrong(NamedTuple):
    """A broken feed by its parts, and what the error must say."""

    problem: str
    key: str
    imports: str = ""
    source: str = 'format = "csv"'
    columns: str = ""
    rest: str = ""
    match: str = 'match_alternate_id = "CrmContactId"'
    matched: str = MATCHED


EMAIL = "Emails[EmailAddressType=Home].EmailAddress"
CASES = [
    Wrong("there is no such part of a feed", "colums", rest="[colums]"),
    Wrong("there is no such key", "import.mach", 'mach = "x"'),
    Wrong("the key name is missing", "import", imports="-name"),
    Wrong("the key format is missing", "source", source='delimiter = ","'),
    Wrong(
        "must be true or false, not a text in quotes",
        "import.refresh_contacts",
        'refresh_contacts = "yes"',
    ),
    Wrong("must be a whole number <= 10", "import.data_stage_duration", "data_stage_duration = 11"),
    Wrong("invalid enum value 'Merge'", "import.action", 'action = "Merge"'),
    Wrong("invalid enum value 'xml'", "source.format", source='format = "xml"'),
    Wrong("by what the vendor finds a profile", "import", match=""),
    Wrong("by what the vendor finds a profile", "import", 'match = "ProfileId"'),
    Wrong("takes data away from profiles", "import.action", 'action = "Delete"'),
    Wrong("takes data away from profiles", "import.refresh_tags", "refresh_tags = true"),
    Wrong("a destructive feed needs a bound", "import.destructive", "destructive = true"),
    Wrong(
        "records are matched by this, but no column",
        "import.match_alternate_id",
        matched='a = "DefaultLocale"',
    ),
    Wrong(
        "records are matched by this, but no column",
        "import.match",
        match='match = "ProfileId"',
    ),
    Wrong(
        "the delimiter must be one character",
        "source.delimiter",
        source='format = "csv"\ndelimiter = "||"',
    ),
    Wrong(
        "quote and delimiter are the same",
        "source.quote",
        source='format = "csv"\ndelimiter = ";"\nquote = ";"',
    ),
    Wrong(
        "files can't be read in this encoding",
        "source.encoding",
        source='format = "csv"\nencoding = "ebcdic"',
    ),
    Wrong(
        "this time zone is not known",
        "source.timezone",
        source='format = "csv"\ntimezone = "Mars/Olympus"',
    ),
    Wrong(
        "names are for a file without a header",
        "source.names",
        source='format = "csv"\nnames = ["a"]',
    ),
    Wrong(
        "names are for a file without a header",
        "source.header",
        source='format = "csv"\nheader = false',
    ),
    Wrong(
        "a name stands twice",
        "source.names",
        source='format = "csv"\nheader = false\nnames = ["a", "a"]',
    ),
    Wrong(
        "is not among the names of [source]",
        "columns.crm_id",
        source='format = "csv"\nheader = false\nnames = ["a"]',
    ),
    Wrong("a JSON source has no header", "source", source='format = "jsonl"\nheader = false'),
    Wrong("the feed maps no column", "columns", matched=""),
    Wrong(
        "this is for files of text",
        "source.delimiter",
        source='format = "parquet"\ndelimiter = ";"',
    ),
    Wrong(
        "only an Excel workbook has sheets",
        "source.sheet",
        source='format = "csv"\nsheet = "People"',
    ),
    Wrong(
        "get no constants",
        "constants",
        source='format = "jsonl"',
        matched="",
        rest='[constants]\nDefaultLocale = "en_US"',
    ),
    Wrong(
        "can't be read from its character 7",
        "columns.x",
        columns='x = "Emails[].'.replace("[].", '[A=B"'),
    ),
    Wrong("has no value", "columns.x", columns='x = "Emails[EmailAddressType=].EmailAddress"'),
    Wrong("Emails is a collection", "columns.x", columns='x = "Emails.EmailAddress"'),
    Wrong(
        "CustomerName is a single object", "columns.x", columns='x = "CustomerName[1].FirstName"'
    ),
    Wrong("holds other members", "columns.x", columns='x = "CustomerName"'),
    Wrong(
        "has no member EmailAdress",
        "columns.x",
        columns='x = "Emails[EmailAddressType=Home].EmailAdress"',
    ),
    Wrong("has no member Mails", "columns.x", columns='x = "Mails[1].EmailAddress"'),
    Wrong("is read-only", "columns.x", columns='x = "Emails[EmailAddressType=Home].Edited"'),
    Wrong(
        "can't tell the items of Emails apart",
        "columns.x",
        columns='x = "Emails[IsDefault=true].EmailAddress"',
    ),
    Wrong(
        "the vendor takes 50",
        "columns.x",
        columns=f'x = "ProfilePreferences[FilterId={"x" * 51}].FrequencyId"',
    ),
    Wrong(
        "is already fixed by",
        "columns.x",
        columns='x = "Emails[EmailAddressType=Home].EmailAddressType"',
    ),
    Wrong(
        "is already filled by column crm_id", "columns.x", columns=MATCHED.replace("crm_id", "x", 1)
    ),
    Wrong(
        "is already filled by column x",
        "constants.DefaultLocale",
        columns='x = "DefaultLocale"',
        rest='[constants]\nDefaultLocale = "en_US"',
    ),
    Wrong(
        "split makes one item of each piece",
        "columns.x",
        columns=f'x = {{ to = "{EMAIL}", split = ";" }}',
    ),
    Wrong(
        "split fills its items alone",
        "columns.x",
        columns='x = { to = "Groups[].GroupName", split = ";" }\ny = "Groups[].GroupType"',
    ),
    Wrong("a column needs a path", "columns.x", columns="x = 7"),
    Wrong("this is a table of other columns", "columns.x", columns=f'x.email = "{EMAIL}"'),
    Wrong("the column goes nowhere", "columns.x", columns="x = []"),
    Wrong("the key to is missing", "columns.x", columns="x = { trim = true }"),
    Wrong(
        "there is no such key", "columns.x.trimm", columns=f'x = {{ to = "{EMAIL}", trimm = true }}'
    ),
    Wrong(
        "required and empty contradict each other",
        "columns.x.required",
        columns=f'x = {{ to = "{EMAIL}", required = true, empty = "omit" }}',
    ),
    Wrong(
        "default and required contradict each other",
        "columns.x.default",
        columns=f'x = {{ to = "{EMAIL}", required = true, default = "a" }}',
    ),
    Wrong(
        "optional and required contradict each other",
        "columns.x.optional",
        columns=f'x = {{ to = "{EMAIL}", required = true, optional = true }}',
    ),
    Wrong("can't be null", "columns.x.empty", columns=f'x = {{ to = "{EMAIL}", empty = "null" }}'),
    Wrong(
        "values and datetime contradict each other",
        "columns.x.values",
        columns='x = { to = "CustomFields[Name=a].Value", values = { a = 1 }, datetime = "epoch" }',
    ),
    Wrong(
        "type and datetime contradict each other",
        "columns.x.type",
        columns='x = { to = "CustomFields[Name=a].Value", type = "integer", datetime = "iso8601" }',
    ),
    Wrong(
        "takes no date",
        "columns.x.datetime",
        columns='x = { to = "IsActive", datetime = "iso8601" }',
    ),
    Wrong("has a fixed type", "columns.x.type", columns='x = { to = "IsActive", type = "string" }'),
    Wrong(
        "the value must be a number",
        "columns.x.values.Y",
        columns='x = { to = "ProfilePreferences[1].PreferenceType", values = { Y = "one" } }',
    ),
    Wrong(
        "the value is above 2",
        "columns.x.values.Y",
        columns='x = { to = "ProfilePreferences[1].PreferenceType", values = { Y = 3 } }',
    ),
    Wrong(
        "values does not list it",
        "columns.x.default",
        columns='x = { to = "DefaultLocale", values = { e = "en" }, default = "f" }',
    ),
    Wrong(
        "is for dates", "columns.x.timezone", columns=f'x = {{ to = "{EMAIL}", timezone = "UTC" }}'
    ),
    Wrong(
        "this time zone is not known",
        "columns.x.timezone",
        columns='x = { to = "ProfilePreferences[1].CustomerDate", timezone = "EDT5" }',
    ),
    Wrong(
        "the format names no time zone",
        "columns.x.datetime",
        columns='x = { to = "ProfilePreferences[1].CustomerDate", datetime = "%Y-%m-%d" }',
    ),
    Wrong(
        "the format reads no day",
        "columns.x.datetime",
        columns='x = { to = "Consents[1].ConsentDate", datetime = "%Y-%m", timezone = "UTC" }',
    ),
    Wrong(
        "this is no time of day",
        "columns.x.time_of_day",
        columns='x = { to = "ProfilePreferences[1].CustomerDate", datetime = "%Y-%m-%d", '
        'timezone = "UTC", time_of_day = "noon" }',
    ),
    Wrong(
        "the format reads a time already",
        "columns.x.time_of_day",
        columns='x = { to = "ProfilePreferences[1].CustomerDate", datetime = "%Y-%m-%d %H", '
        'timezone = "UTC", time_of_day = "12:00" }',
    ),
    Wrong("is both mapped and ignored", "columns.crm_id", rest='[ignore]\ncolumns = ["crm_id"]'),
    Wrong("must be a list of column names", "ignore", rest="[ignore]"),
    Wrong(
        "the value must be a text in quotes",
        "constants.DefaultLocale",
        rest="[constants]\nDefaultLocale = 7",
    ),
    Wrong(
        "the value must be true or false",
        "constants.IsActive",
        rest='[constants]\nIsActive = "yes"',
    ),
    Wrong(
        "the vendor takes 15",
        "constants.DefaultLocale",
        rest=f'[constants]\nDefaultLocale = "{"x" * 16}"',
    ),
    Wrong(
        "the value must be a date in UTC",
        'constants."Consents[ConsentType=A].ConsentDate"',
        rest='[constants]\n"Consents[ConsentType=A].ConsentDate" = "2026-01-14"',
    ),
    Wrong(
        "a constant is a text, a number, true or false",
        "constants.CustomerName",
        rest='[constants]\nCustomerName.FirstName = "Ana"',
    ),
    Wrong(
        "this is no kind of member",
        'members."Emails.Rank"',
        rest='[members]\n"Emails.Rank" = "int"',
    ),
    Wrong(
        "must be a number <= 100.0",
        "gates.max_rejected_percent",
        rest="[gates]\nmax_rejected_percent = 101",
    ),
]


def text_of(case: Wrong) -> str:
    name = "" if case.imports == "-name" else 'name = "crm-nightly"'
    imports = "" if case.imports == "-name" else case.imports
    return f"""# a feed
[import]
{name}
{case.match}
{imports}
[source]
{case.source}
[columns]
{case.matched}
{case.columns}
{case.rest}
"""


def test_feed_that_is_wrong_is_refused_with_line_key_and_remedy(subtests: pytest.Subtests) -> None:
    for case in CASES:
        with subtests.test(key=case.key, problem=case.problem):
            text = text_of(case)

            with pytest.raises(FeedError) as caught:
                load_feed(text.encode(), file="feeds/crm.toml")

            error = caught.value
            assert isinstance(error, Terminal)
            assert case.problem in error.problem
            assert error.key == case.key
            assert error.message.startswith("feeds/crm.toml, line ")
            assert error.hint.endswith((".", ")"))
            last = case.key.split(".")[-1].strip('"')
            named = text.split("\n")[(error.line or 0) - 1]
            assert last in named or case.key.split(".")[1] in named or case.key in named


def test_a_missing_part_is_named() -> None:
    with pytest.raises(
        FeedError, match=r"crm\.toml: the part \[source\] is missing\. Add \[source\]"
    ):
        load_feed(b'[import]\nname = "n"\n', file="crm.toml")


@pytest.mark.parametrize(
    ("text", "line"),
    [(b'[import]\nname = "a\n', 2), (b"[import]\nname = \n", 2), (b"a = 1\na = 2\n", 2), (b"x", 1)],
)
def test_what_is_no_toml_is_refused_with_its_line(text: bytes, line: int) -> None:
    with pytest.raises(FeedError, match="this is not TOML") as caught:
        load_feed(text, file="crm.toml")

    assert caught.value.line == line


def test_a_feed_that_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(FeedError, match="not UTF-8") as caught:
        load_feed(b"# a\n# caf\xe9\n", file="crm.toml")

    assert caught.value.line == 2


def test_lines_are_found_in_tables_quoted_keys_and_after_long_values() -> None:
    text = """
ignore = [
  "a", # one
  "b",
]
[import]
name = '''
long
[columns]
'''
match_alternate_id = "CrmContactId"
[source]
format = "csv"
[columns]
crm_id = "AlternateIds[AlternateIdType=CrmContactId].AlternateId"
[columns."the e-mail"]
to = "Emails[EmailAddressType=Home].EmailAddress"
case = "title"
"""
    with pytest.raises(FeedError) as caught:
        load_feed(text.encode(), file="crm.toml")

    assert (caught.value.line, caught.value.key) == (18, 'columns."the e-mail".case')


def test_problem_of_a_feed_is_in_the_reference(subtests: pytest.Subtests) -> None:
    reference = DOCS.read_text(encoding="utf-8")
    for problem in sorted({case.problem for case in CASES}):
        with subtests.test(problem=problem):
            assert f"| {problem} |" in reference


def test_the_reference_lists_no_problem_that_no_test_produces() -> None:
    section = DOCS.read_text(encoding="utf-8").partition("## What is wrong with a feed")[2]
    listed = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines()[6:]]
    apart = {"the part [source] is missing", "this is not TOML", "the feed is not UTF-8"}

    assert set(listed) == {case.problem for case in CASES} | apart


def test_the_reference_explains_every_key() -> None:
    text = DOCS.read_text(encoding="utf-8")

    for part in (ImportPart, SourcePart, GatesPart, Column):
        for field in msgspec.structs.fields(part):
            assert f"`{field.name}`" in text, field.name


def test_the_example_of_the_reference_is_a_feed() -> None:
    example = DOCS.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]

    assert load_feed(example.encode(), file="feeds/crm.toml").warnings == ()
