"""What a definition may say, and how it is told what is wrong with it."""

from __future__ import annotations

import pytest

from prefdrop.exporting.definition import ExportError
from prefdrop.exporting.loading import load_export, read_values
from prefdrop.exporting.part_files import CONTENT_TYPES
from tests.workbench import ROOT

SMALLEST = '[export]\nsegment = "Readers"\n'


def load(text: str, file: str = "exports/readers.toml") -> None:
    load_export(text.encode(), file=file)


def test_the_example_is_a_definition_with_the_columns_of_its_feed() -> None:
    from prefdrop.feeds import load_feed

    export = load_export(
        (ROOT / "exports/crm-contacts.toml").read_bytes(), file="exports/crm-contacts.toml"
    )
    feed = load_feed((ROOT / "feeds/crm-contacts.toml").read_bytes(), file="crm-contacts.toml")

    assert export.columns == feed.columns
    assert export.constants == feed.constants


def test_a_definition_needs_no_more_than_a_segment() -> None:
    export = load_export(SMALLEST.encode(), file="exports/readers.toml")

    assert (export.name, export.family, export.source) == ("readers", "segment", "Readers")
    assert (export.export.mode, export.schedule, export.extension) == ("full", None, "jsonl.gz")


def test_mistake_in_a_definition_is_named_with_line_and_remedy(subtests: pytest.Subtests) -> None:
    for text, says in [
        ("", "the part [export] is missing"),
        ("[export]\n", "line 1, key export: the export must name a segment"),
        ('[export]\nsegment = "A"\nsegment_group = "B"\n', "one only"),
        (SMALLEST + 'mode = "delta"\n', "line 3, key export.mode"),
        (SMALLEST + "[shedule]\n", "there is no such part"),
        (SMALLEST + "[schedule]\n", "line 3, key schedule"),
        (SMALLEST + '[schedule]\nevery = "2m"\n', "line 4, key schedule.every"),
        (SMALLEST + '[schedule]\nat = "2:30"\n', "line 4, key schedule.at"),
        (SMALLEST + '[schedule]\nat = "02:30"\ntimezone = "Mars"\n', "schedule.timezone"),
        (SMALLEST + '[restrict]\nby = "ProfileId"\n', "a list of values"),
        (SMALLEST + '[restrict]\nby = "AlternateId"\nvalues = ["1"]\n', "ids have a type"),
        (SMALLEST + "[output]\nobject_bytes = 5\n", "line 4, key output.object_bytes"),
        (SMALLEST + '[output]\nformat = "csv"\n', "needs columns"),
        (SMALLEST + '[columns]\nid = "ProfileId"\n', "as they are"),
        (SMALLEST + '[output]\nexpired = "skip"\n', "line 4, key output.expired"),
        (SMALLEST + '[output]\nformat = "csv"\n[columns]\nid = "Profil"\n', "columns.id"),
        (
            SMALLEST + '[output]\nformat = "csv"\n[columns.at]\nto = "Consents[].ConsentDate"\n'
            'datetime = "%Y-%m-%d"\n',
            "names no time zone",
        ),
    ]:
        with subtests.test(text=text):
            with pytest.raises(ExportError) as raised:
                load(text)

            assert says in raised.value.message
            assert raised.value.message.startswith("exports/readers.toml")
            assert raised.value.hint


@pytest.mark.parametrize("name", ["a b", "-a", "x" * 51])
def test_a_name_that_no_execution_can_have_is_refused(name: str) -> None:
    with pytest.raises(ExportError, match="names the export"):
        load(SMALLEST, f"exports/{name}.toml")


def test_a_file_of_ids_is_read_line_by_line() -> None:
    assert read_values("\ufeffC-1 \r\n\r\nC-2\nC-1\n".encode()) == ("C-1", "C-2")


def test_every_extension_has_a_content_type() -> None:
    for format_ in ("jsonl", "csv", "parquet"):
        for packed in ("gzip", "none"):
            columns = "" if format_ == "jsonl" else '[columns]\nid = "ProfileId"\n'
            output = f'[output]\nformat = "{format_}"\ncompression = "{packed}"\n'
            export = load_export((SMALLEST + output + columns).encode(), file="a.toml")
            assert export.extension in CONTENT_TYPES


def test_the_scope_is_the_same_for_the_same_profiles_only() -> None:
    def scope(text: str, *values: str) -> str:
        return load_export(text.encode(), file="a.toml").scope(values)

    group = '[export]\nsegment_group = "Readers"\n'
    restricted = SMALLEST + '[restrict]\nby = "EmailAddress"\nfile = "lists/a.txt"\n'

    assert scope(restricted, "a", "b") == scope(restricted, "b", "a")
    scopes = [scope(SMALLEST), scope(group), scope(restricted, "a"), scope(restricted, "b")]
    assert len(set(scopes)) == 4


def test_a_list_that_the_functions_may_not_read_is_refused() -> None:
    text = b'[export]\nsegment = "S"\n[restrict]\nby = "ProfileId"\nfile = "feeds/ids.txt"\n'

    with pytest.raises(ExportError, match="lists/"):
        load_export(text, file="people.toml")
