"""One program for every figure: `python -m bench [--quick] [ROW …]`.

Without names all rows are measured. `make bench` writes what it finds into docs/performance.md;
`make bench-quick` takes less than two minutes, and names what it leaves out.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from bench import page
from bench.figures import Results, Skipped, here, merged, read, table, write
from bench.plan import Plan
from bench.processes import ROOT

ROWS = {
    "chunker": "bench.chunker:rows",
    "fill": "bench.chunker:fill",
    "peers": "bench.peers:rows",
    "memory": "bench.memory:rows",
    "import": "bench.whole:rows",
    "exceptions": "bench.exceptions:rows",
    "rejects": "bench.rejects:rows",
    "exports": "bench.exports:rows",
    "webhook": "bench.webhook:rows",
    "imports": "bench.imports:rows",
    "stack": "bench.stack_start:rows",
    "cost": "bench.costs:rows",
}
SLOW = {
    "peers": "the other tools are installed by `make bench`, into an environment of their own",
    "webhook": "its function is built, and runs in a container",
    "imports": "the functions are built, and run in containers",
    "stack": "it is started five times",
}
"""Rows that the quick bench leaves out, with what takes so long."""
SMALLER = (
    "Measured with smaller files than `make bench` does: imports and exports at no latency of the "
    "vendor and in one format, with targets for that size."
)


def main() -> int:
    """Measure, print and keep; 1 if a target is missed or a row failed."""
    arguments = _arguments()
    results = here(quick=arguments.quick)
    before = read(arguments.json) if arguments.json and arguments.json.exists() else None
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(Path(folder), quick=arguments.quick)
        print(f"{results.machine}; Python {results.python}; {results.measured_on}", flush=True)
        for name in arguments.rows or ROWS:
            _measure(name, plan, results, asked=bool(arguments.rows))
            _keep(arguments, results, before)
    for name, why in results.left_out.items():
        print(f"\nLeft out: {name}: {why}.")
    if arguments.quick:
        print(f"\n{SMALLER}")
    failed = any("failed with" in why for why in results.left_out.values())
    return int(failed or any(figure.met is False for figure in results.figures))


def _keep(arguments: argparse.Namespace, results: Results, before: Results | None) -> None:
    """Write down what is measured so far, so that a run that is stopped is not for nothing."""
    if not arguments.json:
        return
    kept = results if arguments.quick or before is None else merged(before, results)
    write(arguments.json, kept)
    if arguments.page:
        page.renew(kept)


def _measure(name: str, plan: Plan, results: Results, *, asked: bool) -> None:
    """Print one row's figures and add them to the results."""
    if plan.quick and name in SLOW and not asked:
        results.left_out[name] = SLOW[name]
        return
    module, _, function = ROWS[name].partition(":")
    print(f"\n{name}", flush=True)
    begin, load = time.monotonic(), os.getloadavg()[0]
    try:
        figures = list(getattr(importlib.import_module(module), function)(plan))
    except Skipped as why:
        results.left_out[name] = str(why)
        print("left out", flush=True)
        return
    except Exception as error:
        traceback.print_exc()
        results.left_out[name] = f"it failed with {type(error).__name__}"
        return
    results.figures += figures
    results.measured[name] = f"{results.measured_on}, at a load of {load:.1f} when it began"
    print("\n".join(table(figures)))
    print(f"({time.monotonic() - begin:.0f} s)", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="smaller files, and fewer rows")
    parser.add_argument("--json", type=Path, help="file to keep the figures in, beside those there")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md from it")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - ROWS.keys():
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
