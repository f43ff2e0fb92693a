"""Coverage of the library by package, against its bars: `python -m tools.coverage_table REPORT`.

It reads the JSON report of coverage.py, prints a table, and writes that into CONTRIBUTING.md when
no package is below its bar. "Reached" counts lines and branches together.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
OPENING, CLOSING = "<!-- coverage -->\n", "<!-- /coverage -->"

GUARDS_DATA = frozenset({"auditing", "feeds", "importing", "ledger"})
BAR, LOWER_BAR = 95, 90
TOP = "modules beside the packages"

Packages = Mapping[str, Counter[str]]


def main(report: Path) -> int:
    """Print the table; 1 when a package is below its bar."""
    packages = by_package(json.loads(report.read_text("utf-8")))
    lines = list(table(packages))
    print("\n".join(lines))
    low = [name for name, counts in packages.items() if reached(counts) < bar(name)]
    for name in low:
        print(f"{name} is below {bar(name)} %: add tests; the report lists the lines.")
    if not low:
        PAGE.write_text(placed(PAGE.read_text("utf-8"), lines), "utf-8")
    return int(bool(low))


def by_package(report: Mapping[str, Any]) -> Packages:
    """Add up the report's files by the package of the library that they are in."""
    packages: dict[str, Counter[str]] = {}
    for file, found in report["files"].items():
        inside = PurePosixPath(file).parts[PurePosixPath(file).parts.index("prefdrop", 2) + 1 :]
        package = inside[0] if len(inside) > 1 else TOP
        packages.setdefault(package, Counter()).update(
            {name: n for name, n in found["summary"].items() if isinstance(n, int)}
        )
    return dict(sorted(packages.items(), key=lambda entry: (-bar(entry[0]), entry[0])))


def reached(counts: Counter[str]) -> float:
    """Return the percentage of lines and branches that the tests reach."""
    return _percent(
        counts["covered_lines"] + counts["covered_branches"],
        counts["num_statements"] + counts["num_branches"],
    )


def bar(package: str) -> int:
    """Return the least percentage of a package."""
    return BAR if package in GUARDS_DATA else LOWER_BAR


def table(packages: Packages) -> Iterator[str]:
    """Yield the lines of a markdown table; percentages are rounded down."""
    yield "| package | lines | branches | reached | at least |"
    yield "|---|---|---|---|---|"
    for package, counts in packages.items():
        lines = _percent(counts["covered_lines"], counts["num_statements"])
        branches = _percent(counts["covered_branches"], counts["num_branches"])
        figures = (lines, branches, reached(counts), bar(package))
        yield " | ".join([f"| {package}", *(f"{int(figure)} %" for figure in figures)]) + " |"


def placed(page: str, lines: list[str]) -> str:
    """Return the page with the table between its marks."""
    before, _, rest = page.partition(OPENING)
    _, mark, after = rest.partition(CLOSING)
    if not mark:
        raise ValueError(f"{PAGE.name} has no place for the table: add {OPENING}{CLOSING}")
    return "\n".join([before + OPENING.rstrip(), *lines, CLOSING]) + after


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
