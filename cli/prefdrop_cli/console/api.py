"""Which address of the console asks what; each subject has a module of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response

from prefdrop import __version__
from prefdrop.exporting import operate
from prefdrop.exporting.operate import Summary
from prefdrop.ledger.clock import iso
from prefdrop.ledger.exports import RUN_ENDED
from prefdrop.ledger.imports import FINISHED, STATUSES
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.ledger.turns import Turn
from prefdrop_cli.commands.quota import quota_figures
from prefdrop_cli.console import events, imports
from prefdrop_cli.console.answers import limit_of_query
from prefdrop_cli.deployments import LOOPBACK, Deployment
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.export_runs import described

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A report carries its own style; whatever else it might hold runs nothing and reaches nothing."""


def report_page(deployment: Deployment, import_id: str) -> Response:
    """`report.html` of an import, as it lies in the bucket."""
    found = deployment.imports.get(import_id)
    if not found.report_key:
        raise _nothing("report", found.import_id)
    key = str(PurePosixPath(found.report_key).with_suffix(".html"))
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return Response(deployment.objects.read(key).body, headers=headers, mimetype="text/html")


def rejects(deployment: Deployment, import_id: str) -> Response:
    """The rejected rows as a file to save."""
    found = deployment.imports.get(import_id)
    if not found.rejects_key:
        raise _nothing("rejects", found.import_id)
    stored = deployment.objects.open(found.rejects_key)
    name = f"{found.import_id}-{PurePosixPath(found.rejects_key).name}"
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(stored.length),
    }
    return Response(stored.blocks(), headers=headers, content_type="application/octet-stream")


def _nothing(what: str, import_id: str) -> ObjectMissing:
    return ObjectMissing(
        f"Import {import_id} has no {what}.", hint="It may still be under way, or need none."
    )


def exports_listed(deployment: Deployment) -> dict[str, Any]:
    """The exports that the bucket defines, each with its newest run."""
    found = [_export_line(one) for one in operate.list_exports(deployment)]
    return {"exports": found, "running": any(_export_runs_on(one["last"]) for one in found)}


def _export_line(one: Summary) -> dict[str, Any]:
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


def export_runs(deployment: Deployment, export: str) -> dict[str, Any]:
    """The runs of one export, newest first."""
    found = operate.list_runs(deployment, export, limit=limit_of_query())
    told = [described(one) for one in found]
    return {"export": export, "runs": told, "running": any(_export_runs_on(one) for one in told)}


def export_told(deployment: Deployment, export: str, run: str) -> dict[str, Any]:
    """One run, with the files that its manifest lists."""
    found = deployment.exports.get(export, run)
    manifest = operate.manifest_of(deployment, found) or {}
    return {"run": described(found), "objects": manifest.get("objects", [])}


def _export_runs_on(run: dict[str, Any] | None) -> bool:
    return run is not None and run["status"] not in RUN_ENDED


ALARM_ORDER = ("ALARM", "INSUFFICIENT_DATA", "OK")


def alarms_listed(deployment: Deployment) -> dict[str, Any]:
    """The alarms, those that ring first. A local stack has none."""
    found = [_alarm_line(*one) for one in Patient(deployment).alarms()]
    found.sort(key=lambda one: (ALARM_ORDER.index(one["state"]), one["alarm"]))
    return {"alarms": found, "ringing": sum(one["state"] == "ALARM" for one in found)}


def _alarm_line(name: str, alarm: dict[str, Any]) -> dict[str, Any]:
    """One alarm by its name in the template, which is the runbook's."""
    changed = alarm.get("StateUpdatedTimestamp")
    return {
        "alarm": name,
        "state": alarm["StateValue"],
        "meaning": alarm.get("AlarmDescription", ""),
        "since": changed and changed.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


SHOWN = 20
"""Waiting imports that are named; the others are counted."""


def account_told(deployment: Deployment) -> dict[str, Any]:
    """The account's quota and turn; never the queue's task tokens."""
    holder = deployment.turns.holder()
    queue = [one for one in deployment.turns.queue() if one.execution != holder.execution]
    return {
        "client_id": deployment.parameters.get("ClientId", ""),
        "quota": quota_figures(deployment),
        "holder": _holder_told(deployment, holder),
        "waiting": len(queue),
        "queue": [
            {**_queued_import(deployment, one.import_id), "since": iso(one.taken_at)}
            for one in queue[:SHOWN]
        ],
    }


def _holder_told(deployment: Deployment, turn: Turn) -> dict[str, Any] | None:
    if not turn.execution:
        return None
    return {**_queued_import(deployment, turn.import_id), "since": iso(turn.since)}


def _queued_import(deployment: Deployment, import_id: str) -> dict[str, Any]:
    found = deployment.imports.find(import_id)
    return {
        "import_id": import_id,
        "feed": found.feed if found else None,
        "status": found.status if found else None,
        "file": PurePosixPath(found.key).name if found else None,
    }


def place(deployment: Deployment) -> dict[str, Any]:
    """What the page has to know once: which stack this is, and the words for its imports."""
    reached = deployment.s3.meta
    return {
        "stack": deployment.stack,
        "region": reached.region_name,
        "local": urlsplit(reached.endpoint_url).hostname in LOOPBACK,
        "version": __version__,
        "poll_seconds": max(1.0, deployment.poll_seconds),
        "statuses": STATUSES,
        "finished": sorted(FINISHED),
    }


Subject = Callable[..., Any]
"""Answers one kind of question with a value for JSON, or with a Response of its own."""

ROUTES: dict[str, Subject] = {
    "/api/place": place,
    "/api/imports": imports.listed,
    "/api/imports/<import_id>": imports.told,
    "/api/imports/<import_id>/report.html": report_page,
    "/api/imports/<import_id>/rejects": rejects,
    "/api/feeds": imports.feeds,
    "/api/events": events.listed,
    "/api/event": events.told,
    "/api/exports": exports_listed,
    "/api/exports/<export>": export_runs,
    "/api/exports/<export>/<run>": export_told,
    "/api/account": account_told,
    "/api/alarms": alarms_listed,
}


def shared(deployment: Deployment) -> Deployment:
    """Return the same stack with one client per service; boto3 makes them one at a time only.

    Once made, a client may be used by any number of threads.
    """
    make, lock = cache(deployment.client), threading.Lock()

    def client(service: str, **more: Any) -> Any:
        with lock:
            return deployment.client(service, **more) if more else make(service)

    return deployment.replace(client=client)
