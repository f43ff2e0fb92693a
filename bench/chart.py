"""The chart of docs/performance.md: bars as SVG, written from the figures of a run."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from bench.figures import Figure, Results, amount

WIDTH, LEFT, RIGHT = 820, 310, 130
BAR, GAP, HEAD = 20, 6, 44
OURS, THEIRS, INK, PAPER = "#1f6feb", "#8c959f", "#24292f", "#ffffff"
STYLE = f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}"'


class Bar(NamedTuple):
    """One bar: its text, its length in `unit`, and whether it is ours."""

    text: str
    value: float
    unit: str
    ours: bool


def drawn(results: Results) -> str:
    """The SVG of both panels; a panel without figures is left out."""
    panels = [
        ("Rows a second on one core, file to records (longer is better)", _speeds(results)),
        ("Seconds of a whole import and of its floor (shorter is better)", _imports(results)),
    ]
    lines, top = list[str](), 0
    for title, bars in panels:
        if bars:
            lines += _panel(title, bars, top)
            top += HEAD + len(bars) * (BAR + GAP) + GAP
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img">'
    paper = f'<rect width="{WIDTH}" height="{top}" fill="{PAPER}"/>'
    return "\n".join([frame, "<title>Performance of Prefdrop</title>", paper, *lines, "</svg>", ""])


def _speeds(results: Results) -> list[Bar]:
    return [
        Bar(_short(figure.what), figure.value, figure.unit, ours=index == 0)
        for index, figure in enumerate(results.of("chunker"))
        if figure.value is not None and figure.unit == "rows/s"
    ]


def _imports(results: Results) -> list[Bar]:
    return [
        Bar(_short(figure.what), figure.value, figure.unit, ours=not _is_floor(figure))
        for figure in results.of("import")
        if figure.value is not None and figure.unit == "s"
    ]


def _is_floor(figure: Figure) -> bool:
    return figure.what.startswith("floor")


def _short(what: str) -> str:
    """What fits before a bar."""
    return what.partition(":")[0].partition(";")[0]


def _panel(title: str, bars: list[Bar], top: int) -> Iterator[str]:
    yield f'<text x="12" y="{top + 28}" {STYLE} font-weight="600">{escape(title)}</text>'
    longest = max(bar.value for bar in bars)
    for index, bar in enumerate(bars):
        y = top + HEAD + index * (BAR + GAP)
        length = bar.value / longest * (WIDTH - LEFT - RIGHT)
        middle = y + BAR * 0.72
        said = f"{amount(bar.value)} {bar.unit}"
        colour = OURS if bar.ours else THEIRS
        left = f'x="{LEFT - 8}" y="{middle:.1f}" text-anchor="end"'
        yield f"<text {left} {STYLE}>{escape(bar.text)}</text>"
        yield f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>'
        yield f'<text x="{LEFT + length + 8:.1f}" y="{middle:.1f}" {STYLE}>{said}</text>'
