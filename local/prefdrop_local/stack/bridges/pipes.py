"""EventBridge pipes from a table's stream to an event bus: filter, template, dead letters.

moto's CloudFormation does not know pipes. Here each has a thread that takes the records in the
order of the writes and tries a few times before it gives one up. Importing this module makes the
resource type known: moto finds resource types by subclass.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.events.models import EventPattern

from prefdrop_local.stack.bridges.eventbridge import EventBus, send_to_queue
from prefdrop_local.stack.bridges.streams import Streams
from prefdrop_local.stack.bridges.templates import look_up, render
from prefdrop_local.stack.place import ACCOUNT, PARTITION, REGION

ATTEMPTS = 3
"""How often a record is tried here before it goes to the dead letters."""
PAUSE = 0.2
_log = logging.getLogger("prefdrop_local.stack.pipes")


class Pipe(CloudFormationModel):
    """A pipe of the template; `!Ref` gives its name."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Pipes::Pipe"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
    ) -> Pipe:
        return cls(cloudformation_json["Properties"].get("Name", resource_name))


@dataclass(frozen=True)
class PipeSpec:
    """One pipe of the template. `bus` and `table` are names, the dead-letter queue is an ARN."""

    logical_id: str
    name: str
    table: str
    stream: str
    bus: str
    source: str
    detail_type: str
    template: str
    filters: tuple[str, ...]
    dead_letters: str | None


def why_not_carried(properties: dict[str, Any]) -> str | None:
    """What of a pipe the stack cannot do; None when it can do all."""
    if ":dynamodb:" not in properties["Source"] or "/stream/" not in properties["Source"]:
        return "a pipe starts at a table's stream here"
    if ":event-bus/" not in properties["Target"]:
        return "a pipe ends at an event bus here"
    return "pipes do not enrich here" if "Enrichment" in properties else None


def specification(logical_id: str, properties: dict[str, Any]) -> PipeSpec:
    """A pipe's resolved properties as the stack needs them."""
    source = properties.get("SourceParameters", {})
    target = properties.get("TargetParameters", {})
    bus = target.get("EventBridgeEventBusParameters", {})
    dead_letters = source.get("DynamoDBStreamParameters", {}).get("DeadLetterConfig", {})
    return PipeSpec(
        logical_id=logical_id,
        name=properties.get("Name", logical_id),
        table=properties["Source"].partition(":table/")[2].partition("/")[0],
        stream=properties["Source"],
        bus=properties["Target"].rpartition("/")[2],
        source=bus.get("Source", f"Pipe {properties.get('Name', logical_id)}"),
        detail_type=bus.get("DetailType", "Event from aws:dynamodb"),
        template=target.get("InputTemplate", ""),
        filters=tuple(f["Pattern"] for f in source.get("FilterCriteria", {}).get("Filters", [])),
        dead_letters=dead_letters.get("Arn"),
    )


class Pipes:
    """Runs the pipes of a stack until stopped."""

    def __init__(self, bus: EventBus, streams: Streams) -> None:
        self._bus = bus
        self._streams = streams
        self._running: list[_RunningPipe] = []

    def add(self, specifications: list[PipeSpec]) -> None:
        """Let records flow through these."""
        for specification in specifications:
            pipe = _RunningPipe(specification, self._bus)
            self._streams.listen(specification.table, pipe.put)
            self._running.append(pipe)

    def wait_until_empty(self, seconds: float) -> bool:
        """Wait until every change made so far has left its pipe; whether it came to that."""
        deadline = time.monotonic() + seconds
        return all(pipe.wait_until_empty(deadline) for pipe in self._running)

    def stop(self) -> None:
        """Deliver what has been written, then end."""
        for pipe in self._running:
            pipe.stop()


class _RunningPipe:
    def __init__(self, specification: PipeSpec, bus: EventBus) -> None:
        self._records: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._inside = 0
        self._moved = threading.Condition()
        self._spec = specification
        self._bus = bus
        self._filters: list[Any] = [EventPattern.load(one) for one in specification.filters]
        self._stopping = threading.Event()
        name = f"pipe-{specification.logical_id}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, record: dict[str, Any]) -> None:
        with self._moved:
            self._inside += 1
        self._records.put(record)

    def wait_until_empty(self, deadline: float) -> bool:
        with self._moved:
            return self._moved.wait_for(
                lambda: self._inside == 0, timeout=max(0.0, deadline - time.monotonic())
            )

    def stop(self) -> None:
        self._stopping.set()
        self._records.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        while (record := self._records.get()) is not None:
            try:
                if not self._filters or any(one.matches_event(record) for one in self._filters):
                    self._take(record)
            except Exception:
                _log.exception("Pipe %s has lost a record", self._spec.name)
            finally:
                with self._moved:
                    self._inside -= 1
                    self._moved.notify_all()

    def _take(self, record: dict[str, Any]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._deliver(record)
                return
            except Exception:
                _log.exception("Pipe %s could not deliver", self._spec.name)
                if attempt < ATTEMPTS:
                    self._stopping.wait(PAUSE)
        if self._spec.dead_letters:
            send_to_queue(self._spec.dead_letters, json.dumps(self._dead_letter(record)))

    def _deliver(self, record: dict[str, Any]) -> None:
        detail = record
        if self._spec.template:
            detail = render(self._spec.template, lambda path: look_up(record, path))
        event = {
            "source": self._spec.source,
            "detail-type": self._spec.detail_type,
            "detail": detail,
        }
        self._bus.publish(event, bus=self._spec.bus)

    def _dead_letter(self, record: dict[str, Any]) -> dict[str, Any]:
        """Where in the stream the record is; as on AWS, not what it says."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        number = record["dynamodb"]["SequenceNumber"]
        return {
            "context": {
                "partnerResourceArn": f"arn:{PARTITION}:pipes:{REGION}:{ACCOUNT}"
                f":pipe/{self._spec.name}",
                "condition": "RetryAttemptsExhausted",
            },
            "version": "1.0",
            "timestamp": now,
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000001541626099285-f35f62ef",
                "startSequenceNumber": number,
                "endSequenceNumber": number,
                "approximateArrivalOfFirstRecord": now,
                "approximateArrivalOfLastRecord": now,
                "batchSize": 1,
                "streamArn": self._spec.stream,
            },
        }
