"""What a tool has written is counted row by row."""

from __future__ import annotations

import gzip
from pathlib import Path

from bench import corpus, peers


def test_files_of_prefdrop_hold_every_row(tmp_path: Path) -> None:
    file, folder = tmp_path / "people.csv", tmp_path / "written"
    folder.mkdir()
    corpus.write(file, "csv", corpus.people(1_000))

    peers.write(file, folder)

    assert peers.written(folder) == 1_000
    assert (folder / "rejects.jsonl").read_text().count("\n") == 2


def test_rows_of_dlt_count_and_its_own_tables_do_not(tmp_path: Path) -> None:
    for name, lines in (("people", b"{}\n{}\n"), ("_dlt_loads", b"{}\n")):
        (tmp_path / "people" / name).mkdir(parents=True)
        (tmp_path / "people" / name / "1.jsonl.gz").write_bytes(gzip.compress(lines))

    assert peers.written(tmp_path) == 2


def test_rows_of_csv_count_without_the_header(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text('a,b\n1,"two\nlines"\n3,4\n')

    assert peers.written(tmp_path) == 2
