"""Exports whose newest run failed, and definitions that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from prefdrop.exporting import operate
from prefdrop_cli.doctor.findings import Finding, bad, good
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.operator_exports import OperatorExports


def runs(patient: Patient) -> Iterator[Finding]:
    """How the newest run of each export ended."""
    count, wrong = 0, 0
    for one in operate.list_exports(OperatorExports(patient.deployment)):
        count += 1
        if one.error:
            wrong += 1
            yield bad("exports", f"exports/{one.name}.toml cannot be used: {one.error}",
                      "Correct it and put it into the bucket again.")  # fmt: skip
        elif one.last and one.last.status == "Failed":
            wrong += 1
            why = one.last.error.code if one.last.error else "for no reason that was kept"
            yield bad(
                "exports",
                f"The newest run of {one.name} failed: {why}.",
                f"`prefdrop exports show {quote(one.name)}` says why; `prefdrop exports run "
                f"{quote(one.name)}` runs it again. Files and watermark of before are as they "
                "were.",
            )
    if not wrong:
        yield good("exports", f"{count} defined, the newest run of none failed.")
