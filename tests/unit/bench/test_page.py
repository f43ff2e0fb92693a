"""The page on performance holds the figures of one run, and its chart draws the same."""

from __future__ import annotations

from bench import chart, page
from bench.figures import Figure, Results, merged, table


def results(**changes: object) -> Results:
    """What a run may have found."""
    figures = [
        Figure("chunker", "ours; ten columns", 150_000.4, "rows/s", wall=2.5, processor=1.25),
        Figure("chunker", "csv.reader alone", 1_400_000.0, "rows/s", note="one thread"),
        Figure("chunker", "ours by csv.reader", 0.11, "times", target=0.08),
        Figure("import", "import, 1,000 rows at 0 ms", 9.04, "s", wall=9.04),
        Figure("import", "import by floor", 2.5, "times", target=2.0, holds="at most"),
        Figure("import", "memory", None, "MB", target=256, holds="at most"),
    ]
    members = {
        "machine": "2-core",
        "python": "3.13.1",
        "measured_on": "2026-01-01",
        "measured": {"chunker": "2026-01-01, at a load of 0.5 when it began"},
    }
    return Results(**{**members, "figures": figures, "left_out": {"webhook": "none"}, **changes})  # type: ignore[arg-type]


def test_the_page_and_the_chart_are_those_of_the_kept_figures() -> None:
    kept = page.read(page.FIGURES)

    assert page.rewritten(page.PAGE.read_text(encoding="utf-8"), kept) == page.PAGE.read_text(
        encoding="utf-8"
    )
    assert page.CHART.read_text(encoding="utf-8") == chart.drawn(kept)


def test_a_table_stands_where_its_row_is_named_and_says_what_was_missed() -> None:
    text = (
        "a\n<!-- bench: chunker -->\nold\n<!-- /bench -->\n<!-- bench: import -->\n<!-- /bench -->"
    )

    new = page.rewritten(text, results())

    assert "old" not in new
    assert "| ours; ten columns | 150,000 rows/s |  | 2.50 / 1.25 |  |" in new
    assert "| ours by csv.reader | 0.11 times | ≥ 0.0800 |  |  |" in new
    assert "| import, 1,000 rows at 0 ms | 9.04 s |  | 9.04 / not measured |  |" in new
    assert "| import by floor | 2.50 times | ≤ 2.00 **missed** |  |  |" in new


def test_each_table_names_its_command_and_its_machine() -> None:
    new = page.rewritten("<!-- bench: chunker -->\n<!-- /bench -->", results())

    assert '`make bench ROWS="chunker"` on a 2-core, Python 3.13.1: 2026-01-01, at a load' in new


def test_memory_not_measured_is_neither_met_nor_missed() -> None:
    new = page.rewritten("<!-- bench: import -->\n<!-- /bench -->", results())

    assert "| memory | not measured: this system does not report it | ≤ 256 |  |  |" in new


def test_a_row_that_was_not_measured_says_why() -> None:
    text = "<!-- bench: webhook -->\n<!-- /bench -->"

    assert "Not measured on this machine: none." in page.rewritten(text, results())


def test_the_head_of_the_page_counts_the_targets_and_names_those_missed() -> None:
    new = page.rewritten("<!-- bench: machine -->\n<!-- /bench -->", results())

    assert "1 targets met, 1 missed" in new
    assert "* missed: import by floor" in new


def test_rows_measured_again_replace_their_old_figures_and_no_others() -> None:
    again = results(figures=[Figure("import", "faster", 1.0, "s")])

    found = merged(results(), again).figures

    assert [figure.what for figure in found] == [
        "ours; ten columns",
        "csv.reader alone",
        "ours by csv.reader",
        "faster",
    ]


def test_rows_of_another_machine_are_not_mixed_in() -> None:
    again = results(machine="64-core", figures=[Figure("cost", "a row", 1.0, "$")], left_out={})

    assert merged(results(), again) == again


def test_what_an_earlier_run_measured_is_not_left_out_by_one_that_cannot() -> None:
    again = results(figures=[], left_out={"chunker": "none here", "imports": "none either"})

    found = merged(results(), again)

    assert found.left_out == {"webhook": "none", "imports": "none either"}
    assert len(found.of("chunker")) == 3


def test_a_plain_table_is_aligned_and_tells_missed_from_met() -> None:
    first, second, third, _, missed, unmeasured = table(results().figures)

    assert "150,000 rows/s" in first
    assert second.index("1,400,000") == first.index("150,000")
    assert third.endswith("≥ 0.0800 times: met")
    assert missed.endswith("≤ 2.00 times: MISSED")
    assert unmeasured.endswith("≤ 256 MB: not measured")
