"""Which address of the console asks what; each subject has a module of its own."""

from __future__ import annotations

import re
import threading
import traceback
from collections.abc import Callable
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from prefdrop import __version__
from prefdrop.errors import PrefdropError
from prefdrop.exporting import operate
from prefdrop.exporting.operate import Summary
from prefdrop.ledger.clock import iso
from prefdrop.ledger.exports import RUN_ENDED
from prefdrop.ledger.imports import FINISHED, STATUSES
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.ledger.turns import Turn
from prefdrop_cli.console import events, imports
from prefdrop_cli.console.answers import Answer, Asked, as_json, problem, problem_of
from prefdrop_cli.console.asking import limit_of
from prefdrop_cli.deployments import LOOPBACK, Deployment
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.export_runs import described
from prefdrop_cli.limits import quota_figures
from prefdrop_cli.output import note

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A report carries its own style; whatever else it might hold runs nothing and reaches nothing."""


def report_page(deployment: Deployment, asked: Asked) -> Answer:
    """`report.html` of an import, as it lies in the bucket."""
    found = deployment.imports.get(asked.named["import_id"])
    if not found.report_key:
        raise _nothing("report", found.import_id)
    key = str(PurePosixPath(found.report_key).with_suffix(".html"))
    return Answer(
        content_type="text/html; charset=utf-8",
        body=deployment.objects.read(key).body,
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


def rejects(deployment: Deployment, asked: Asked) -> Answer:
    """The rejected rows as a file to save."""
    found = deployment.imports.get(asked.named["import_id"])
    if not found.rejects_key:
        raise _nothing("rejects", found.import_id)
    stored = deployment.objects.open(found.rejects_key)
    name = f"{found.import_id}-{PurePosixPath(found.rejects_key).name}"
    return Answer(
        content_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
        stream=stored.blocks(),
        length=stored.length,
    )


def _nothing(what: str, import_id: str) -> ObjectMissing:
    return ObjectMissing(
        f"Import {import_id} has no {what}.", hint="It may still be under way, or need none."
    )


def exports_listed(deployment: Deployment, _: Asked) -> dict[str, Any]:
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


def export_runs(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """The runs of one export, newest first."""
    name = asked.named["export"]
    found = operate.list_runs(deployment, name, limit=limit_of(asked))
    told = [described(one) for one in found]
    return {"export": name, "runs": told, "running": any(_export_runs_on(one) for one in told)}


def export_told(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """One run, with the files that its manifest lists."""
    found = deployment.exports.get(asked.named["export"], asked.named["run"])
    manifest = operate.manifest_of(deployment, found) or {}
    return {"run": described(found), "objects": manifest.get("objects", [])}


def _export_runs_on(run: dict[str, Any] | None) -> bool:
    return run is not None and run["status"] not in RUN_ENDED


ALARM_ORDER = ("ALARM", "INSUFFICIENT_DATA", "OK")


def alarms_listed(deployment: Deployment, _: Asked) -> dict[str, Any]:
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


def account_told(deployment: Deployment, _: Asked) -> dict[str, Any]:
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


Subject = Callable[[Deployment, Asked], Any]
"""Answers one kind of question with a value for JSON, or with an Answer of its own."""

ROUTES: dict[str, Subject] = {
    "/api/imports": imports.listed,
    "/api/imports/{import_id}": imports.told,
    "/api/imports/{import_id}/report.html": report_page,
    "/api/imports/{import_id}/rejects": rejects,
    "/api/feeds": imports.feeds,
    "/api/events": events.listed,
    "/api/event": events.told,
    "/api/exports": exports_listed,
    "/api/exports/{export}": export_runs,
    "/api/exports/{export}/{run}": export_told,
    "/api/account": account_told,
    "/api/alarms": alarms_listed,
}


class Api:
    """Answers the page's questions about one stack."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = shared(deployment)
        self._routes = [(_pattern(path), subject) for path, subject in ROUTES.items()]

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        """The answer to a path that begins with `/api/`; errors are answers too."""
        from botocore.exceptions import BotoCoreError, ClientError

        from prefdrop_cli.aws_errors import explain_aws

        try:
            return self._ask(path, query)
        except PrefdropError as error:
            return problem_of(error)
        except (BotoCoreError, ClientError) as error:
            told = explain_aws(error)
            return problem(HTTPStatus.BAD_GATEWAY, told.code, told.message, told.hint)
        except Exception:  # the page has to hear of it; who runs the console sees where it was
            note(*traceback.format_exc().rstrip().split("\n"))
            return problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "ConsoleFault",
                "The console could not work that out; that is a fault of its own.",
                "The terminal that it runs in shows where. The command may still tell it.",
            )

    def _ask(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/api/place":
            return as_json(self._place())
        for pattern, subject in self._routes:
            if found := pattern.fullmatch(path):
                named = {name: unquote(text) for name, text in found.groupdict().items()}
                told = subject(self._deployment, Asked(named, query))
                return told if isinstance(told, Answer) else as_json(told)
        return problem(HTTPStatus.NOT_FOUND, "NoSuchQuestion", "The console knows no such address.")

    def _place(self) -> dict[str, Any]:
        """What the page has to know once: which stack this is, and the words for its imports."""
        reached = self._deployment.s3.meta
        return {
            "stack": self._deployment.stack,
            "region": reached.region_name,
            "local": urlsplit(reached.endpoint_url).hostname in LOOPBACK,
            "version": __version__,
            "poll_seconds": max(1.0, self._deployment.poll_seconds),
            "statuses": STATUSES,
            "finished": sorted(FINISHED),
        }


def _pattern(path: str) -> re.Pattern[str]:
    """`{name}` stands for one part of the path, whatever it holds."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def shared(deployment: Deployment) -> Deployment:
    """The same stack with one client per service; boto3 makes them one at a time only.

    Once made, a client may be used by any number of threads.
    """
    return deployment.replace(client=_Clients(deployment.client))


class _Clients:
    """Makes each client once."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str, **more: Any) -> Any:
        with self._lock:
            if more:
                return self._make(service, **more)
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]
