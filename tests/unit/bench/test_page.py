"""The page on performance holds the figures of one run, and its chart draws the same."""

from __future__ import annotations

from bench import chart, page
from bench.figures import Figure, Results, merged, table


def results(**changes: object) -> Results:
    """What a run may have found."""
    figures = [
        Figure("chunker", "ours; ten columns", 150_000.4, "rows/s", target=150_000),
        Figure("chunker", "csv.reader alone", 1_400_000.0, "rows/s", note="ours: 0.11 times"),
        Figure("import", "import, 1,000 rows at 0 ms", 9.04, "s", target=8.0, holds="at most"),
    ]
    members = {"machine": "2-core", "python": "3.13.1", "measured_on": "2026-01-01"}
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
    assert "| ours; ten columns | 150,000 rows/s | ≥ 150,000 |  |" in new
    assert "| import, 1,000 rows at 0 ms | 9.04 s | ≤ 8.00 **missed** |  |" in new


def test_a_row_that_was_not_measured_says_why() -> None:
    text = "<!-- bench: webhook -->\n<!-- /bench -->"

    assert "Not measured on this machine: none." in page.rewritten(text, results())


def test_the_head_of_the_page_counts_the_targets_and_names_those_missed() -> None:
    new = page.rewritten("<!-- bench: machine -->\n<!-- /bench -->", results())

    assert "1 targets met, 1 missed" in new
    assert "* missed: import, 1,000 rows at 0 ms" in new


def test_rows_measured_again_replace_their_old_figures_and_no_others() -> None:
    again = results(figures=[Figure("import", "faster", 1.0, "s")])

    found = merged(results(), again).figures

    assert [figure.what for figure in found] == ["ours; ten columns", "csv.reader alone", "faster"]


def test_rows_of_another_machine_are_not_mixed_in() -> None:
    again = results(machine="64-core", figures=[Figure("cost", "a row", 1.0, "$")], left_out={})

    assert merged(results(), again) == again


def test_what_an_earlier_run_measured_is_not_left_out_by_one_that_cannot() -> None:
    again = results(figures=[], left_out={"chunker": "none here", "imports": "none either"})

    found = merged(results(), again)

    assert found.left_out == {"webhook": "none", "imports": "none either"}
    assert len(found.of("chunker")) == 2


def test_a_plain_table_is_aligned_and_tells_missed_from_met() -> None:
    first, second, _, third = table(results().figures)

    assert first.endswith("150,000 rows/s  ≥ 150,000 rows/s: met")
    assert second.index("rows/s") == first.index("rows/s")
    assert third.rstrip().endswith("≤ 8.00 s: MISSED")
