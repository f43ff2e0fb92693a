"""The whole export in one process: real steps and ledger code, moto as AWS, the real sandbox."""

from __future__ import annotations

import gzip
import importlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from prefdrop.exporting.step import export_step
from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.exports import ExportRun, ExportState, ExportStore
from prefdrop.mypreferences import Client, ImportSpec, auth_from_secret
from prefdrop_local.sandbox.process import SandboxProcess
from tests.call_watch import calls_of
from tests.faults.interpreter import Execution, Json, StepError
from tests.faults.simulation import (
    LIMIT_SECONDS,
    Death,
    Killed,
    Simulation,
    Worker,
    _Mortal,
)
from tests.workbench import ROOT

DEFINITION: Json = json.loads(Path(ROOT / "statemachine/export.asl.json").read_text())
S3_WRITES = ("put_object", "delete_objects")

EXPORT = """
[export]
segment = "AllProfiles"
mode = "incremental"
overlap_seconds = 30
[output]
object_bytes = 4000
page_records = 7
"""


class SharedDeath(Death):
    """A worker reads its next page in another thread; what happens still happens in some order."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def around(self, worker: Worker, act: Callable[[], Any]) -> Any:
        with self._lock:
            return super().around(worker, act)


class ExportWorker(Worker):
    """The services of one function call of an export."""

    @property
    def exports(self) -> ExportStore:
        return ExportStore(self.table, self.settings.retention_days)

    @property
    def files(self) -> ExportFiles:
        client: Any = _Mortal(self._simulation.s3, self, S3_WRITES)
        return ExportFiles(client, self.settings.bucket)

    @property
    def export_vendor(self) -> Any:
        from prefdrop.exporting.vendor import ExportVendor

        kept = self.__dict__.get("_export_vendor")
        if kept is None:
            kept = self.__dict__["_export_vendor"] = ExportVendor(self.vendor)
        return kept


class ExportSimulation(Simulation):
    """A bucket, a ledger, a vendor, and any number of runs of one export called `people`."""

    machine = "prefdrop-export"

    def __init__(self, sandbox: SandboxProcess, monkeypatch: Any, **settings: str) -> None:
        super().__init__(sandbox, monkeypatch, **settings)
        self.death = SharedDeath()
        self.client = Client(
            sandbox.url,
            sandbox.credentials["client_id"],
            auth_from_secret(self.secret, sandbox.credentials["client_id"], sandbox.url),
        )
        self.define(EXPORT)

    def define(self, text: str) -> None:
        """Put the export's definition into the bucket."""
        self.s3.put_object(Bucket="bucket", Key="exports/people.toml", Body=text.encode())

    # --- the vendor's profiles ------------------------------------------------------------------

    def put_people(self, numbers: Iterable[int], **members: Any) -> None:
        """Make or change profiles, each known by its CrmContactId."""
        records = [_person(number, members) for number in numbers]
        spec = ImportSpec(
            name="people", match_criteria="AlternateIdType", match_value="CrmContactId"
        )
        token = self.client.imports.initiate(spec).access_token
        body = json.dumps({"UserProfilePreferences": records}).encode()
        self.client.imports.stage(token, body, timeout=30)
        self.client.imports.execute(token)
        self._finish_imports()

    def put_person(self, number: int) -> None:
        """Make one profile, in one call."""
        person = _person(number, {})
        self.client.profiles.update_by_alternate_id("CrmContactId", f"C-{number}", person)

    def delete_people(self, numbers: Iterable[int]) -> None:
        """Remove profiles completely."""
        records = [_person(number, {}) for number in numbers]
        spec = ImportSpec(
            name="gone",
            import_action="Delete",
            match_criteria="AlternateIdType",
            match_value="CrmContactId",
        )
        token = self.client.imports.initiate(spec).access_token
        body = json.dumps({"UserProfilePreferences": records}).encode()
        self.client.imports.stage(token, body, timeout=30)
        self.client.imports.execute(token)
        self._finish_imports()

    def _finish_imports(self) -> None:
        while any(one["state"] in ("Queued", "Processing") for one in self._imports()):
            self.vendor("clock", "POST", advance=1)

    def _imports(self) -> list[Json]:
        imports: list[Json] = self.vendor("imports")["imports"]
        return imports

    def profiles(self) -> dict[int, Json]:
        """What the vendor holds, by profile id."""
        page = self.vendor("profiles?limit=1000")
        return {one["ProfileId"]: one for one in page["profiles"]}

    # --- runs ---------------------------------------------------------------------------------

    def start_run(self, run: str, *, full: bool = False, **asked: Any) -> Execution:
        """Start a run; it has not begun."""
        arn = f"arn:execution:people-{run}"
        start = {"export": "people", "run": run, "full": full, **asked}
        execution = Execution(arn, start, self.call, self.clock.advance, DEFINITION)
        self.executions.append(execution)
        return execution

    def finish(self, execution: Execution) -> Execution:
        """Walk an execution to its end; nobody calls back, so each wait runs out."""
        for _ in range(200):
            execution.run()
            if execution.status != "RUNNING":
                return execution
            assert execution.waiting
            self.clock.advance(5)
            execution.waiting.timed_out = True
        raise AssertionError("the execution does not end")

    def walk_to(self, execution: Execution, status: str) -> None:
        """Walk an execution until the ledger says that its run has this status."""
        run = execution.arn.rpartition("-")[2]
        while True:
            found = self.worker().exports.find("people", run)
            if found and found.status == status:
                return
            if not execution.step():
                assert execution.waiting, execution.error
                self.clock.advance(5)
                execution.waiting.timed_out = True

    def stop_at_death(self, execution: Execution) -> None:
        """Walk until a worker dies, then stop the execution before it is tried again."""
        while not self.death.struck and execution.status == "RUNNING":
            if not execution.step():
                assert execution.waiting, execution.error
                self.clock.advance(5)
                execution.waiting.timed_out = True
        if execution.status == "RUNNING":
            execution.status = "ABORTED"

    def export(self, run: str, **asked: Any) -> Execution:
        """Run the export from begin to end."""
        return self.finish(self.start_run(run, **asked))

    def call(self, function: str, payload: Json) -> Any:
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in function).lstrip("_")
        module = importlib.import_module(f"prefdrop.exporting.{name}")
        worker = ExportWorker(self)
        handler = export_step(module.run, lambda: worker)  # type: ignore[arg-type, return-value]
        context = SimpleNamespace(
            aws_request_id="simulated", get_remaining_time_in_millis=lambda: LIMIT_SECONDS * 1000
        )
        try:
            with calls_of(f"{function}Function", self.environment):
                return json.loads(json.dumps(handler(json.loads(json.dumps(payload)), context)))
        except Killed:
            raise StepError("Runtime.ExitError", "the process is gone") from None
        except Exception as error:
            raise StepError(type(error).__name__, str(error)) from None

    # --- looking ------------------------------------------------------------------------------

    def worker(self) -> ExportWorker:
        """The stores as an operator sees them."""
        return ExportWorker(self)

    def state(self) -> ExportState:
        return self.worker().exports.state("people")

    def run_item(self, run: str) -> ExportRun:
        return self.worker().exports.get("people", run)

    def manifests(self) -> dict[str, Json]:
        """Every manifest that a reader can see, by run."""
        found = {}
        for key in self.worker().files.list("exports/people/"):
            if key.endswith("/manifest.json"):
                manifest = json.loads(self.read(key))
                assert manifest["run"] not in found
                found[manifest["run"]] = manifest
        return found

    def records(self, manifest: Json) -> Iterator[Json]:
        """The records of a run, by its manifest."""
        for one in manifest["objects"]:
            for line in gzip.decompress(self.read(one["key"])).splitlines():
                yield json.loads(line)

    def assert_readers_have_everything(self) -> None:
        """Who reads the runs in their order has the vendor's profiles, no state of one twice."""
        held: dict[int, Json] = {}
        for _, manifest in sorted(self.manifests().items()):
            records = list(self.records(manifest))
            assert len(records) == manifest["records"]
            if manifest["mode"] == "full":
                held = {}
            for record in records:
                assert held.get(record["ProfileId"]) != record, "a record came twice"
                held[record["ProfileId"]] = record
        assert held == self.profiles()


def _person(number: int, members: Json) -> Json:
    return {
        "AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": f"C-{number}"}],
        "Emails": [{"EmailAddressType": "Home", "EmailAddress": f"p{number}@example.test"}],
        **members,
    }
