"""checkov over what SAM makes of the template, and the reasons why some of its demands stay unmet.

A waiver is a check's id and the reason, in the `Metadata` of the resource under `Waivers`, or,
where it holds for every resource of a type, in the template's `Metadata` under `Waivers` and the
type. A waiver without a reason is a fault, and so is one for something that checkov does not find.

checkov pins libraries that ours must not wait for, so it lives in an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.translation import Template

SHORTEST_REASON = 40
"""Characters. What is shorter says that somebody did not want to, and not why."""

_SPOILED: Template = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {
        "Open": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicReadWrite"}}
    },
}
"""Scanned along: where checkov finds nothing wrong with it, its silence on ours says nothing."""


class ScanFailed(RuntimeError):
    """checkov did not do its work; the text says why."""


@dataclass(frozen=True)
class Finding:
    """A check that a resource fails."""

    check: str
    demand: str
    kind: str
    resource: str


@dataclass(frozen=True)
class Waiver:
    """`place` is the logical id of a resource, or a type of resources."""

    place: str
    check: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return self.check == finding.check and self.place in (finding.kind, finding.resource)


def faults(template: Template, translated: Template, checkov: Path) -> list[str]:
    """Say what checkov demands that no waiver covers, and what is wrong with the waivers.

    `template` is read as written, `translated` is what SAM makes of it. Raises ScanFailed.
    """
    return compare(scan(translated, checkov), list(waivers(template)))


def waivers(template: Template) -> Iterator[Waiver]:
    """The waivers of a template, those for a type first."""
    places = {
        **template.get("Metadata", {}).get("Waivers", {}),
        **{
            name: resource["Metadata"]["Waivers"]
            for name, resource in template["Resources"].items()
            if "Waivers" in resource.get("Metadata", {})
        },
    }
    for place, reasons in places.items():
        for check, reason in reasons.items():
            yield Waiver(place, check, str(reason or ""))


def compare(findings: list[Finding], given: list[Waiver]) -> list[str]:
    """Say which findings no waiver covers, and which waivers have no reason or no finding."""
    return [
        *(
            f"{one.check} {one.resource}: {one.demand}"
            for one in findings
            if not any(waiver.covers(one) for waiver in given)
        ),
        *(
            f"the waiver of {one.check} at {one.place} does not say why"
            for one in given
            if len(one.reason) < SHORTEST_REASON
        ),
        *(
            f"the waiver of {one.check} at {one.place} is not needed: checkov demands nothing there"
            for one in given
            if not any(one.covers(finding) for finding in findings)
        ),
    ]


def scan(translated: Template, checkov: Path) -> list[Finding]:
    """Have checkov check a CloudFormation template; raises ScanFailed."""
    with tempfile.TemporaryDirectory() as folder:
        names = {"template.json": translated, "spoiled.json": _SPOILED}
        for name, content in names.items():
            Path(folder, name).write_text(json.dumps(content), encoding="utf-8")
        report = _run(checkov, folder, list(names))
    wanted = len(translated["Resources"]) + len(_SPOILED["Resources"])
    if report["summary"]["parsing_errors"] or report["summary"]["resource_count"] < wanted:
        raise ScanFailed(f"checkov did not read every resource: {report['summary']}")
    failed = report["results"]["failed_checks"]
    if not any("spoiled.json" in check["file_path"] for check in failed):
        raise ScanFailed("checkov finds no fault with a bucket that is open to the world")
    return [_finding(check) for check in failed if "template.json" in check["file_path"]]


def _finding(check: dict[str, Any]) -> Finding:
    kind, _, resource = check["resource"].rpartition(".")
    return Finding(check["check_id"], check["check_name"], kind, resource)


def _run(checkov: Path, folder: str, names: list[str]) -> dict[str, Any]:
    """checkov's report. It asks nobody in the network and reads nobody's settings."""
    files = [option for name in names for option in ("--file", name)]
    switches = ["--framework=cloudformation", "--output=json", "--compact", "--skip-download"]
    ended = subprocess.run(
        [str(checkov.absolute()), *files, *switches],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "HOME": folder, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report: dict[str, Any] = json.loads(ended.stdout)
        report["summary"], report["results"]["failed_checks"]
    except (ValueError, LookupError, TypeError) as error:
        said = (ended.stderr or ended.stdout).strip()[-500:]
        raise ScanFailed(f"checkov ended with {ended.returncode}: {said}") from error
    return report
