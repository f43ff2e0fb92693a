"""Lint what SAM makes of the template: `python -m tools.lint_template TEMPLATE [--out FILE]`.

Exits 1 and prints one line for each fault. `sam validate --lint` sees the template as written; this
one sees generated roles, permissions, circular dependencies and the state machines.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from prefdrop_local.stack.translation import TemplateError
from tools import state_machine
from tools.translation import Template, translate


def faults(path: Path, region: str, out: Path | None = None) -> list[str]:
    """Translate the template at `path` and say what is wrong with the result, line by line.

    The result is left at `out` for a person to read.
    """
    try:
        translated = translate(path)
    except TemplateError as error:
        return [str(error)]
    text = json.dumps(translated, indent=1)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    return [*_cloudformation(text, region), *_state_machines(translated)]


def _cloudformation(text: str, region: str) -> list[str]:
    matches = lint(text, config=ManualArgs(regions=[region]))
    return [
        f"{match.rule.id} {'/'.join(str(part) for part in match.path or ())}: {match.message}"
        for match in matches
    ]


def _state_machines(translated: Template) -> list[str]:
    return [
        f"{name}: {fault}"
        for name, resource in translated["Resources"].items()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
        for fault in state_machine.faults(
            resource["Properties"]["Definition"],
            set(resource["Properties"].get("DefinitionSubstitutions", ())),
        )
    ]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("template", type=Path)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--out", type=Path, help="where the translated template is left")
    arguments = parser.parse_args()
    found = faults(arguments.template, arguments.region, arguments.out)
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print(f"{arguments.template}: clean, and clean after SAM's transform")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
