"""A picture of where an import's records went, as one inline SVG.

The stream runs downwards, from the rows that were read to the records that were processed; what
did not make it leaves to the right, at the stage where it was lost. Widths stand for counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

WIDTH, LEFT, STREAM = 360, 4, 130
"""The picture's width, where the stream begins, and how wide it is where all rows are in it."""
BAR, GAP = 30, 52
"""Heights of a level and of the way to the next."""
THINNEST = 2.0
"""Something that is there is seen, however little it is."""
TEXT_AT = LEFT + STREAM + 22


NOT_EXECUTED = "not executed"
"""Such records are not lost: they wait, or nobody wanted them."""


class Level(NamedTuple):
    """How many records came this far, and what of them went no further."""

    name: str
    records: int
    lost: tuple[tuple[str, int], ...]


def levels_of(report: Mapping[str, int]) -> list[Level]:
    """The levels of the stream, from the counts of a report."""
    return [
        Level(
            "read",
            report["rows_read"] + report["restaged"],
            (("rejected before staging", report["rejected_local"]),),
        ),
        Level(
            "staged",
            report["staged"],
            (("refused by validation", report["rejected_validation"]),),
        ),
        Level(
            "valid",
            report["validation_ok"],
            (
                ("refused in execution", report["rejected_execution"]),
                ("not honoured", report["not_honored"]),
                (NOT_EXECUTED, report["pending"]),
            ),
        ),
        Level("processed", report["processed"], ()),
    ]


def draw(report: Mapping[str, int]) -> str:
    """The picture as SVG, with a text for those who cannot see it; empty when nothing was read."""
    levels = levels_of(report)
    whole = max(level.records for level in levels)
    if not whole:
        return ""
    widths = [_width(level.records, whole) for level in levels]
    parts, top = [], 6.0
    for place, level in enumerate(levels):
        parts.append(_level(level, widths[place], top))
        if place + 1 < len(levels):
            below = top + BAR + _gap(level)
            parts.append(_way(widths[place], widths[place + 1], top + BAR, below))
            parts += _losses(level, whole, widths[place], top + BAR)
            top = below
    said = escape("; ".join(_said(level) for level in levels))
    height = top + BAR + 6
    return (
        f'<svg class="flow" viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{said}">'
        + "".join(parts)
        + "</svg>"
    )


def _width(count: int, whole: int) -> float:
    return max(THINNEST, STREAM * count / whole) if count else 0.0


def _gap(level: Level) -> int:
    return GAP + 18 * max(0, len([1 for _, count in level.lost if count]) - 1)


def _level(level: Level, width: float, top: float) -> str:
    return (
        f'<rect class="stream" x="{LEFT}" y="{top:g}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        f'<text x="{TEXT_AT}" y="{top + 20:g}"><tspan class="count">{level.records:,}</tspan>'
        f" {escape(level.name)}</text>"
    )


def _way(above: float, below: float, top: float, bottom: float) -> str:
    """The stream between two levels: it narrows by what leaves it."""
    right, after = LEFT + above, LEFT + below
    bend = (top + bottom) / 2
    return (
        f'<path class="way" d="M{LEFT} {top:g}H{right:.1f}C{right:.1f} {bend:g} {after:.1f} '
        f'{bend:g} {after:.1f} {bottom:g}H{LEFT}Z"/>'
    )


def _losses(level: Level, whole: int, width: float, top: float) -> list[str]:
    drawn = []
    for place, (name, count) in enumerate((n, c) for n, c in level.lost if c):
        y = top + 24 + 18 * place
        thick = min(14.0, max(THINNEST, STREAM * count / whole))
        start = LEFT + max(0.0, width - thick / 2)
        kind = "waits" if name == NOT_EXECUTED else "loss"
        drawn.append(
            f'<path class="{kind}" style="stroke-width:{thick:.1f}" d="M{start:.1f} {top:g}'
            f'C{start:.1f} {y:g} {start + 10:.1f} {y:g} {TEXT_AT - 6} {y:g}"/>'
            f'<text class="lost" x="{TEXT_AT}" y="{y + 4:g}"><tspan class="count">{count:,}'
            f"</tspan> {escape(name)}</text>"
        )
    return drawn


def _said(level: Level) -> str:
    lost = [f"{count:,} {name}" for name, count in level.lost if count]
    return f"{level.records:,} {level.name}" + (f", of them {', '.join(lost)}" if lost else "")
