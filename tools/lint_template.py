"""Lint what SAM makes of the template: `python -m tools.lint_template TEMPLATE [--out FILE]`.

Exits 1 and prints one line for each fault. `sam validate --lint` sees the template as written; this
one sees generated resources, permissions, circular dependencies and the state machines. `--checkov`
and `--parliament` name the programs that look at the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from prefdrop_local.stack.translation import TemplateError
from tools import dead_letters, policy_scan, security_scan, state_machine
from tools.translation import Template, translate


def faults(
    path: Path,
    region: str,
    *,
    out: Path | None = None,
    checkov: Path | None = None,
    parliament: Path | None = None,
) -> list[str]:
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
    return [
        *_partitions(path),
        *_silenced(translated),
        *_cloudformation(text, region),
        *_state_machines(translated),
        *dead_letters.faults(translated),
        *(_security(path, translated, checkov) if checkov else ()),
        *(_policies(translated, parliament) if parliament else ()),
    ]


def _silenced(translated: Template) -> list[str]:
    """Where the template tells a linter to look away; waivers of checkov are compared there."""
    places = {"the template": translated, **translated["Resources"]}
    return [
        f"{place} switches checks of {linter} off in its metadata"
        for place, one in places.items()
        for linter in ("cfn-lint", "cfn_nag")
        if linter in one.get("Metadata", {})
    ]


def _partitions(path: Path) -> list[str]:
    """Where the template or a definition names the partition of an ARN, which is not everywhere."""
    return [
        f"{file.name}:{number} names the partition: write ${{Partition}} for aws in the ARN"
        for file in (path, *sorted(path.parent.glob("statemachine/*.asl.json")))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if "arn:aws" in line
    ]


def _cloudformation(text: str, region: str) -> list[str]:
    """Return what cfn-lint finds at its strictest, without any settings of a person."""
    # Importing it takes longer than all the rest of this module's work.
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    strictest = ManualArgs(regions=[region], include_checks=["I"], config_file=os.devnull)
    return [
        f"{match.rule.id} {'/'.join(str(part) for part in match.path or ())}: {match.message}"
        for match in lint(text, config=strictest)
    ]


def _state_machines(translated: Template) -> list[str]:
    timeouts = {
        f"{name}Arn": resource["Properties"]["Timeout"]
        for name, resource in translated["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    found = []
    for name, resource in translated["Resources"].items():
        if resource["Type"] != "AWS::StepFunctions::StateMachine":
            continue
        definition = resource["Properties"]["Definition"]
        substituted = set(resource["Properties"].get("DefinitionSubstitutions", ()))
        faults = state_machine.faults(definition, substituted)
        faults += state_machine.untried(definition, timeouts)
        found += [f"{name}: {fault}" for fault in faults]
    return found


def _security(path: Path, translated: Template, checkov: Path) -> list[str]:
    try:
        return security_scan.faults(path, translated, checkov)
    except security_scan.ScanFailed as error:
        return [str(error)]


def _policies(translated: Template, parliament: Path) -> list[str]:
    try:
        return policy_scan.faults(translated, parliament)
    except policy_scan.PolicyScanFailed as error:
        return [str(error)]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("template", type=Path)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--out", type=Path, help="where the translated template is left")
    parser.add_argument("--checkov", type=Path, help="the program; without it nothing is scanned")
    parser.add_argument("--parliament", type=Path, help="the program; without it no policy is")
    given = parser.parse_args()
    found = faults(
        given.template,
        given.region,
        out=given.out,
        checkov=given.checkov,
        parliament=given.parliament,
    )
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print(f"{given.template}: clean, and clean after SAM's transform")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
