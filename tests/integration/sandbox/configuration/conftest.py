"""Short calls to the configuration API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.sandbox.caller import Json, Vendor

Listed = Callable[..., list[Json]]
Sent = Callable[..., requests.Response]


@pytest.fixture
def listed(vendor: Vendor) -> Listed:
    """`listed("EmailTypes", locale="es_US")`: the items of an answer."""

    def call(path: str, **query: Any) -> list[Json]:
        answer = vendor.call("GET", f"{vendor.client_id}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        [items] = answer.json().values()
        return list(items)

    return call


@pytest.fixture
def sent(vendor: Vendor) -> Sent:
    """`sent("POST", "EmailTypes", {"TypeName": "Club"})`: one item, in its collection."""

    def call(method: str, path: str, *items: Json) -> requests.Response:
        body = {path.partition("/")[0]: list(items)} if items else None
        return vendor.call(method, f"{vendor.client_id}/{path}", json=body)

    return call
