"""Start, use and stop the local stack."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from prefdrop_local.stack.folders import make_own_folder, remove
from prefdrop_local.stack.lambdas.forker import Forker
from prefdrop_local.stack.lambdas.pool import Function, Invocation, Pool
from prefdrop_local.stack.lambdas.service import Functions
from prefdrop_local.stack.parameters import LOCAL_PARAMETERS
from prefdrop_local.stack.place import REGION
from prefdrop_local.stack.sandbox_start import SandboxStart, StackError
from prefdrop_local.stack.settings import StackSettings
from prefdrop_local.stack.table_requests import TableObserver
from prefdrop_local.stack.translation import TemplateError, TranslationProcess
from prefdrop_local.stack.vendor import ExternalVendor, RunningSandbox

if TYPE_CHECKING:
    from prefdrop_local.stack.bridges.http_api import HttpRequest

_REPOSITORY = Path(__file__).resolve().parents[3]
_SECRET = "VendorSecret"
_WEBHOOK_SECRET = "WebhookSecret"
_one_stack = threading.Lock()


class LocalStack:
    """`template.yaml` of `root`, deployed on this machine. One at a time in a process.

    `vendor` is an external vendor, a running sandbox, or None to start a sandbox and stop it again.
    `data_dir` keeps the logs; without it they go with the stack.
    """

    def __init__(
        self,
        root: Path = _REPOSITORY,
        parameters: Mapping[str, str] | None = None,
        vendor: ExternalVendor | RunningSandbox | Literal["none"] | None = None,
        data_dir: Path | None = None,
        settings: StackSettings | None = None,
        *,
        template: str = "template.yaml",
    ) -> None:
        self.root = root.resolve()
        self.settings = settings or StackSettings()
        self.phases: dict[str, float] = {}
        self.sandbox: Any = None
        self._given = dict(parameters or {})
        self._vendor = vendor
        self._data_dir = data_dir
        self._template = self.root / template
        self._running = ExitStack()

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> LocalStack:
        """Start everything; on an error nothing is left running."""
        if not _one_stack.acquire(blocking=False):
            raise StackError("A local stack runs in this process already; stop it first.")
        self._running.callback(_one_stack.release)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything: executions, workers, schedules, server, sandbox."""
        self._running.close()

    def __enter__(self) -> LocalStack:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        clock = _Phases(self.phases)
        self._make_folders()
        if not self._template.is_file():
            raise StackError(f"There is no {self._template}; start the stack in the repository.")
        # What runs in processes of its own starts first, beside the import of moto.
        forker = Forker()
        self._running.callback(forker.stop)
        translating = TranslationProcess(self._template)
        self._running.callback(translating.stop)
        sandbox = SandboxStart(self._vendor, self.settings.allow_hosts)
        self._running.callback(sandbox.stop)
        clock.done("processes")
        from prefdrop_local.stack.botocore_data import reading_once

        with reading_once():
            from prefdrop_local.stack import engine

            clock.done("import of moto")
            try:
                self._engine = engine.Engine(forker, self.settings, self.logs_dir / "stack.log")
                self._running.callback(self._engine.stop)
                clock.done("server")
                translation = translating.result()
                clock.done("translation")
                vendor, self.sandbox = sandbox.result()
                clock.done("sandbox")
                parameters = self._parameters(translation.template, vendor)
                self._engine.deploy(translation, parameters, root=self.root, logs=self.logs_dir)
            except (TemplateError, engine.ParameterError, engine.PortTakenError) as error:
                raise StackError(str(error)) from None
        clock.done("deployment")
        if vendor is not None and _SECRET in self._engine.deployment.physical_ids:
            self.set_vendor_secret(vendor)

    def _make_folders(self) -> None:
        if self._data_dir is None:
            self.data_dir = make_own_folder()
            self._running.callback(remove, self.data_dir)
        else:
            self.data_dir = self._data_dir.resolve()
        self.logs_dir = self.data_dir / "logs"
        self.logs_dir.mkdir(parents=True, exist_ok=True)

    def _parameters(
        self, template: dict[str, Any], vendor: ExternalVendor | None
    ) -> dict[str, str]:
        known = template.get("Parameters", {})
        ours = dict(LOCAL_PARAMETERS)
        if vendor is not None:
            ours |= {"ClientId": vendor.client_id, "BaseUrl": vendor.url}
        ours = {name: value for name, value in ours.items() if name in known}
        return {**ours, **self._given}

    # --- what it offers -----------------------------------------------------------------------

    @property
    def endpoint(self) -> str:
        """The address for any AWS client; the credentials are `test`/`test`."""
        return self._engine.server.endpoint

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the CloudFormation stack."""
        return self._engine.deployment.outputs

    @property
    def carried(self) -> dict[str, str]:
        """Logical id and type of each resource that exists here."""
        return self._engine.deployment.carried

    @property
    def not_carried(self) -> dict[str, str]:
        """Logical id and type of each resource that does not, with the reason where it helps."""
        return self._engine.deployment.not_carried

    def physical_id(self, logical_id: str) -> str:
        """A resource's name, URL or ARN, as `!Ref` gives it."""
        return self._engine.deployment.physical_ids[logical_id]

    @property
    def webhook_url(self) -> str | None:
        """Where the vendor delivers events to, key included; None when the template takes none."""
        address = self.outputs.get("WebhookUrl")
        secret = self._engine.deployment.physical_ids.get(_WEBHOOK_SECRET)
        if address is None or secret is None:
            return None
        key: str = json.loads(self._engine.secret(secret))["key"]
        return address + key

    def client(self, service: str) -> Any:
        """A boto3 client of the stack."""
        import boto3

        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def set_vendor_secret(self, vendor: ExternalVendor) -> None:
        """Write a vendor's credentials into the stack's secret."""
        self._engine.put_secret(self._engine.deployment.physical_ids[_SECRET], vendor.secret_json())

    def cut_downloads(self, after: int) -> Callable[[], int]:
        """Have S3 cut each download after so many bytes; returns what ends it and says how many."""
        cuts = self._engine.server.cuts
        cuts.after, cuts.made = after, 0

        def end() -> int:
            cuts.after = 0
            return cuts.made

        return end

    # --- functions ----------------------------------------------------------------------------

    def invoke(self, function: str, payload: bytes = b"{}") -> Invocation:
        """Call a function by logical id, name or ARN and wait."""
        return self._functions.invoke(self._pool(function), payload)

    def function(self, name: str) -> Function:
        """A function as it is deployed, by logical id, name or ARN."""
        return self._pool(name).function

    def have_invoked(self, elsewhere: Callable[[Function, bytes], bytes]) -> Callable[[], None]:
        """Have another runtime answer every call from now on; returns what ends it.

        `elsewhere` is given the function and the payload, and answers as the function does: a
        failed call with an object of `errorType` and `errorMessage`.
        """
        self._functions.elsewhere = elsewhere

        def end() -> None:
            self._functions.elsewhere = None

        return end

    @property
    def invocations(self) -> list[Invocation]:
        """Past and running invocations, oldest first."""
        return list(self._functions.invocations)

    def on_invoke(self, observer: Callable[[Invocation], None]) -> Callable[[], None]:
        """Call `observer` at the start (`ended` is None) and end of each invocation.

        It runs in the calling thread of the invocation and delays it. Returns what ends it.
        """
        return self._functions.observe(observer)

    def kill_worker(self, function: str) -> bool:
        """Kill a busy worker of a function, as a crash would; False when none is busy."""
        return self._pool(function).kill()

    def suspend_worker(self, function: str) -> bool:
        """Stop a busy worker where it stands until `resume_workers`; False when none is busy."""
        return self._pool(function).suspend()

    def resume_workers(self, function: str) -> None:
        """Let a function's suspended workers run on."""
        self._pool(function).resume()

    # --- events and schedules -----------------------------------------------------------------

    def publish(self, event: dict[str, Any], bus: str = "default") -> None:
        """Publish an EventBridge event as a service would, for example one a second time."""
        self._engine.bus.publish(event, bus)

    def on_event(self, observer: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call `observer` with each event of every EventBridge bus; returns what ends it."""
        return self._engine.bus.observe(observer)

    def on_http_request(self, observer: Callable[[HttpRequest], None]) -> Callable[[], None]:
        """Call `observer` with each request to an HTTP API, just before its answer is sent.

        Returns what ends it.
        """
        observers = self._engine.http_apis.observers
        observers.append(observer)
        return lambda: observers.remove(observer)

    def wait_for_pipes(self, seconds: float = 60.0) -> bool:
        """Wait until every change that tables have seen so far is on its bus; whether it came to
        that in time."""
        return self._engine.pipes.wait_until_empty(seconds)

    def on_table_request(self, observer: TableObserver) -> Callable[[], None]:
        """Call `observer` before and after each DynamoDB request; returns what ends it.

        It may kill a worker, wait, hold items back, or raise `TableFaultError`.
        """
        observers = self._engine.table_observers
        observers.append(observer)
        return lambda: observers.remove(observer)

    def fire_schedule(self, logical_id: str) -> None:
        """Fire a schedule of the template now."""
        self._engine.schedules.fire(logical_id)

    @property
    def _functions(self) -> Functions:
        return self._engine.functions

    def _pool(self, function: str) -> Pool:
        pool = self._functions.find(function)
        if pool is None:
            names = ", ".join(pool.function.logical_id for pool in self._functions.all())
            raise StackError(f"There is no function {function}; there are {names}.")
        return pool


class _Phases:
    """How long each phase of the start took."""

    def __init__(self, phases: dict[str, float]) -> None:
        self._phases = phases
        self._began = time.monotonic()

    def done(self, phase: str) -> None:
        now = time.monotonic()
        self._phases[phase], self._began = now - self._began, now
