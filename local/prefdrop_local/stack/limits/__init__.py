"""AWS's documented limits that moto does not check, so that a request fails here as it does there.

moto's own checks come after these and are not repeated. The tests in `tests/unit/limits`
have one case for each rule, with the answer that AWS documents.
"""

from __future__ import annotations

from prefdrop_local.stack.limits import executions, messages, objects
from prefdrop_local.stack.patching import Patches


def install(patches: Patches) -> None:
    """Check requests to S3, Step Functions, EventBridge, SQS and SNS.

    `bridges.dynamodb` checks those to DynamoDB, in the order in which it serves them.
    """
    objects.install(patches)
    executions.install(patches)
    messages.install(patches)
