from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from prefdrop.mypreferences import Client, PnAuthInfo3, Retries
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor

MakeClient = Callable[..., Client]


@pytest.fixture
def vendor() -> Iterator[ScriptedVendor]:
    scripted = ScriptedVendor()
    yield scripted
    scripted.close()


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the client made between tries, which take no time in tests."""
    return []


@pytest.fixture
def make_client(vendor: ScriptedVendor, pauses: list[float]) -> Iterator[MakeClient]:
    made = []

    def make(**options: object) -> Client:
        settings = {
            "base_url": vendor.url,
            "client_id": "DEMO_CLIENT",
            "auth": PnAuthInfo3("DEMO_CLIENT", "demo.api.user", "example-shared-key-0001"),
            "timeout": 5.0,
            "retries": Retries(sleep=pauses.append, jitter=lambda: 0.5),
            **options,
        }
        made.append(Client(**settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()
