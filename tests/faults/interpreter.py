"""Walks the real state machine definition in this process, as fast as its functions answer.

It knows what `statemachine/import.asl.json` uses and refuses the rest. Waits move a clock of its
own; a function that dies is tried again as Step Functions does, after the time that the retrier
says. An execution is a generator that stops wherever the real one would wait for a task token, so
several can be interleaved at will.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from tests.workbench import ROOT

Json = dict[str, Any]
Call = Callable[[str, Json], Any]

DEFINITION: Json = json.loads(Path(ROOT / "statemachine/import.asl.json").read_text())


class StepError(Exception):
    """A function answered with an error: its name, and its text as Lambda gives it."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self.name = name
        self.cause = json.dumps({"errorType": name, "errorMessage": text})


class TokenWait:
    """What a waiting execution yields: the token, and later the answer to it."""

    def __init__(self, token: str, seconds: float = 0) -> None:
        self.token = token
        self.seconds = seconds
        """How long the state waits; 0 for as long as it takes."""
        self.until = 0
        """When that is over (ns), for whoever lets several executions wait at a time."""
        self.output: Any = None
        self.answered = False
        self.timed_out = False


class Execution:
    """One execution: `status` is RUNNING until it is SUCCEEDED or FAILED.

    `advance` waits for some seconds, or until a moment: it moves the clock itself, or returns the
    time in ns at which this execution is to go on while others do. `jitter` draws the share of a
    retrier's interval that is waited; by itself all of it.
    """

    def __init__(
        self,
        arn: str,
        start: Json,
        call: Call,
        advance: Callable[[str | int], int | None],
        definition: Json = DEFINITION,
        jitter: Callable[[], float] = lambda: 1.0,
    ):
        self.arn = arn
        self.status = "RUNNING"
        self.error = ""
        self.start = start
        self.asleep_until = 0
        """When it goes on (ns), if it left the clock to others."""
        self.visited: list[str] = []
        self.waiting: TokenWait | None = None
        self._call = call
        self._advance = advance
        self._definition = definition
        self._jitter = jitter
        self._retries = 0
        self._tokens = (f"{arn}/token-{n}" for n in itertools.count(1))
        self._kept = ""
        self._walk = self._run(definition["StartAt"], start)

    def go_on_at(self, state: str, data: Json, token: str = "") -> Execution:
        """Go on at a state that was entered earlier; with `token`, its function was called then."""
        self._tokens = (f"{self.arn}/later-token-{n}" for n in itertools.count(1))
        self._kept = token
        self._walk = self._run(state, data)
        if token:
            next(self._walk)
        return self

    def step(self) -> bool:
        """Go on until the next state; False when it has ended or must wait for a token."""
        if self.status != "RUNNING":
            return False
        waiting = self.waiting
        if waiting and not (waiting.answered or waiting.timed_out):
            return False
        next(self._walk, None)
        return True

    def run(self) -> Execution:
        """Go on for as long as nothing has to be waited for."""
        while self.step():
            pass
        return self

    def _run(self, name: str, data: Json) -> Generator[None, None, None]:
        while True:
            self.visited.append(name)
            state = self._definition["States"][name]
            kind = state["Type"]
            if kind == "Succeed":
                self.status = "SUCCEEDED"
                return
            if kind == "Fail":
                self.status = "FAILED"
                self.error = (
                    _path(state["ErrorPath"], data) if "ErrorPath" in state else state["Error"]
                )
                return
            if kind == "Choice":
                name = _choose(state, data)
            elif kind == "Wait":
                self._wait(_path(state.get("TimestampPath") or state["SecondsPath"], data))
                name = state["Next"]
            elif kind == "Pass":
                result = state.get("Result") or self._fill(state.get("Parameters", {}), data, "")
                data = _place(state["ResultPath"], data, result)
                name = state["Next"]
            else:
                name, data = yield from self._task(state, data)
            yield

    def _wait(self, until: str | int) -> None:
        self.asleep_until = self._advance(until) or 0

    def _task(self, state: Json, data: Json) -> Generator[None, None, tuple[str, Json]]:
        tried: Counter[int] = Counter()
        while True:
            self._retries = tried.total()
            try:
                result = yield from self._attempt(state, data)
            except StepError as error:
                self.waiting = None
                number, rule = _retrier(state, error.name)
                tried[number] += 1  # each retrier counts its own
                if tried[number] <= rule["MaxAttempts"]:
                    self._wait(round(_interval(rule, tried[number]) * self._jitter()))
                    yield
                    continue
                caught = next(c for c in state["Catch"] if _matches(c, error.name))
                failure = {"Error": error.name, "Cause": error.cause}
                return caught["Next"], _place(caught["ResultPath"], data, failure)
            return state["Next"], _place(state.get("ResultPath", "$"), data, result)

    def _attempt(self, state: Json, data: Json) -> Generator[None, None, Any]:
        kept, self._kept = self._kept, ""
        token = kept or next(self._tokens)
        parameters = self._fill(state["Parameters"], data, token)
        function = parameters["FunctionName"].removeprefix("${").removesuffix("FunctionArn}")
        if state["Resource"].endswith(".waitForTaskToken"):
            path = state.get("TimeoutSecondsPath")
            self.waiting = TokenWait(token, _path(path, data) if path else 0)
            try:
                if not kept:
                    self._call(function, parameters["Payload"])
            except StepError:
                if not self.waiting.answered:  # an answer ends the state, whatever the function did
                    raise
            while not self.waiting.answered:
                if self.waiting.timed_out:
                    raise StepError("States.Timeout", "")
                yield
            output, self.waiting = self.waiting.output, None
            return output
        result = {"Payload": self._call(function, parameters["Payload"])}
        selector = state.get("ResultSelector")
        return self._fill(selector, result, token) if selector else result

    def _fill(self, template: Any, data: Json, token: str) -> Any:
        if isinstance(template, dict):
            return {
                key.removesuffix(".$"): self._value(value, data, token)
                if key.endswith(".$")
                else self._fill(value, data, token)
                for key, value in template.items()
            }
        return template

    def _value(self, path: str, data: Json, token: str) -> Any:
        if path == "$$.Execution.Id":
            return self.arn
        if path == "$$.Task.Token":
            return token
        if path == "$$.State.RetryCount":
            return self._retries
        if path.startswith("States."):
            return path
        return _path(path, data)


