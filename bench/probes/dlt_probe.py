"""Runs in the environment of the other tools: dlt reads a csv file and writes lines of JSON.

python dlt_probe.py FILE FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import dlt
from dlt.sources.filesystem import readers


def main(file: Path, folder: Path) -> None:
    """Run a pipeline as dlt's own documentation shows it."""
    pipeline = dlt.pipeline(
        "people",
        destination=dlt.destinations.filesystem(bucket_url=folder.as_uri()),
        dataset_name="people",
        pipelines_dir=str(folder / "state"),
    )
    rows = readers(bucket_url=file.parent.as_uri(), file_glob=file.name).read_csv()
    pipeline.run(rows.with_name("people"), loader_file_format="jsonl")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
