"""Other tools that read a csv file and write what it holds, beside Prefdrop on the same file.

    python -m bench peers

Each runs as its users run it: a command, from its start to its end. `make bench` installs them into
an environment of their own, since their pins are not ours.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from bench import chunker
from bench.contest import Contest, Way
from bench.figures import Figure, Skipped
from bench.plan import Plan
from bench.processes import ROOT, Run, command

COUNT = 20_000
BIN = ROOT / ".venv-peers/bin"
PROBE = Path(__file__).parent / "probes/dlt_probe.py"
TITLES = {
    "prefdrop": "Prefdrop: bodies and rejects as files",
    "dlt": "dlt, csv to jsonl files, typed",
    "singer": "Singer: tap-spreadsheets into target-csv",
}
WITHOUT_TELEMETRY = {"RUNTIME__DLTHUB_TELEMETRY": "false"}


def rows(plan: Plan) -> Iterator[Figure]:
    """Rows a second of each tool, how Prefdrop compares, and the memory that each takes."""
    if not BIN.exists():
        raise Skipped("the other tools are not installed (`make bench` installs them)")
    file, folder = plan.people(COUNT), plan.folder / "peers"
    tools = {"prefdrop": _prefdrop, "dlt": _dlt, "singer": _singer}
    ways: dict[str, Way] = {name: partial(_run, tool, file, folder) for name, tool in tools.items()}
    found = Contest("peers", ways, COUNT, by="processor")
    for name, title in TITLES.items():
        yield found.speed(name, title)
        yield Figure("peers", f"memory of {name}", found.megabytes(name), "MB")
    for name in [*TITLES][1:]:
        yield found.ratio(name, "prefdrop", f"Prefdrop's speed, divided by that of {name}")


def _run(tool: Callable[[Path, Path], list[str]], file: Path, folder: Path, _turn: int) -> Run:
    """Run one tool into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    words, log = tool(file, folder), folder / "log"
    environment = os.environ | WITHOUT_TELEMETRY
    with log.open("wb") as printed:
        try:
            return command(
                words, partial(written, folder),
                cwd=ROOT, env=environment, stdout=printed, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except subprocess.CalledProcessError:
            print(log.read_text(encoding="utf-8", errors="replace")[-2_000:], file=sys.stderr)
            raise


def _prefdrop(file: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "bench.peers", str(file), str(folder)]


def _dlt(file: Path, folder: Path) -> list[str]:
    return [str(BIN / "python"), str(PROBE), str(file), str(folder)]


def _singer(file: Path, folder: Path) -> list[str]:
    tap, target = folder / "tap.json", folder / "target.json"
    given = {"path": str(file), "format": "csv", "table_name": "people", "primary_keys": ["crm_id"]}
    tap.write_text(json.dumps({"files": [given]}))
    target.write_text(json.dumps({"output_path": str(folder)}))
    pipe = '"$0" --config "$1" | "$2" --config "$3"'
    words = [str(BIN / "tap-spreadsheets"), str(tap), str(BIN / "target-csv"), str(target)]
    return ["bash", "-o", "pipefail", "-c", pipe, *words]


def written(folder: Path) -> int:
    """Return the rows that a tool has written: lines of JSON or csv, and records of bodies."""
    bodies = (json.loads(path.read_bytes()) for path in folder.glob("body-*"))
    rows = sum(len(records) for body in bodies for records in body.values())
    # dlt's own tables and its state are in folders beside the table's.
    for path in [*folder.glob("*.jsonl"), *folder.glob("people/people/*.jsonl.gz")]:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as lines:
            rows += sum(1 for _ in lines)
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows += sum(1 for _ in csv.reader(file)) - 1
    return rows


def write(file: Path, folder: Path) -> None:
    """Write the bodies that Prefdrop would send, and the rows that it rejects, with the reason."""
    with (folder / "rejects.jsonl").open("wb") as rejects:
        for number, chunk in enumerate(chunker.chunks(file)):
            (folder / f"body-{number:06}").write_bytes(chunk.body)
            rejects.writelines(msgspec.json.encode(reject) + b"\n" for reject in chunk.rejects)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
