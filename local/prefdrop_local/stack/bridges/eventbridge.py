"""EventBridge: rules deliver to state machines, functions and queues; failed deliveries to the DLQ.

moto matches the rules but drops what goes to a state machine in silence. Deliveries happen in a
thread of their own, so a request that causes an event does not wait for its targets.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventBus as MotoBus
from moto.events.models import Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from prefdrop_local.stack.lambdas.service import Functions
from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.place import ACCOUNT, REGION

CARRIED_TARGETS = ("states", "lambda", "sqs")
_log = logging.getLogger("prefdrop_local.stack.eventbridge")


class EventBus:
    """The default bus: `publish` fills in the envelope, matches the rules and delivers."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._queue: queue.SimpleQueue[tuple[dict[str, Any], Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._deliver_all, name="eventbridge", daemon=True)
        self._thread.start()
        self._observers: list[Callable[[dict[str, Any]], None]] = []

    def install(self, patches: Patches) -> None:
        """Take over the delivery of events that are put through the API."""

        def send_to_targets(rule: Any, event: Any, **_: Any) -> None:
            moment = event["time"]
            if not isinstance(moment, str):
                moment = datetime.fromtimestamp(float(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self._match(rule, {**event, "time": moment})

        patches.set(Rule, "send_to_targets", send_to_targets)
        # Without it, `!Ref` of a bus would be the object itself.
        patches.set(MotoBus, "physical_resource_id", property(lambda bus: bus.name))

    def observe(self, observer: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Have `observer` called with every published event; returns the way out."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def publish(self, event: dict[str, Any]) -> None:
        """Publish an event; the envelope's missing members are filled in."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        envelope = {"version": "0", "id": str(uuid.uuid4()), "account": ACCOUNT, "time": now}
        whole = {**envelope, "region": REGION, "resources": [], **event}
        for observer in list(self._observers):
            observer(whole)
        for bus in events_backends[ACCOUNT][REGION].event_buses.values():
            for rule in list(bus.rules.values()):
                self._match(rule, whole)

    def deliver(self, event: dict[str, Any], target: dict[str, Any]) -> None:
        """Put one delivery in the queue, whatever the rules say."""
        self._queue.put((event, target))

    def stop(self) -> None:
        """Deliver what is queued, then end."""
        self._queue.put(None)
        self._thread.join(5)

    def _match(self, rule: Any, event: dict[str, Any]) -> None:
        # A rule with a schedule has no pattern; moto takes that for "matches everything".
        if rule.state != "ENABLED" or not rule.event_pattern.get_pattern():
            return
        if rule.event_pattern.matches_event(event):
            for target in rule.targets:
                self.deliver(event, target)

    def _deliver_all(self) -> None:
        while (entry := self._queue.get()) is not None:
            event, target = entry
            try:
                self._deliver(target, json.dumps(_target_input(event, target)))
            except Exception as error:
                _log.exception("EventBridge could not deliver to %s", target["Arn"])
                self._to_dead_letters(event, target, error)

    def _deliver(self, target: dict[str, Any], body: str) -> None:
        arn = target["Arn"]
        service = arn.split(":")[2]
        if service == "states":
            name = f"{uuid.uuid4()}_{uuid.uuid4()}"
            backend = stepfunctions_parser_backends[ACCOUNT][REGION]
            backend.start_execution(arn, name, body)
        elif service == "lambda":
            pool = self._functions.find(arn)
            if pool is None:
                raise LookupError(f"There is no function {arn}.")
            self._functions.invoke_later(pool, body.encode())
        elif service == "sqs":
            _to_queue(arn, body)
        else:
            raise NotImplementedError(f"The local stack does not deliver events to {service}.")

    def _to_dead_letters(
        self, event: dict[str, Any], target: dict[str, Any], error: Exception
    ) -> None:
        arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if arn:
            event = {**event, "local-stack-error": f"{type(error).__name__}: {error}"}
            _to_queue(arn, json.dumps(event))


def _target_input(event: Any, target: dict[str, Any]) -> Any:
    if "Input" in target:
        return json.loads(target["Input"])
    if path := target.get("InputPath"):
        value: Any = event
        for member in path.removeprefix("$").strip(".").split("."):
            value = value[member] if member else value
        return value
    transformer = target.get("InputTransformer")
    if transformer:
        return EventTemplateParser.parse(
            input_template=transformer.get("InputTemplate"),
            input_paths_map=transformer.get("InputPathsMap", {}),
            event=event,
        )
    return event


def _to_queue(arn: str, body: str) -> None:
    sqs_backends[ACCOUNT][REGION].send_message(queue_name=arn.split(":")[-1], message_body=body)
