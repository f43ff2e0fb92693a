"""The whole import in one process: the real steps and ledger code, moto as AWS, the real sandbox.

A function call is a *worker*. It can be made to die before or after any of its ledger writes or
vendor requests; from then on nothing of it reaches the outside, as when Lambda kills a process. Any
call of AWS can fail, or be repeated after it worked, and the vendor can be away for a time.
"""

from __future__ import annotations

import importlib
import itertools
import json
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import requests
from botocore.exceptions import ClientError

from prefdrop.bus import Bus
from prefdrop.importing import operate
from prefdrop.importing.step import step
from prefdrop.importing.vendor import Vendor
from prefdrop.ledger import clock
from prefdrop.mypreferences.transport import Retries
from prefdrop.services import Services
from prefdrop_local.sandbox.process import SandboxProcess
from tests import call_watch
from tests.emulated_aws import ENVIRONMENT, make_bucket, make_tables
from tests.faults.aws_trouble import Trouble
from tests.faults.interpreter import Execution, Json, StepError, answered
from tests.faults.lambda_trouble import LambdaTrouble
from tests.faults.weather import Weather

WRITES = (
    "put_item",
    "update_item",
    "delete_item",
    "transact_write_items",
    "batch_write_item",
    "send_task_success",
    "put_events",
)
"""Calls that a worker may not survive."""

NO_CALLS = ("exceptions", "meta")
"""Members of a client that ask for nothing."""
LIMIT_SECONDS = 900.0


class Killed(BaseException):
    """The worker's process is gone."""


class Clock:
    """The time as the ledger sees it: real time plus what waiting has skipped.

    The vendor's clock moves with it: `tell` is called with each skip, in seconds.
    """

    def __init__(self, tell: Callable[[float], None]) -> None:
        self.skipped_ns = 0
        self._tell = tell

    def time_ns(self) -> int:
        return time.time_ns() + self.skipped_ns

    def moment(self, until: str | float) -> int:
        """Return the end of a wait for some seconds, or until a moment, in ns."""
        if isinstance(until, str):
            wanted = clock.datetime.fromisoformat(until).timestamp() * 1_000_000_000
            return max(self.time_ns(), round(wanted)) + 1_000_000
        return self.time_ns() + round(until * 1_000_000_000)

    def advance(self, until: str | float) -> None:
        """Wait for some seconds, or until a moment."""
        skip = self.moment(until) - self.time_ns()
        self.skipped_ns += skip
        self._tell(skip / 1_000_000_000)


class Death:
    """When the next workers die: at the n-th write or request from now on, before or after it."""

    def __init__(self) -> None:
        self._plan: list[tuple[int, str]] = []
        self._count = 0
        self.struck = 0

    def plan(self, *points: tuple[int, str]) -> None:
        """Set the points; each counts from the one before it."""
        self._plan, self._count = list(points), 0

    def around(self, worker: Worker, act: Callable[[], Any]) -> Any:
        """Do one thing that others can see, unless the worker dies first."""
        if worker.dead:
            raise Killed
        self._count += 1
        due = bool(self._plan) and self._count >= self._plan[0][0]
        if due and self._plan[0][1] == "before":
            self._kill(worker)
        result = act()
        if due:
            self._kill(worker)
        return result

    def _kill(self, worker: Worker) -> None:
        del self._plan[:1]  # a worker that acted in the middle of this one may have died of it
        self._count = 0
        self.struck += 1
        worker.dead = True
        raise Killed


