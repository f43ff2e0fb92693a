"""What an operator's decisions need of a stack, reached with the operator's own credentials."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from prefdrop.importing.services import Services
from prefdrop.ledger.imports import ImportStore
from prefdrop.ledger.objects import ObjectStore
from prefdrop.ledger.parts import PartStore
from prefdrop.ledger.turns import Turns
from prefdrop_cli.deployments import Deployment

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class OperatorServices(Services):
    """The ledger's imports and Step Functions; a function's settings and secret are not ours."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    @cached_property
    def imports(self) -> ImportStore:
        """The imports of the ledger."""
        return self._deployment.imports

    @cached_property
    def objects(self) -> ObjectStore:
        """The objects of the stack's bucket."""
        return ObjectStore(self._deployment.s3, self._deployment.bucket)

    @cached_property
    def parts(self) -> PartStore:
        """The parts of imports."""
        return self._deployment.parts

    @cached_property
    def turns(self) -> Turns:
        """Who waits for the vendor account's turn."""
        return self._deployment.turns

    @cached_property
    def operator(self) -> str:
        """Who decides, as AWS knows the caller."""
        arn: str = self._deployment.client("sts").get_caller_identity()["Arn"]
        return arn

    @cached_property
    def step_functions(self) -> SFNClient:
        """The Step Functions client."""
        client: SFNClient = self._deployment.client("stepfunctions")
        return client
