"""Coverage is compared with its bar package by package."""

from __future__ import annotations

import json

import pytest

from tools import coverage_table


def report(**covered: int) -> dict[str, object]:
    """A report in which each package has 80 lines and 20 branches, and covers so many lines."""
    return {
        "files": {
            f"layers/prefdrop/prefdrop/{name}/file.py": {
                "summary": {
                    "covered_lines": lines,
                    "num_statements": 80,
                    "covered_branches": 20,
                    "num_branches": 20,
                    "percent_covered": 12.5,
                }
            }
            for name, lines in covered.items()
        }
    }


@pytest.fixture
def page(tmp_path, monkeypatch):
    file = tmp_path / "CONTRIBUTING.md"
    file.write_text("# Before\n<!-- coverage -->\nold\n<!-- /coverage -->\nafter\n")
    monkeypatch.setattr(coverage_table, "PAGE", file)
    return file


def run(tmp_path, found) -> int:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(found))
    return coverage_table.main(file)


def test_packages_at_their_bars_pass_and_are_written(tmp_path, page):
    assert run(tmp_path, report(exporting=70, ledger=75)) == 0
    assert page.read_text() == (
        "# Before\n<!-- coverage -->\n"
        "| package | lines | branches | reached | at least |\n|---|---|---|---|---|\n"
        "| ledger | 93 % | 100 % | 95 % | 95 % |\n"
        "| exporting | 87 % | 100 % | 90 % | 90 % |\n"
        "<!-- /coverage -->\nafter\n"
    )


@pytest.mark.parametrize("low", [{"ledger": 74}, {"exporting": 69}])
def test_package_below_its_bar_fails_and_writes_nothing(tmp_path, page, capsys, low):
    assert run(tmp_path, report(feeds=80, **low)) == 1
    assert f"{next(iter(low))} is below" in capsys.readouterr().out
    assert "old" in page.read_text()


def test_modules_beside_the_packages_are_one_row():
    found = report(feeds=80)
    found["files"]["layers/prefdrop/prefdrop/bus.py"] = {"summary": {"num_statements": 3}}

    assert list(coverage_table.by_package(found)) == ["feeds", coverage_table.TOP]


def test_page_without_its_marks_is_refused():
    with pytest.raises(ValueError, match="no place"):
        coverage_table.placed("# Before\n", [])
