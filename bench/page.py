"""docs/performance.md and its chart, from the figures of a run: `python -m bench.page`.

Tables are between `<!-- bench: ROW … -->` and `<!-- /bench -->`; everything else on the page is
written by hand, and says nothing that a further run could make wrong.
"""

from __future__ import annotations

import re

from bench import chart
from bench.figures import Figure, Results, amount, read
from bench.processes import ROOT

FIGURES = ROOT / "docs/performance.json"
PAGE = ROOT / "docs/performance.md"
CHART = ROOT / "docs/images/performance.svg"

NOT_YET = "run the command to measure it"
_BLOCK = re.compile(r"(<!-- bench: ([a-z ]+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def renew(results: Results) -> None:
    """Write the page's tables and its chart again."""
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    CHART.write_text(chart.drawn(results), encoding="utf-8")


def rewritten(page: str, results: Results) -> str:
    """The page with the tables of these results."""
    return _BLOCK.sub(lambda found: found[1] + _block(found[2].split(), results) + found[3], page)


def _block(names: list[str], results: Results) -> str:
    if names == ["machine"]:
        return _machine(results)
    figures = [figure for name in names for figure in results.of(name)]
    if not figures:
        why = "; ".join(dict.fromkeys(results.left_out.get(name, NOT_YET) for name in names))
        return f"Not measured on this machine: {why}.\n"
    lines = [
        "| | | target | wall / processor, s | |",
        "|---|---|---|---|---|",
        *map(_line, figures),
    ]
    when = "; ".join(dict.fromkeys(results.measured.get(name, "") for name in names))
    command = f'make bench ROWS="{" ".join(names)}"'
    lines += ["", f"`{command}` on a {results.machine}, Python {results.python}: {when}."]
    return "\n".join(lines) + "\n"


def _machine(results: Results) -> str:
    missed = [figure.what for figure in results.figures if figure.met is False]
    kept = sum(figure.met is True for figure in results.figures)
    lines = [
        f"Last measured on {results.measured_on} on a {results.machine}, Python {results.python}: "
        f"{kept} targets met, {len(missed)} missed.",
        *(f"* missed: {what}" for what in missed),
    ]
    return "\n".join(lines) + "\n"


def _line(figure: Figure) -> str:
    target = ""
    if figure.target is not None:
        sign = "≥" if figure.holds == "at least" else "≤"
        target = f"{sign} {amount(figure.target)}{' **missed**' if figure.met is False else ''}"
    cells = (figure.what, figure.shown, target, figure.seconds, figure.note)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    renew(read(FIGURES))
