"""What the process of every mutant has imported already; nothing of the library is among it."""

from __future__ import annotations

import sys

import aws_lambda_powertools.metrics
import botocore.session
import cryptography.x509
import hypothesis
import moto.backends
import moto.dynamodb.responses
import moto.dynamodb.urls
import moto.iam.models
import moto.s3.responses
import moto.sts.models
import msgspec
import pytest
import requests

from prefdrop_local.stack.botocore_data import read_once

read_once()
for _service in ("dynamodb", "s3"):
    # The client is dropped; the description of its service stays in memory.
    botocore.session.Session().create_client(
        _service,
        region_name="us-east-1",
        aws_access_key_id="unused",
        aws_secret_access_key="unused",
    )
assert "prefdrop" not in sys.modules

__all__ = [
    "aws_lambda_powertools",
    "cryptography",
    "hypothesis",
    "moto",
    "msgspec",
    "pytest",
    "requests",
]