class Worker(Services):
    """The services of one function call, with a process that can die."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.dead = False
        super().__init__(simulation.environment)

    def _aws(self, service: str, client: Any) -> Any:
        return _Mortal(_Troubled(service, client, self._simulation.trouble), self, WRITES)

    @property
    def _dynamodb(self) -> Any:
        return self._aws("dynamodb", self._simulation.dynamodb)

    @property
    def _s3(self) -> Any:
        return self._aws("s3", self._simulation.s3)

    @property
    def step_functions(self) -> Any:
        return self._aws("stepfunctions", self._simulation.step_functions)

    @property
    def bus(self) -> Bus:
        client: Any = self._aws("events", self._simulation.events)
        return Bus(client, self.settings.bus)

    def _secret(self) -> dict[str, str]:
        secrets = self._aws("secretsmanager", self._simulation.secrets)
        secret: dict[str, str] = secrets.get_secret_value()
        return secret

    @property
    def vendor(self) -> Vendor:
        kept = self.__dict__.get("_vendor")
        if kept is None:
            kept = self.__dict__["_vendor"] = Vendor(
                self.settings, self._secret, lambda key: self.objects.read(key).body
            )
            send = kept.session.send

            def mortal(request: Any, **options: Any) -> Any:
                simulation = self._simulation
                return simulation.death.around(
                    self, lambda: simulation.weather.around(send, request, options)
                )

            kept.session.send = mortal  # type: ignore[method-assign]
        return kept

    @property
    def vendor_is_known(self) -> bool:
        return "_vendor" in self.__dict__


class _Mortal:
    """A client some of whose calls the worker may not survive."""

    def __init__(self, client: Any, worker: Worker, watched: tuple[str, ...]) -> None:
        self._client = client
        self._worker = worker
        self._watched = watched

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in self._watched:
            return call
        death = self._worker._simulation.death
        return lambda **request: death.around(self._worker, lambda: call(**request))


class _Troubled:
    """A client any of whose calls may fail, or be repeated after it worked."""

    def __init__(self, service: str, client: Any, trouble: Trouble) -> None:
        self._service = service
        self._client = client
        self._trouble = trouble

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name in NO_CALLS:
            return call
        return partial(self._trouble.around, self._service, self._client, name)


class _StepFunctions:
    """Step Functions as the steps call it."""

    class exceptions:  # noqa: N801 - boto3's name
        class ExecutionDoesNotExist(Exception):
            pass

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803
        call_watch.asked("stepfunctions", "SendTaskSuccess")
        if not answered(iter(self._simulation.executions), taskToken, json.loads(output)):
            raise ClientError({"Error": {"Code": "TaskTimedOut"}}, "SendTaskSuccess")

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Json:  # noqa: N803
        """One name is one execution: the same again is answered alike while it runs."""
        whole = f"arn:aws:states:us-east-1:123456789012:stateMachine:{self._simulation.machine}"
        call_watch.asked("stepfunctions", "StartExecution", stateMachineArn=whole)
        arn = f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"
        begun = next((one for one in self._simulation.executions if one.arn == arn), None)
        if begun is None:
            self._simulation.start(json.loads(input), arn)
        elif begun.status != "RUNNING" or begun.start != json.loads(input):
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")
        return {"executionArn": arn}

    def stop_execution(self, *, executionArn: str, cause: str) -> None:  # noqa: N803
        whole = f"arn:aws:states:us-east-1:123456789012:execution:{self._simulation.machine}:one"
        call_watch.asked("stepfunctions", "StopExecution", executionArn=whole)
        for execution in self._simulation.executions:
            if execution.arn == executionArn and execution.status == "RUNNING":
                execution.status = "ABORTED"

    def describe_execution(self, *, executionArn: str) -> Json:  # noqa: N803
        whole = f"arn:aws:states:us-east-1:123456789012:execution:{self._simulation.machine}:one"
        call_watch.asked("stepfunctions", "DescribeExecution", executionArn=whole)
        for execution in self._simulation.executions:
            if execution.arn == executionArn:
                return {"status": execution.status}
        raise self.exceptions.ExecutionDoesNotExist


class _Secrets:
    """Secrets Manager as the steps call it, with the secret already read."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def get_secret_value(self) -> dict[str, str]:
        now = self._simulation.clock.time_ns()
        wrong = {"secret": "a-wrong-one"} if now < self._simulation.wrong_secret_until else {}
        return self._simulation.secret | wrong


class _Events:
    """EventBridge as the steps call it."""

    def __init__(self) -> None:
        self.announced: list[tuple[str, Json]] = []
        """Detail-type and detail of each event, oldest first."""

    def put_events(self, *, Entries: list[Json]) -> Json:  # noqa: N803
        call_watch.asked("events", "PutEvents", Entries=Entries)
        self.announced += [(e["DetailType"], json.loads(e["Detail"])) for e in Entries]
        return {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}


