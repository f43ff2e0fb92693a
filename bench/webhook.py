"""What a warm call of the webhook's function takes beyond its DynamoDB request.

    python -m bench webhook

300 deliveries of one event are sent, one after the other, after some to warm up. The function is
the built one, in a container of one instance, under `sam local`; the table is on the local stack.
Times are taken inside the container, so the way there does not count.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, Skipped
from bench.plan import Plan
from prefdrop_local.stack import LocalStack, StackSettings
from tools.sam_local.engine import ROOT, Engine, why_not
from tools.sam_local.localising import localised
from tools.sam_local.relays import HOST_NAME
from tools.sam_local.running import SamLocal, call_lambda

FUNCTION = "ReceiveWebhookFunction"
PROBE = Path(__file__).parent / "probes/webhook_probe.py"
WARM_UP, CALLS = 20, 300
MOST_SHARE = 25
"""Percent of its request to the local stack's table that the rest of a call may take."""
HANDLER = "webhook_probe.handler"


def rows(_: Plan) -> Iterator[Figure]:
    """What a warm call takes; raises Skipped without containers."""
    if reason := why_not():
        raise Skipped(f"it needs containers: {reason}")
    settings = StackSettings(allow_hosts=(HOST_NAME,))
    with tempfile.TemporaryDirectory() as name, LocalStack(settings=settings) as stack:
        folder = Path(name)
        engine = Engine()
        built = engine.build(folder / "build")
        shutil.copy(PROBE, built.parent / FUNCTION)
        url = stack.sandbox.url
        with localised(engine, built, stack, url, folder, handlers={FUNCTION: HANDLER}) as sam:
            yield from _measured(sam, stack)


def _measured(sam: SamLocal, stack: LocalStack) -> Iterator[Figure]:
    key = (stack.webhook_url or "").rpartition("/")[2]
    with sam.serving("start-lambda") as address:
        seen = [_ask(address, _delivery(key)) for _ in range(WARM_UP + CALLS)][WARM_UP:]
    failed = sum(one["status"] != 200 for one in seen)
    if failed:
        raise RuntimeError(f"{failed} of {CALLS} deliveries were not answered with 200.")
    request = statistics.median(one["aws"] for one in seen) * 1000
    ours = sorted((one["seconds"] - one["aws"]) * 1000 for one in seen)
    beyond = "warm call beyond its DynamoDB request"
    yield Figure(
        "webhook", f"{beyond}, median", statistics.median(ours), "ms",
        note=f"99th percentile {ours[len(ours) * 99 // 100]:.2f} ms",
    )  # fmt: skip
    yield Figure(
        "webhook", f"{beyond}, as a share of that request on the local stack",
        100 * statistics.median(ours) / request, "%", MOST_SHARE, holds="at most",
        note=f"the request takes {request:.1f} ms",
    )  # fmt: skip


def _ask(address: str, event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(call_lambda(address, FUNCTION, json.dumps(event).encode()))
    if "errorType" in answer:
        raise RuntimeError(f"The function failed: {answer['errorType']}: {answer['errorMessage']}")
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
