"""EventBridge: buses, whose rules deliver to state machines, functions, queues, topics and buses.

moto matches the rules but drops what goes to a state machine in silence. Deliveries happen in a
thread of their own, so a request that causes an event does not wait for its targets; one that fails
goes to the target's dead-letter queue.
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

from moto.events.models import EventBus as MotoBus, EventsBackend, Rule, events_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from prefdrop_local.stack.bridges.templates import look_up, render
from prefdrop_local.stack.lambdas.service import Functions
from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.place import ACCOUNT, REGION

CARRIED_TARGETS = ("states", "lambda", "sqs", "sns", "events")
DEFAULT = "default"
_log = logging.getLogger("prefdrop_local.stack.eventbridge")


class EventBus:
    """All buses: `publish` fills in the envelope, matches the rules of one and delivers."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._queue: queue.SimpleQueue[tuple[dict[str, Any], Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._deliver_all, name="eventbridge", daemon=True)
        self._thread.start()
        self._observers: list[Callable[[dict[str, Any]], None]] = []

    def install(self, patches: Patches) -> None:
        """Take over the delivery of events that are put through the API."""

        put_events = EventsBackend.put_events

        def put(backend: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
            entries = put_events(backend, events)
            for event, entry in zip(events, entries, strict=True):
                if "EventId" in entry:
                    self.publish(_as_event(event, entry["EventId"]), bus=_bus_of(event))
            return entries

        patches.set(EventsBackend, "put_events", put)
        patches.set(Rule, "send_to_targets", lambda *_, **__: None)
        # Without it, `!Ref` of a bus would be the object itself.
        patches.set(MotoBus, "physical_resource_id", property(lambda bus: bus.name))

    def observe(self, observer: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Have `observer` called with every published event; returns the way out."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def publish(self, event: dict[str, Any], bus: str = DEFAULT) -> None:
        """Publish an event on a bus; the envelope's missing members are filled in.

        LookupError when there is no such bus.
        """
        buses = events_backends[ACCOUNT][REGION].event_buses
        if bus not in buses:
            raise LookupError(f"There is no event bus {bus}.")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        envelope = {"version": "0", "id": str(uuid.uuid4()), "account": ACCOUNT, "time": now}
        whole = {**envelope, "region": REGION, "resources": [], **event}
        for observer in list(self._observers):
            observer(whole)
        for rule in list(buses[bus].rules.values()):
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
            send_to_queue(arn, body)
        elif service == "sns":
            sns_backends[ACCOUNT][REGION].publish(message=body, arn=arn)
        elif service == "events":
            self.publish(json.loads(body), bus=arn.rpartition("/")[2])
        else:
            raise NotImplementedError(f"The local stack does not deliver events to {service}.")

    def _to_dead_letters(
        self, event: dict[str, Any], target: dict[str, Any], error: Exception
    ) -> None:
        arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if arn:
            event = {**event, "local-stack-error": f"{type(error).__name__}: {error}"}
            send_to_queue(arn, json.dumps(event))


def _target_input(event: Any, target: dict[str, Any]) -> Any:
    if "Input" in target:
        return json.loads(target["Input"])
    if path := target.get("InputPath"):
        return look_up(event, path)
    if transformer := target.get("InputTransformer"):
        paths = transformer.get("InputPathsMap", {})
        return render(transformer["InputTemplate"], lambda name: _variable(event, paths, name))
    return event


def _variable(event: Any, paths: dict[str, str], name: str) -> Any:
    if name == "aws.events.event.json":
        return event
    return look_up(event, paths[name]) if name in paths else None


def _as_event(entry: dict[str, Any], event_id: str) -> dict[str, Any]:
    """An entry of PutEvents as the rules see it."""
    moment = entry.get("Time")
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "id": event_id,
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "resources": entry.get("Resources", []),
        "detail": json.loads(entry["Detail"]),
    }
    return {**event, "time": str(moment)} if moment else event


def _bus_of(entry: dict[str, Any]) -> str:
    name: str = entry.get("EventBusName") or DEFAULT
    return name.rpartition("/")[2]


def send_to_queue(arn: str, body: str) -> None:
    """Put a message into a queue of the stack."""
    sqs_backends[ACCOUNT][REGION].send_message(queue_name=arn.split(":")[-1], message_body=body)
