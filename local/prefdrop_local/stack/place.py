"""Where the local stack pretends to be."""

from __future__ import annotations

ACCOUNT = "123456789012"
"""moto's account for credentials that it does not know, such as `test`/`test`."""
REGION = "us-east-1"
PARTITION = "aws"
STACK_NAME = "prefdrop"
CODE_BUCKET = "prefdrop-local-code"
"""Holds an empty archive that stands for every function's code: CloudFormation wants one."""
