"""What the webhook's function costs: its imports, and a warm call beyond its DynamoDB request.

    python bench/webhook.py                 300 deliveries of one event, one after the other
    python bench/webhook.py --calls 1000

The function is the built one, in a container of one instance, under `sam local`; the table is on
the local stack. Times are taken inside the container, so the way there does not count.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from prefdrop_local.stack import LocalStack
from tools.sam_local.engine import ROOT, Engine, why_not
from tools.sam_local.localising import localised
from tools.sam_local.running import SamLocal, call_lambda

FUNCTION = "ReceiveWebhookFunction"
PROBE = Path(__file__).parent / "probes/webhook_probe.py"
WARM_UP = 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=300)
    calls: int = parser.parse_args().calls
    if reason := why_not():
        sys.exit(f"bench/webhook.py needs containers: {reason}.")
    with tempfile.TemporaryDirectory() as name, LocalStack() as stack:
        folder = Path(name)
        engine = Engine()
        built = engine.build(folder / "build")
        shutil.copy(PROBE, built.parent / FUNCTION)
        url = stack.sandbox.url
        with localised(engine, built, stack, url, folder, handlers={FUNCTION: HANDLER}) as sam:
            report(sam, stack, calls)


HANDLER = "webhook_probe.handler"


def report(sam: SamLocal, stack: LocalStack, calls: int) -> None:
    """Measure and print."""
    key = (stack.webhook_url or "").rpartition("/")[2]
    with sam.serving("start-lambda") as address:
        imports = _ask(address, {"measure": "imports"})
        seen = [_ask(address, _delivery(key)) for _ in range(WARM_UP + calls)][WARM_UP:]
    if failed := [one for one in seen if one["status"] != 200]:
        sys.exit(f"{len(failed)} of {calls} deliveries were not answered with 200.")
    bare, whole = (statistics.median(imports[kind]) * 1000 for kind in ("bare", "whole"))
    ours = sorted((one["seconds"] - one["aws"]) * 1000 for one in seen)
    aws = statistics.median(one["aws"] for one in seen) * 1000
    print(f"import of boto3 and its client        {bare:8.1f} ms")
    print(f"import of the function beyond it      {whole - bare:8.1f} ms   (target 150)")
    print(f"warm call, DynamoDB request, median   {aws:8.2f} ms   (on the local stack)")
    print(f"warm call beyond it, median           {statistics.median(ours):8.2f} ms   (target 2)")
    print(f"warm call beyond it, 99th percentile  {ours[len(ours) * 99 // 100]:8.2f} ms")


def _ask(address: str, event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(call_lambda(address, FUNCTION, json.dumps(event).encode()))
    if "errorType" in answer:
        sys.exit(f"The function failed: {answer['errorType']}: {answer['errorMessage']}")
    return answer


def _delivery(key: str) -> dict[str, Any]:
    """The sample event with another event's id, so that each is written."""
    event: dict[str, Any] = json.loads((ROOT / "events/receive_webhook.json").read_text())
    body = json.loads(event["body"]) | {"EventId": str(uuid.uuid4())}
    path = f"/webhooks/mypreferences/{key}"
    event["requestContext"]["http"]["path"] = path
    return event | {
        "body": json.dumps(body),
        "rawPath": path,
        "pathParameters": {"key": key},
    }


if __name__ == "__main__":
    main()