class Simulation:
    """A bucket, a ledger, a vendor, and any number of executions. Use it inside moto's mock."""

    machine = "prefdrop-import"
    """Name of the state machine that it walks, as the local stack has it."""

    def __init__(self, sandbox: SandboxProcess, monkeypatch: Any, **settings: str) -> None:
        self.clock = Clock(lambda seconds: self.vendor("clock", "POST", advance=seconds))
        monkeypatch.setattr(clock, "time", SimpleNamespace(time_ns=self.clock.time_ns))
        monkeypatch.setattr(
            Retries.__new__, "__defaults__", (4, 0.5, 8.0, self.clock.advance, lambda: 0.5)
        )
        self.death = Death()
        self.trouble = Trouble()
        self.weather = Weather(self.clock.time_ns)
        self.functions = LambdaTrouble(self.clock.time_ns)
        self.sandbox = sandbox
        self.secret = {"auth": "pnauthinfo3", "hash": "SHA256"} | {
            name: sandbox.credentials[name] for name in ("user_id", "secret")
        }
        self.executions: list[Execution] = []
        self.wrong_secret_until = 0
        """Until when (ns) the stack's secret is not the vendor's."""
        self.calls: list[tuple[str, Json]] = []
        """Each call of a step, so that a worker can come late with it."""
        self.secrets = _Secrets(self)
        self.step_functions = _StepFunctions(self)
        self.events = _Events()
        self.environment = _environment(sandbox) | settings
        self.dynamodb = boto3.client("dynamodb")
        self.s3 = boto3.client("s3")
        self._numbers = itertools.count(1)
        make_bucket()
        make_tables()

    # --- running ------------------------------------------------------------------------------

    def push_feed(self, text: str, name: str = "people") -> None:
        """Put a feed into the bucket."""
        self.s3.put_object(Bucket="bucket", Key=f"feeds/{name}.toml", Body=text.encode())

    def drop(
        self,
        body: bytes,
        feed: str = "people",
        name: str = "people.csv",
        *,
        time: str = "",
        sequencer: str = "",
    ) -> Execution:
        """Drop a file; returns its execution, which has not begun.

        `time` and `sequencer` are S3's, where they matter.
        """
        key = f"inbox/{feed}/{name}"
        version = self.s3.put_object(Bucket="bucket", Key=key, Body=body)["VersionId"]
        number = next(self._numbers)
        event = {
            "time": time or f"2026-01-15T10:{number // 60:02d}:{number % 60:02d}Z",
            "detail": {
                "bucket": {"name": "bucket"},
                "object": {
                    "key": key,
                    "version-id": version,
                    "size": len(body),
                    "sequencer": sequencer or f"{number:016X}",
                },
            },
        }
        return self.start(event)

    def retry(self, execution: Execution, **options: bool) -> Execution:
        """Go on with the import of an execution that has ended, as an operator would."""
        services = self.services()
        operate.retry(services, self.import_id(execution), "arn:execution", **options)
        return self.executions[-1]

    def start(self, event: Json, arn: str = "") -> Execution:
        """Start an execution."""
        arn = arn or f"arn:execution:{len(self.executions)}"
        execution = Execution(arn, event, self.invoke, self.clock.advance)
        self.executions.append(execution)
        return execution

    def services(self) -> Services:
        """The ledger as an operator sees it."""
        return Worker(self)

    def ledger(self) -> Services:
        """The ledger, for looking: nothing befalls these calls."""
        looking = Services(self.environment)
        looking.__dict__.update(_dynamodb=self.dynamodb, _s3=self.s3)
        return looking

    def invoke(self, function: str, payload: Json) -> Any:
        """Call a function as a state machine does, which Lambda may refuse to do."""
        self.functions.before()
        said = self.call(function, payload)
        self.functions.after()
        return said

    def call(self, function: str, payload: Json) -> Any:
        self.calls.append((function, payload))
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in function).lstrip("_")
        module = importlib.import_module(f"prefdrop.importing.{name}")
        worker = Worker(self)
        handler = step(module.run, lambda: worker)
        context = SimpleNamespace(
            aws_request_id="simulated", get_remaining_time_in_millis=lambda: LIMIT_SECONDS * 1000
        )
        try:
            with call_watch.calls_of(f"{function}Function", self.environment):
                return json.loads(json.dumps(handler(json.loads(json.dumps(payload)), context)))
        except Killed:
            raise StepError("Runtime.ExitError", "the process is gone") from None
        except Exception as error:
            raise StepError(type(error).__name__, str(error)) from None

    # --- looking ------------------------------------------------------------------------------

    def read(self, key: str) -> bytes:
        """An object of the bucket."""
        body: bytes = self.s3.get_object(Bucket="bucket", Key=key)["Body"].read()
        return body

    def import_id(self, execution: Execution) -> str:
        """The import that an execution was the last to work on."""
        found = (i for i in self.services().imports.list() if i.execution_arn == execution.arn)
        return next(found).import_id

    def report(self, execution: Execution) -> Json:
        """The report of an execution's import."""
        record = self.services().imports.get(self.import_id(execution))
        report: Json = json.loads(self.read(record.report_key))
        return report

    def vendor(self, path: str, method: str = "GET", **body: Any) -> Any:
        """Ask the sandbox's admin endpoint."""
        answer = requests.request(method, self.sandbox.admin_url + path, json=body or None)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, *rules: Json, seed: int = 1) -> None:
        """Have the sandbox misbehave."""
        self.vendor("faults", "PUT", seed=seed, rules=list(rules))


def _environment(sandbox: SandboxProcess) -> dict[str, str]:
    return ENVIRONMENT | {
        "PREFDROP_CLIENT_ID": sandbox.credentials["client_id"],
        "PREFDROP_BASE_URL": sandbox.url,
        "PREFDROP_QUOTA_LIMIT": "1000000",
        "PREFDROP_REQUEST_SECONDS": "2",
        "PREFDROP_LEASE_SECONDS": "10",
        "PREFDROP_GHOST_SECONDS": "5",
    }
