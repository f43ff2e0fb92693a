"""Cases of the kinds that the public corpora hold, read offline; `make corpora` reads those too."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from tools.corpora import compare, csv_differences, json_differences

CSV_CASES = {
    "comma in quotes": (
        b'a,b,c\nAna,"120 Any St., Suite 4",85004\n',
        [{"a": "Ana", "b": "120 Any St., Suite 4", "c": "85004"}],
    ),
    "empty cells": (b'a,b,c\n1,"",""\n2,3,4\n', [
        {"a": "1", "b": "", "c": ""},
        {"a": "2", "b": "3", "c": "4"},
    ]),
    "empty cells, crlf": (b'a,b,c\r\n1,"",""\r\n', [{"a": "1", "b": "", "c": ""}]),
    "escaped quotes": (b'a,b\n1,"so ""he"" said"\n', [{"a": "1", "b": 'so "he" said'}]),
    "json in a cell": (
        b'key,val\n1,"{""type"": ""Point"", ""at"": [102.0, 0.5]}"\n',
        [{"key": "1", "val": '{"type": "Point", "at": [102.0, 0.5]}'}],
    ),
    "newlines": (b'a,b\n1,"Once\nupon"\n2,x\n', [
        {"a": "1", "b": "Once\nupon"},
        {"a": "2", "b": "x"},
    ]),
    "newlines, crlf": (b'a,b\r\n1,"Once\r\nupon"\r\n', [{"a": "1", "b": "Once\r\nupon"}]),
    "quotes and newlines": (b'a,b\n1,"he \n""says"""\n', [{"a": "1", "b": 'he \n"says"'}]),
    "no newline at the end": (b"a,b\n1,2", [{"a": "1", "b": "2"}]),
    "utf-8": ("a,b\n1,\u02a4\u20ac\n".encode(), [{"a": "1", "b": "\u02a4\u20ac"}]),
    "a quote inside a bare cell": (b'a,b\n1,37\'37.8"N\n', [{"a": "1", "b": "37'37.8\"N"}]),
}  # fmt: skip
READ = [
    "[]", "{}", "[[[]]]", "null", "true", "-0", "1e5", "1E-2", "123.456e78", "0.1", '""',
    '"\\u0061\\n\\/"', '"\\ud83d\\ude39"', '"\u2028\x7f"', '"\\u0000"', '{"a": 1, "a": 2}',
    '{"": 0}', '[1, null, "a", [2]]', " [] ", '"\U0010ffff"',
]  # fmt: skip
REFUSED = [
    "", " ", "[1,]", "[,1]", "[1 2]", "[", "{", '{"a"', '{"a":', '{"a" 1}', "{a: 1}", "{'a': 1}",
    '{"a": 1,}', '{"a": 1}}', "[1]]", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "1.",
    ".5", "1e", "0x1", "1_0", '"', '"\\x61"', '"\\u00g1"', '"a\tb"', "'a'", "\ufeff1", "[1] // c",
    "/* c */ 1", "[" * 100_000, '{"a":' * 100_000, "-" + "9" * 5_000 + "x",
]  # fmt: skip


def test_csv_file_of_the_corpus_gives_the_rows_of_its_twin(subtests: pytest.Subtests) -> None:
    for name in CSV_CASES:
        with subtests.test(name=name):
            data, expected = CSV_CASES[name]

            assert list(csv_differences(name, data, expected)) == []


def test_json_that_must_be_read_is_read_with_its_value(subtests: pytest.Subtests) -> None:
    for text in READ:
        with subtests.test(text=text):
            assert list(json_differences("case", text, "y")) == []


def test_json_that_must_be_refused_is_refused_with_its_row(subtests: pytest.Subtests) -> None:
    for text in REFUSED:
        with subtests.test(text=text):
            assert list(json_differences("case", text, "n")) == []


@pytest.mark.parametrize("text", ["9" * 5_000, "1e999", '"\\ud800"', "123456789012345678901"])
def test_json_that_may_be_refused_ends_in_no_other_way(text: str) -> None:
    assert list(json_differences("case", text, "i")) == []


def test_the_comparison_finds_what_differs(tmp_path: Path) -> None:
    script = 'export default [{"name": "n_ok.json", "input": "[1]"}]\n'
    members = {
        "one": {"package/data/parsing.js": script},
        "two": {
            "package/csvs/x.csv": "a,b\n1,2\n",
            "package/json/x.json": json.dumps([{"a": "1", "b": "3"}]),
        },
    }
    for name, files in members.items():
        with tarfile.open(tmp_path / f"{name}.tgz", "w:gz") as archive:
            for path, text in files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))

    assert compare(tmp_path / "one.tgz") == (
        1,
        ["n_ok.json: jsonl takes it for [1]", "n_ok.json: json takes it for [1]"],
    )
    count, differences = compare(tmp_path / "two.tgz")
    assert (count, len(differences)) == (1, 1)
