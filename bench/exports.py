"""An export against reading the same pages and throwing them away, and its memory.

    python bench/exports.py                         1,000,000 profiles to jsonl.gz
    python bench/exports.py --profiles 100000 --format csv

The sandbox and S3 (moto) run in processes of their own. The steps of a whole run, from asking to
the manifest, run in a process that does nothing else, as on Lambda; the peak is what the system
says of that process. Before and after it, another process reads the pages and drops them, over as
many connections as the export has; and once one page after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import requests

from bench.figures import Figure
from bench.memory import peak_megabytes
from bench.plan import Plan
from prefdrop.exporting import begin_export, check_export, finish_export, retrieve_export
from prefdrop.exporting.pages import Pages
from prefdrop.exporting.services import ExportServices
from prefdrop.exporting.step import export_step
from prefdrop.mypreferences import Client, ExportPage, ExportSpec, auth_from_secret
from prefdrop.mypreferences.bulk_export import PAGE_LIMIT
from prefdrop_local.sandbox.process import start_sandbox

ROOT = Path(__file__).resolve().parents[1]
ALLOWED_MB = 256
LEAST_SHARE = 0.8
ONE_BY_ONE = "read in turn"
STEPS = {
    "begin": begin_export.run,
    "poll": check_export.run,
    "retrieve": retrieve_export.run,
    "finish": finish_export.run,
}
MOTO = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
JSONL = '[export]\nsegment = "AllProfiles"\nmode = "{mode}"\n'


@contextmanager
def moto_server() -> Iterator[str]:
    """S3 and the ledger in a process of their own; its address."""
    command = [sys.executable, "-c", MOTO]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def prepare(definition: str) -> None:
    """A bucket with a definition, a table, a bus and a secret."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bench")
    s3.put_bucket_versioning(Bucket="bench", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bench", Key="exports/bench.toml", Body=definition.encode())
    keys: list[tuple[str, Any]] = [("pk", "HASH"), ("sk", "RANGE")]
    boto3.client("dynamodb").create_table(
        TableName="imports",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    secret = json.loads(os.environ["BENCH_CREDENTIALS"])
    boto3.client("secretsmanager").create_secret(
        Name="secret", SecretString=json.dumps({"auth": "pnauthinfo3", **secret})
    )
    boto3.client("events").create_event_bus(Name="bench")


def export(run: str) -> int:
    """One whole run; returns the number of records."""
    services = ExportServices()
    context = SimpleNamespace(aws_request_id=run, get_remaining_time_in_millis=lambda: 900_000)
    arn = f"arn:aws:states:us-east-1:123456789012:execution:bench:bench-{run}"
    event: dict[str, Any] = {"export": "bench", "run": run, "execution": arn, "step": {}}
    following = "begin"
    while following != "done":
        answer = export_step(STEPS[following], lambda: services)(event, context)
        following, event["step"] = answer["next"], answer
        if following == "poll":
            time.sleep(0.05)
    return services.exports.get("bench", run).records


def read_and_drop(what: str) -> int:
    """The same pages, over the export's connections or one after the other."""
    credentials = json.loads(os.environ["BENCH_CREDENTIALS"])
    url, client_id = os.environ["PREFDROP_BASE_URL"], os.environ["PREFDROP_CLIENT_ID"]
    auth = auth_from_secret({"auth": "pnauthinfo3", **credentials}, client_id, url)
    with Client(url, client_id, auth) as client:
        token = client.exports.initiate_segment("AllProfiles", ExportSpec())
        while not client.exports.status(token).ready:
            time.sleep(0.05)
        if what == ONE_BY_ONE:
            return sum(page.count for page in client.exports.iter_pages(token, "segment"))
        fetch = partial(_page, client, token)
        with Pages(fetch, 1, PAGE_LIMIT) as pages:
            return sum(page.count for page in pages)


def _page(client: Client, token: str, offset: int) -> ExportPage:
    return client.exports.retrieve(token, "segment", offset=offset, limit=PAGE_LIMIT)


def measure(what: str) -> tuple[int, float, float]:
    """Do one of them in a process of its own: records, seconds, megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.exports", "--do", what],
        check=True, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    records, seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    rate = records / seconds
    print(f"{what:<14}{records:>12,}{seconds:>9.1f}{rate:>12,.0f}{megabytes:>10.1f}", flush=True)
    return records, seconds, megabytes


def do(what: str) -> None:
    """Print what one of them took."""
    work: Callable[[str], int] = read_and_drop if what.startswith("read") else export
    begin = time.perf_counter()
    records = work(what)
    print(json.dumps([records, time.perf_counter() - begin, peak_megabytes()]))


def definition_of(kind: str) -> str:
    """The definition of an export in this format; its second run is incremental."""
    if kind == "jsonl":
        return JSONL.format(mode="incremental")
    return (ROOT / "exports/crm-contacts.toml").read_text()


class Compared(NamedTuple):
    """Seconds of reading before and after an export, of the export, of reading one page after the
    other, and the export's memory."""

    first: float
    exported: float
    last: float
    one_by_one: float
    megabytes: float

    @property
    def share(self) -> float:
        """The export's speed as a share of reading's over as many connections."""
        return (self.first + self.last) / 2 / self.exported

    @property
    def share_one_by_one(self) -> float:
        """The same of reading's one page after the other."""
        return self.one_by_one / self.exported


def rows(plan: Plan) -> Iterator[Figure]:
    """An export to jsonl.gz beside reading the same pages."""
    profiles = 100_000 if plan.quick else 1_000_000
    found = compare(profiles, "jsonl")
    what = f"export of {profiles:,} profiles"
    yield Figure("exports", what, profiles / found.exported, "records/s")
    yield Figure(
        "exports", "reading the pages alone", 2 * profiles / (found.first + found.last), "records/s"
    )
    yield Figure(
        "exports", "the one as a share of the other", 100 * found.share, "%", 100 * LEAST_SHARE
    )
    beside = 100 * found.share_one_by_one
    yield Figure("exports", "as a share of reading one page after the other", beside, "%")
    yield Figure("exports", f"{what}, memory", found.megabytes, "MB", ALLOWED_MB, holds="at most")


def compare(profiles: int, kind: str) -> Compared:
    """Read, export and read again, against a sandbox with so many profiles."""
    options: dict[str, Any] = {"export_seconds": 0, "daily_limit": 1000}
    before = dict(os.environ)
    try:
        with moto_server() as aws, start_sandbox(**options) as sandbox:
            os.environ |= environment(aws, sandbox.url, sandbox.credentials)
            seeds = {"profiles": profiles}
            requests.post(sandbox.admin_url + "seed", json=seeds).raise_for_status()
            prepare(definition_of(kind))
            print(
                f"{'':<14}{'records':>12}{'seconds':>9}{'records/s':>12}{'peak MB':>10}", flush=True
            )
            read, first, _ = measure("read and drop")
            records, exported, megabytes = measure("export")
            again, last, _ = measure("read again")
            in_turn, one_by_one, _ = measure(ONE_BY_ONE)
    finally:
        os.environ.clear()
        os.environ |= before
    assert {read, records, again, in_turn} == {profiles}
    return Compared(first, exported, last, one_by_one, megabytes)


def main() -> None:
    """Measure and print the table; exit 1 if an export is too slow or takes too much memory."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
    parser.add_argument("--do", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.do:
        do(arguments.do)
        return
    found = compare(arguments.profiles, arguments.format)
    print(f"the export runs at {found.share:.0%} of the speed of reading over its connections,")
    print(f"and at {found.share_one_by_one:.0%} of that of reading one page after the other")
    sys.exit(found.share < LEAST_SHARE or found.megabytes > ALLOWED_MB)


def environment(aws: str, vendor: str, credentials: dict[str, str]) -> dict[str, str]:
    """What the functions read, and where AWS is."""
    return {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "BENCH_CREDENTIALS": json.dumps({k: credentials[k] for k in ("user_id", "secret")}),
        "PREFDROP_BUCKET": "bench",
        "PREFDROP_IMPORTS_TABLE": "imports",
        "PREFDROP_EXCEPTIONS_TABLE": "exceptions",
        "PREFDROP_AUDIT_TABLE": "audit",
        "PREFDROP_BUS": "bench",
        "PREFDROP_SECRET": "secret",
        "PREFDROP_WEBHOOK_SECRET": "webhook",
        "PREFDROP_CLIENT_ID": credentials["client_id"],
        "PREFDROP_BASE_URL": vendor,
        "PYTHONPATH": os.pathsep.join(
            str(ROOT / part) for part in ("layers/prefdrop", "local", "cli", ".")
        ),
    }


if __name__ == "__main__":
    main()
