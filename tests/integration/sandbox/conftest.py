"""A running sandbox for all tests of this folder, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefdrop_local.sandbox.process import SandboxProcess, start_sandbox
from tests.integration.sandbox.caller import Json, Vendor


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    with start_sandbox(queued_seconds=0, records_per_second=0) as process:
        yield process


@pytest.fixture
def vendor(sandbox_process: SandboxProcess) -> Vendor:
    caller = Vendor(sandbox_process)
    caller.reset()
    return caller


@pytest.fixture
def contact() -> Any:
    """Makes a small record: `contact("C-1", Emails=[...])`."""

    def make(crm_id: str, **members: Any) -> Json:
        identity = [{"AlternateIdType": "CrmContactId", "AlternateId": crm_id}]
        return {"AlternateIds": identity, **members}

    return make
