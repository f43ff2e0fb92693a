"""The vendor's paths may come from an object in the bucket, which each function may read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from prefdrop.auditing.services import Services as EventServices
from prefdrop.ledger.objects import ObjectMissing
from prefdrop.mypreferences.errors import Misconfigured
from prefdrop.services import Services
from tests.call_watch import calls_of
from tests.emulated_aws import ENVIRONMENT, emulated_aws, make_bucket

KEY = "configuration/routes-1.json"
SETTINGS = {**ENVIRONMENT, "PREFDROP_ROUTES": KEY}
STATUS = "Async/{clientId}/Import/{accessToken}/State"
SECRET = {"auth": "pnauthinfo3", "user_id": "api.user", "secret": "s3cret", "hash": "SHA256"}


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with emulated_aws():
        make_bucket()
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name="secret", SecretString=json.dumps(SECRET))
        yield


def _put(body: bytes) -> None:
    boto3.client("s3").put_object(Bucket="bucket", Key=KEY, Body=body)


def _services(function: str) -> Any:
    return (EventServices if function == "BackfillEventsFunction" else Services)(SETTINGS)


def _callers(root: Path) -> list[str]:
    """The functions whose role may read the vendor's credentials."""
    template = (root / "template.yaml").read_text("utf-8")
    blocks = re.split(r"^(?=  \w+:\n    Type: )", template, flags=re.M)
    roles = (re.match(r"  (\w+)Role:", one) for one in blocks if "Sid: VendorSecret" in one)
    return [role[1] for role in roles if role]


def test_every_function_that_calls_the_vendor_reads_its_routes(subtests, pytestconfig) -> None:
    _put(json.dumps({"import.status": STATUS}).encode())
    callers = _callers(pytestconfig.rootpath)

    assert len(callers) == 13
    for function in callers:
        with subtests.test(function=function), calls_of(function, SETTINGS):
            vendor = _services(function).vendor

            assert vendor._routes == {"import.status": STATUS}


def test_object_that_is_missing_is_named() -> None:
    with pytest.raises(ObjectMissing, match=re.escape(f"s3://bucket/{KEY}")):
        _services("InitiatePartFunction").vendor  # noqa: B018


def test_object_with_an_unknown_route_is_refused() -> None:
    _put(b'{"import.stat": "Async/{clientId}"}')

    with pytest.raises(Misconfigured, match=r"unknown route 'import\.stat'"):
        _services("InitiatePartFunction").vendor  # noqa: B018


def test_inline_routes_ask_the_bucket_for_nothing() -> None:
    services = Services({**ENVIRONMENT, "PREFDROP_ROUTES": json.dumps({"import.status": STATUS})})

    assert services.vendor._routes == {"import.status": STATUS}
    assert "objects" not in services.__dict__
