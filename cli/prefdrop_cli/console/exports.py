"""Exports: those that are defined, their runs, and the files of one run."""

from __future__ import annotations

from typing import Any

from prefdrop.exporting import operate
from prefdrop.exporting.operate import Summary
from prefdrop.ledger.exports import RUN_ENDED
from prefdrop_cli.console.answers import Asked
from prefdrop_cli.console.asking import limit_of
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.export_runs import described
from prefdrop_cli.operator_exports import OperatorExports


def listed(deployment: Deployment, _: Asked) -> dict[str, Any]:
    """The exports that the bucket defines, each with its newest run."""
    found = [_line(one) for one in operate.list_exports(OperatorExports(deployment))]
    return {"exports": found, "running": any(_runs(one["last"]) for one in found)}


def _line(one: Summary) -> dict[str, Any]:
    definition = one.definition
    schedule = definition.schedule if definition else None
    return {
        "name": one.name,
        "of": definition.source if definition else None,
        "family": definition.family if definition else None,
        "mode": definition.export.mode if definition else None,
        "schedule": (schedule.every or schedule.at) if schedule else None,
        "error": one.error or None,
        "watermark": one.state.watermark or None,
        "last": described(one.last) if one.last else None,
    }


def runs(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """The runs of one export, newest first."""
    name = asked.named["export"]
    found = operate.list_runs(OperatorExports(deployment), name, limit=limit_of(asked))
    told = [described(one) for one in found]
    return {"export": name, "runs": told, "running": any(_runs(one) for one in told)}


def told(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """One run, with the files that its manifest lists."""
    services = OperatorExports(deployment)
    found = services.exports.get(asked.named["export"], asked.named["run"])
    manifest = operate.manifest_of(services, found) or {}
    return {"run": described(found), "objects": manifest.get("objects", [])}


def _runs(run: dict[str, Any] | None) -> bool:
    return run is not None and run["status"] not in RUN_ENDED
