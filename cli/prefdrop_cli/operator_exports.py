"""What an operator does with exports, reached with the operator's own credentials."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from prefdrop.exporting import operate
from prefdrop.exporting.services import ExportServices
from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.exports import ExportStore
from prefdrop_cli.deployments import Deployment

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Started(NamedTuple):
    """A run that was started: its export, its id, and its execution's ARN."""

    export: str
    run: str
    execution: str


class OperatorExports(ExportServices):
    """The ledger's exports, the bucket and Step Functions; no function's settings are needed."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    @cached_property
    def exports(self) -> ExportStore:
        """The exports of the ledger."""
        return ExportStore(self._deployment.table, 0)

    @cached_property
    def files(self) -> ExportFiles:
        """The exports' objects in the bucket."""
        return ExportFiles(self._deployment.s3, self._deployment.bucket)

    @cached_property
    def step_functions(self) -> SFNClient:
        """The Step Functions client."""
        client: SFNClient = self._deployment.client("stepfunctions")
        return client

    def start(self, name: str, *, full: bool, allow_removals: int = 0) -> Started:
        """Start a run of an export; raises ExportMissing and ExportError."""
        machine = self._deployment.outputs["ExportStateMachineArn"]
        run, execution = operate.start_run(
            self, name, machine, full=full, allow_removals=allow_removals
        )
        return Started(name, run, execution)
