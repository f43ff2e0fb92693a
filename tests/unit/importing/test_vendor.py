"""The vendor's client while its credentials are changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from prefdrop.importing.vendor import Vendor
from prefdrop.mypreferences import TokenRefused
from tests.workbench import PATIENCE


def _no_object(key: str) -> bytes:
    raise AssertionError(key)


class _Rotated(Vendor):
    """Its clients are the secrets that they are made of."""

    def _make_client(self, secret: dict[str, str]) -> Any:
        return secret["value"]


def test_calls_that_are_refused_side_by_side_all_go_on_with_the_new_credentials() -> None:
    secret = {"value": "old"}
    settings: Any = SimpleNamespace(
        base_url="https://vendor.example.test/", integration_url="", routes="{}"
    )
    vendor = _Rotated(settings, lambda: dict(secret), _no_object)
    both, quick_is_done = threading.Barrier(2), threading.Event()
    secret["value"] = "new"

    def page(client: Any, *, last: bool) -> str:
        if client == "new":
            return "page"
        both.wait(PATIENCE)
        if last:
            quick_is_done.wait(PATIENCE)
        raise TokenRefused("The access token is not known.")

    def quick() -> str:
        try:
            return vendor.call(lambda client: page(client, last=False))
        finally:
            quick_is_done.set()

    with ThreadPoolExecutor(2) as threads:
        calls = [
            threads.submit(quick),
            threads.submit(lambda: vendor.call(lambda client: page(client, last=True))),
        ]

    assert [call.result() for call in calls] == ["page", "page"]
