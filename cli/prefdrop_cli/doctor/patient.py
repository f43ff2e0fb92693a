"""The stack that is examined: its resources, and how reads of it are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.errors import PrefdropError
from prefdrop_cli.aws_errors import explain_aws
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.doctor.findings import Finding, bad, skipped
from prefdrop_cli.doctor.vendor_account import VendorAccount, of_stack

ALARM = "AWS::CloudWatch::Alarm"
ALARMS_AT_ONCE = 100
"""Names that DescribeAlarms takes."""
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


@dataclass(frozen=True)
class Patient:
    """A stack with what several checks look at."""

    deployment: Deployment

    @cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Type and physical id of each resource, by its name in the template."""
        client = self.deployment.client("cloudformation")
        pages = client.get_paginator("list_stack_resources").paginate(
            StackName=self.deployment.stack
        )
        return {
            one["LogicalResourceId"]: (one["ResourceType"], one.get("PhysicalResourceId", ""))
            for page in pages
            for one in page["StackResourceSummaries"]
        }

    def physical(self, name: str) -> str:
        """The physical id of a resource; empty where the stack lacks it."""
        return self.resources.get(name, ("", ""))[1].strip()

    def of_type(self, kind: str) -> dict[str, str]:
        """The physical ids of all resources of a type, by name."""
        return {
            name: physical.strip()
            for name, (type_, physical) in self.resources.items()
            if type_ == kind and physical.strip()
        }

    def alarms(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each alarm by its name in the template, with what CloudWatch says of it now."""
        names = {physical: name for name, physical in self.of_type(ALARM).items()}
        listed = list(names)
        for start in range(0, len(listed), ALARMS_AT_ONCE):
            answer = self.client("cloudwatch").describe_alarms(
                AlarmNames=listed[start : start + ALARMS_AT_ONCE]
            )
            for alarm in answer["MetricAlarms"]:
                yield names[alarm["AlarmName"]], alarm

    def client(self, service: str) -> Any:
        """A client of an AWS service, as the operator."""
        return self.deployment.client(service)

    @cached_property
    def vendor(self) -> VendorAccount:
        """The vendor account with the stack's credentials; raises what reading them raises."""
        return of_stack(self.deployment, self.vendor_secret)

    @cached_property
    def vendor_secret(self) -> dict[str, str]:
        """The vendor's credentials; raises msgspec.DecodeError for another shape."""
        return msgspec.json.decode(
            self.deployment.secret_text("VendorSecretArn"), type=dict[str, str]
        )

    @cached_property
    def now(self) -> datetime:
        """When the examination began."""
        return datetime.now(UTC)


Check = Callable[[Patient], Iterable[Finding]]


def examined(name: str, check: Check, patient: Patient) -> Iterator[Finding]:
    """What a check finds; that it could not look is a finding, too."""
    try:
        yield from check(patient)
    except ClientError as error:
        yield _refused(name, error)
    except BotoCoreError as error:
        told = explain_aws(error)
        yield bad(name, told.message, told.hint)
    except PrefdropError as error:
        yield bad(name, error.message, error.hint)


def _refused(name: str, error: ClientError) -> Finding:
    if error.response["Error"].get("Code") in DENIED:
        told = explain_aws(error)
        return skipped(
            name,
            f"These credentials may not look: {error.operation_name} is denied.",
            f"{told.hint} The action is named as the call: {error.operation_name}.",
        )
    told = explain_aws(error)
    return bad(name, told.message, told.hint)
