"""What SAM makes of each `--parameter-overrides` that the pages show, by SAM's own parser.

    python -m tools.shown_overrides TEMPLATE PAGE ...

Runs in the environment of the SAM CLI. Exits 1 and prints one line for each that does not reach
the parameter as it is written, or that the parameter refuses.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

OPTION = "--parameter-overrides"

Parse = Callable[[tuple[str, ...]], dict[str, str]]
"""SAM's parser: the words behind the option, as the shell passes them on, to values by name."""


def faults(text: str, parameters: dict[str, Any], parse: Parse) -> list[str]:
    """Say what is wrong with the overrides of a page, given the template's parameters."""
    return [fault for words in shown(text) for fault in _of_command(words, parameters, parse)]


def shown(text: str) -> Iterator[tuple[str, ...]]:
    """The words behind each option on a page, in blocks and in sentences."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.M | re.S)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for command in (*lines, *re.findall(r"`([^`\n]+)`", prose)):
        if OPTION in command:
            words = shlex.split(command)
            behind = words[words.index(OPTION) + 1 :]
            ends = (place for place, word in enumerate(behind) if word.startswith("--"))
            yield tuple(behind[: next(ends, len(behind))])


def _of_command(words: tuple[str, ...], parameters: dict[str, Any], parse: Parse) -> Iterator[str]:
    try:
        values = parse(words)
    except Exception as error:  # whatever the parser of that day raises
        yield f"{' '.join(words)}: SAM refuses it: {error}"
        return
    if not words or len(values) != len(words):
        yield f"{' '.join(words)}: SAM reads {len(values)} values of {len(words)} words"
    for name, value in values.items():
        if name not in parameters:
            yield f"{name}={value}: the template has no such parameter"
        elif not _takes(parameters[name], value):
            yield f"{name}={value}: the parameter does not take what SAM reads"


def _takes(parameter: dict[str, Any], value: str) -> bool:
    if parameter["Type"] == "Number":
        lowest, highest = (parameter.get(key) for key in ("MinValue", "MaxValue"))
        number = float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else None
        return number is not None and (
            (lowest is None or number >= lowest) and (highest is None or number <= highest)
        )
    return (
        re.fullmatch(parameter.get("AllowedPattern", ".*"), value) is not None
        and value in parameter.get("AllowedValues", (value,))
        and len(value) <= parameter.get("MaxLength", len(value))
        and (not value.startswith("{") or _is_json(value))
    )


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def main(template: str, *pages: str) -> int:
    """Run from the command line."""
    from samcli.cli.types import CfnParameterOverridesType  # type: ignore[import-not-found]
    from samtranslator.yaml_helper import yaml_parse

    parameters = yaml_parse(Path(template).read_text(encoding="utf-8"))["Parameters"]
    sam = CfnParameterOverridesType()
    texts = {page: Path(page).read_text(encoding="utf-8") for page in pages}
    found = [
        f"{page}: {fault}"
        for page, text in texts.items()
        for fault in faults(text, parameters, lambda words: sam.convert(words, None, None))
    ]
    if not any(OPTION in text for text in texts.values()):
        found.append(f"no page shows {OPTION}")
    print("\n".join(found) or f"{OPTION}: SAM reads what the pages show", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
