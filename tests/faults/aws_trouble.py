"""AWS as it is on a bad day: a call fails before it acts, or acts and is then sent again.

botocore repeats a request whose answer was lost. The caller gets the second answer, and that may
say that the caller's own success is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from tests import call_watch

CODES = {
    "dynamodb": {
        "throttle": "ProvisionedThroughputExceededException",
        "denied": "AccessDeniedException",
        "fault": "InternalServerError",
    },
    "s3": {"throttle": "SlowDown", "denied": "AccessDenied", "fault": "InternalError"},
    "stepfunctions": {
        "throttle": "ThrottlingException",
        "denied": "AccessDeniedException",
        "fault": "InternalFailure",
    },
    "events": {
        "throttle": "ThrottlingException",
        "denied": "AccessDeniedException",
        "fault": "InternalException",
    },
    "secretsmanager": {
        "throttle": "ThrottlingException",
        "denied": "AccessDeniedException",
        "fault": "InternalServiceError",
    },
}
"""Codes of errors before a call acts, by service and kind."""

KINDS = ("repeat", "throttle", "denied", "fault", "unreached", "busy")
"""What can befall a call: it is repeated after it worked, or it fails before it acts."""


class Trouble:
    """What befalls the next calls: `plan` says after how many, what, and how many in a row."""

    def __init__(self) -> None:
        self._plan: list[tuple[int, str, int]] = []
        self._count = 0
        self._meanwhile: list[tuple[int, Callable[[], object]]] = []
        self.struck = 0

    def meanwhile(self, calls: int, act: Callable[[], object]) -> None:
        """Let something happen before the n-th call from now: in the middle of a step."""
        self._meanwhile.append((calls, act))

    def plan(self, *points: tuple[int, str, int]) -> None:
        """Set the points (calls until then, `repeat` or a failure, times)."""
        self._plan, self._count = list(points), 0

    def stop(self) -> None:
        """Plan nothing more."""
        self.plan()
        self._meanwhile = []

    def around(
        self, service: str, client: Any, name: str, /, *arguments: Any, **request: Any
    ) -> Any:
        """Make one call of `client`, unless it is its turn to fail or to be repeated."""
        self._let_happen()
        call, what = getattr(client, name), self._due()
        if what == "unreached":
            raise EndpointConnectionError(endpoint_url=f"https://{service}.example.test")
        if what == "busy" and name == "transact_write_items":
            code = "TransactionInProgressException"
            raise client.exceptions.from_code(code)({"Error": {"Code": code}}, name)
        if what and what != "repeat":
            code = CODES[service].get(what, CODES[service]["throttle"])
            raise ClientError(
                {
                    "Error": {"Code": code, "Message": "for the test"},
                    "ResponseMetadata": {"HTTPStatusCode": 500 if what == "fault" else 400},
                },
                name,
            )
        answer = call(*arguments, **request)
        if not what or (name == "transact_write_items" and request.get("ClientRequestToken")):
            return answer  # DynamoDB applies a repeated token once, and answers success
        return call(*arguments, **request)

    def _let_happen(self) -> None:
        self._meanwhile = [(left - 1, act) for left, act in self._meanwhile]
        due = [act for left, act in self._meanwhile if left <= 0]
        self._meanwhile = [(left, act) for left, act in self._meanwhile if left > 0]
        for act in due:
            with call_watch.by_hand():  # no call of the step that it happens in
                act()

    def _due(self) -> str:
        if not self._plan:
            return ""
        self._count += 1
        after, what, times = self._plan[0]
        if self._count < after:
            return ""
        self.struck += 1
        if self._count >= after + times - 1:
            self._plan.pop(0)
            self._count = 0
        return what