def _path(path: str, data: Json) -> Any:
    value: Any = data
    for name in path.removeprefix("$").split("."):
        if name:
            value = value[name]
    return value


def _place(path: str | None, data: Json, result: Any) -> Json:
    if path is None:
        return data
    if path == "$":
        return result  # type: ignore[no-any-return]
    name = path.removeprefix("$.")
    assert "." not in name
    return {**data, name: result}


def _is_present(path: str, data: Json) -> bool:
    try:
        _path(path, data)
    except KeyError:
        return False
    return True


def _choose(state: Json, data: Json) -> str:
    for rule in state["Choices"]:
        if "IsPresent" in rule:
            holds = _is_present(rule["Variable"], data) == rule["IsPresent"]
        else:
            holds = _path(rule["Variable"], data) == rule["StringEquals"]
        if holds:
            return str(rule["Next"])
    return str(state["Default"])


def _retrier(state: Json, error: str) -> tuple[int, Json]:
    rules = enumerate(state["Retry"])
    return next(((n, r) for n, r in rules if _matches(r, error)), (0, {"MaxAttempts": 0}))


def _interval(rule: Json, attempt: int) -> int:
    """Seconds before a try, which jitter shortens."""
    seconds = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2) ** (attempt - 1)
    return int(min(seconds, rule.get("MaxDelaySeconds", seconds)))


def _matches(rule: Json, error: str) -> bool:
    return error in rule["ErrorEquals"] or "States.ALL" in rule["ErrorEquals"]


def answered(executions: Iterator[Execution], token: str, output: Any) -> bool:
    """Answer a token; False when no execution waits for it."""
    for execution in executions:
        waiting = execution.waiting
        over = execution.status != "RUNNING" or waiting is None or waiting.timed_out
        if waiting and not over and waiting.token == token and not waiting.answered:
            waiting.output, waiting.answered = output, True
            return True
    return False
