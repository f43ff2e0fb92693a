"""checkov over the template and over what SAM makes of it, with the reasons for what stays unmet.

A waiver is in checkov's own form, in the resource's `Metadata` under `checkov` and `skip`: a
check's `id` and the reason as its `comment`. Plain `checkov -f template.yaml` shows both. A waiver
without a reason is a fault, and so is one for something that checkov does not demand.

checkov pins libraries that ours must not wait for, so it lives in an environment of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.translation import Template, load

SHORTEST_REASON = 40
"""Characters. What is shorter says that somebody did not want to, and not why."""

OWN, BARE, SPOILED = "template.yaml", "bare.json", "spoiled.json"
"""What is scanned in one run: the template with its waivers, what SAM makes of it without them, and
a template with a fault. Where checkov finds nothing wrong with that, its silence says nothing."""

_SPOILED: Template = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {
        "Open": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicReadWrite"}}
    },
}


class ScanFailed(RuntimeError):
    """checkov did not do its work; the text says why."""


@dataclass(frozen=True)
class Finding:
    """A check that a resource of one of the scanned files fails."""

    check: str
    demand: str
    resource: str
    file: str = BARE


Waivers = dict[tuple[str, str], str]
"""Reasons by check and by the logical id of the resource that need not meet it."""


def faults(path: Path, translated: Template, checkov: Path) -> list[str]:
    """Say what checkov demands that no waiver covers, and what is wrong with the waivers.

    `path` is the template as written, `translated` what SAM makes of it. Raises ScanFailed.
    """
    return compare(scan(path, translated, checkov), waivers(translated))


def waivers(template: Template) -> Waivers:
    """Return the waivers of a template's resources."""
    return {
        (one["id"], name): str(one.get("comment") or "")
        for name, resource in template["Resources"].items()
        for one in resource.get("Metadata", {}).get("checkov", {}).get("skip", ())
    }


def compare(findings: list[Finding], given: Waivers) -> list[str]:
    """Say which findings no waiver covers, and which waivers have no reason or no finding."""
    found = {(one.check, one.resource): one.demand for one in findings if one.file != SPOILED}
    unheard = {(one.check, one.resource) for one in findings if one.file == OWN}
    return [
        *(
            f"{check} {resource}: {found[check, resource]}"
            for check, resource in sorted((found.keys() - given.keys()) | unheard)
        ),
        *(
            f"the waiver of {check} at {resource} does not say why"
            for (check, resource), reason in given.items()
            if len(reason) < SHORTEST_REASON
        ),
        *(
            f"the waiver of {check} at {resource} is not needed: checkov demands nothing there"
            for check, resource in sorted(given.keys() - found.keys())
        ),
    ]


def scan(path: Path, translated: Template, checkov: Path) -> list[Finding]:
    """Have checkov check the template, and what SAM makes of it; raises ScanFailed."""
    bare = deepcopy(translated)
    for resource in bare["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, Path(folder, OWN))
        for name, content in {BARE: bare, SPOILED: _SPOILED}.items():
            Path(folder, name).write_text(json.dumps(content), encoding="utf-8")
        report = _run(checkov, folder, [OWN, BARE, SPOILED])
    written = len(load(path)["Resources"])
    wanted = written + len(bare["Resources"]) + len(_SPOILED["Resources"])
    if report["summary"]["parsing_errors"] or report["summary"]["resource_count"] < wanted:
        raise ScanFailed(f"checkov did not read every resource: {report['summary']}")
    found = [_finding(check) for check in report["results"]["failed_checks"]]
    if not any(one.file == SPOILED for one in found):
        raise ScanFailed("checkov finds no fault with a bucket that is open to the world")
    return found


def _finding(check: dict[str, Any]) -> Finding:
    resource = check["resource"].rpartition(".")[2]
    file = check["file_path"].rpartition("/")[2]
    return Finding(check["check_id"], check["check_name"], resource, file)


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
