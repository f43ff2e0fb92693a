"""An export against reading the same pages and throwing them away, and its memory.

    python -m bench exports

The sandbox and AWS (moto) run in processes of their own. The steps of a whole run, from asking to
the manifest, run in a process that does nothing else, as on Lambda. Beside it, by turns, another
process reads the pages and drops them, over as many connections as the export has; and a third one
page after the other.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import requests

from bench.contest import TURNS, Contest, Way
from bench.figures import Figure
from bench.memory import ALLOWED_MB
from bench.moto import FUNCTION, create_table, moto
from bench.plan import Plan
from bench.processes import ROOT, Run, run_in_a_process, timed
from prefdrop.exporting import begin_export, check_export, finish_export, retrieve_export
from prefdrop.exporting.retrieve_export import Pages
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import export_step
from prefdrop.mypreferences import Client, ExportPage, ExportSpec, auth_from_secret
from prefdrop.mypreferences.bulk_export import PAGE_LIMIT
from prefdrop_local.sandbox.process import start_sandbox

LEAST_SPEED = {"jsonl": 0.2, "csv": 0.08}
QUICK_LEAST_SPEED = {"jsonl": 0.15}
"""Of reading's, by the clock and by processor seconds. What a run begins and ends with weighs more
in a small one."""
IN_TURN = "in turn"
STEPS = {
    "begin": begin_export.run,
    "poll": check_export.run,
    "retrieve": retrieve_export.run,
    "finish": finish_export.run,
}
DEFINITIONS = {
    "jsonl": '[export]\nsegment = "AllProfiles"\nmode = "incremental"\n',
    "csv": (ROOT / "exports/crm-contacts.toml").read_text(encoding="utf-8"),
}


def rows(plan: Plan) -> Iterator[Figure]:
    """Exports to jsonl.gz and csv beside reading the same pages."""
    profiles = 40_000 if plan.quick else 100_000
    formats = QUICK_LEAST_SPEED if plan.quick else LEAST_SPEED
    ways: dict[str, Way] = {name: partial(_run, name) for name in ["read", *formats]}
    if not plan.quick:
        ways[IN_TURN] = partial(_run, IN_TURN)
    with _vendor_and_aws(profiles):
        _prepare(formats)
        found = Contest("exports", ways, profiles, by="wall")
    yield found.speed("read", "reading the pages alone, over two connections", "records/s")
    if not plan.quick:
        yield found.speed(IN_TURN, "reading one page after the other", "records/s")
    for name in formats:
        what = f"export of {profiles:,} profiles as {name}"
        yield found.speed(name, what, "records/s")
        compared = f"{name}: speed, divided by that of reading alone"
        yield found.ratio("read", name, compared, target=formats[name])
        compared = f"{name}: the same by processor seconds"
        yield found.ratio("read", name, compared, by="processor", target=formats[name])
        yield Figure(
            "exports", f"{what}, memory", found.megabytes(name), "MB",
            target=ALLOWED_MB, holds="at most",
        )  # fmt: skip


def _run(name: str, turn: int) -> Run:
    return run_in_a_process("bench.exports", name, str(turn), memory=True)


def main(name: str, turn: int) -> Run:
    """Measure one way in this process."""
    work: dict[str, Callable[[], int]] = {
        "read": partial(read_and_drop, in_turn=False),
        IN_TURN: partial(read_and_drop, in_turn=True),
    }
    # Each run is its definition's first, which exports everything: a second would be incremental.
    return timed(work.get(name) or partial(export, f"{name}-{turn}"))


def export(definition: str) -> int:
    """Do one whole run; returns the number of records."""
    services, run = ExportServices(), f"run-{definition}"
    context = SimpleNamespace(aws_request_id=run, get_remaining_time_in_millis=lambda: 900_000)
    arn = f"arn:aws:states:us-east-1:123456789012:execution:bench:{run}"
    event: dict[str, Any] = {"export": definition, "run": run, "execution": arn, "step": {}}
    following = "begin"
    while following != "done":
        answer = export_step(STEPS[following], lambda: services)(event, context)
        following, event["step"] = answer["next"], answer
        if following == "poll":
            time.sleep(0.05)
    return services.exports.get(definition, run).records


def read_and_drop(*, in_turn: bool) -> int:
    """Read the same pages, one after the other or over the export's connections."""
    credentials = json.loads(os.environ["BENCH_CREDENTIALS"])
    url, client_id = os.environ["PREFDROP_BASE_URL"], os.environ["PREFDROP_CLIENT_ID"]
    auth = auth_from_secret({"auth": "pnauthinfo3", **credentials}, client_id, url)
    with Client(url, client_id, auth) as client:
        token = client.exports.initiate_segment("AllProfiles", ExportSpec())
        while not client.exports.status(token).ready:
            time.sleep(0.05)
        if in_turn:
            return sum(page.count for page in client.exports.iter_pages(token, "segment"))
        fetch = partial(_page, client, token)
        with Pages(fetch, 1, PAGE_LIMIT) as pages:
            return sum(page.count for page in pages)


def _page(client: Client, token: str, offset: int) -> ExportPage:
    return client.exports.retrieve(token, "segment", offset=offset, limit=PAGE_LIMIT)


@contextmanager
def _vendor_and_aws(profiles: int) -> Iterator[None]:
    """Run a sandbox with so many profiles, and moto; the environment names both."""
    with moto(), start_sandbox(export_seconds=0, daily_limit=1000) as sandbox:
        seed = sandbox.admin_url + "seed"
        requests.post(seed, json={"profiles": profiles}, timeout=600).raise_for_status()
        credentials = sandbox.credentials
        os.environ |= FUNCTION | {
            "BENCH_CREDENTIALS": json.dumps({k: credentials[k] for k in ("user_id", "secret")}),
            "PREFDROP_CLIENT_ID": credentials["client_id"],
            "PREFDROP_BASE_URL": sandbox.url,
        }
        yield


def _prepare(formats: Iterable[str]) -> None:
    """Make a bucket with a definition for each run, a table, a bus and a secret."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bench")
    s3.put_bucket_versioning(Bucket="bench", VersioningConfiguration={"Status": "Enabled"})
    for name in formats:
        for turn in range(1, TURNS + 1):
            key, body = f"exports/{name}-{turn}.toml", DEFINITIONS[name].encode()
            s3.put_object(Bucket="bench", Key=key, Body=body)
    create_table("imports")
    secret = json.loads(os.environ["BENCH_CREDENTIALS"])
    boto3.client("secretsmanager").create_secret(
        Name="secret", SecretString=json.dumps({"auth": "pnauthinfo3", **secret})
    )
    boto3.client("events").create_event_bus(Name="bench")


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
