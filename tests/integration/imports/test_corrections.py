"""The rejected rows of a held import can be corrected and staged into the same import."""

from __future__ import annotations

from pathlib import Path

from tests.integration.imports.test_gates import HOLDING, TWO_WRONG, _when_held
from tests.workbench import Workbench, people


def _hold(bench: Workbench, tmp_path: Path, file: str = TWO_WRONG) -> tuple[str, str, Path]:
    """A held import: its object version, its id, and its rejects file."""
    bench.push_feed(HOLDING, "held")
    version = bench.drop(file, feed="held")
    held = _when_held(bench, version)
    rejects = tmp_path / "rejects.csv"
    rejects.write_bytes(bench.read(held["rejects_key"]))
    return version, held["import_id"], rejects


def test_corrected_rows_go_into_the_same_import(bench: Workbench, tmp_path: Path) -> None:
    version, import_id, rejects = _hold(bench, tmp_path)
    text = rejects.read_text().replace("no-address", "i9@example.test").replace(",?,", ",N,")
    rejects.write_text(text)

    said = bench.prefdrop("imports", "approve", import_id, "--with", str(rejects))

    assert said.returncode == 0, said.stderr
    report = bench.report_of(version)
    assert (report["rows_read"], report["restaged"], report["rejected_local"]) == (10, 2, 2)
    assert (report["staged"], report["processed"], report["reconciled"]) == (10, 10, True)
    assert report["status"] == "Completed"
    assert len(bench.profiles()) == 10
    assert len(bench.requests_to("import.initiate")) == 1
    assert bench.rejects(report) == []


def test_a_row_that_is_still_wrong_is_rejected_under_its_own_number(
    bench: Workbench, tmp_path: Path
) -> None:
    version, import_id, rejects = _hold(bench, tmp_path)
    rejects.write_text(
        rejects.read_text().replace("no-address", "still-none").replace(",?,", ",Y,")
    )

    bench.prefdrop("imports", "approve", import_id, "--with", str(rejects))

    report = bench.report_of(version)
    assert [(r["_row"], r["email"]) for r in bench.rejects(report)] == [("9", "still-none")]
    assert (report["processed"], report["reconciled"]) == (9, True)


def test_a_row_that_was_not_corrected_stays_a_reject(bench: Workbench, tmp_path: Path) -> None:
    version, import_id, rejects = _hold(bench, tmp_path)
    lines = rejects.read_text().replace("no-address", "i9@example.test").splitlines(keepends=True)
    rejects.write_text("".join(lines[:2]))

    bench.prefdrop("imports", "approve", import_id, "--with", str(rejects))

    report = bench.report_of(version)
    assert [r["_row"] for r in bench.rejects(report)] == ["10"]
    assert (report["processed"], report["status"]) == (9, "CompletedWithRejects")


def test_a_file_that_holds_rows_which_were_not_rejected_is_refused_and_the_hold_goes_on(
    bench: Workbench, tmp_path: Path
) -> None:
    version, import_id, _ = _hold(bench, tmp_path)
    whole = tmp_path / "whole.csv"
    whole.write_text(people(10))

    said = bench.prefdrop("imports", "approve", import_id, "--with", str(whole))

    assert said.returncode == 2
    assert "that was rejected" in said.stderr
    assert bench.import_of(version)["status"] == "Held"
    bench.prefdrop("imports", "cancel", import_id)
    assert bench.report_of(version)["status"] == "Aborted"
