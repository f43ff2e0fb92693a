"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from prefdrop_local.stack.botocore_data import reading_once
from tests import call_watch

EXAMPLES = 100 if os.environ.get("PREFDROP_THOROUGH") else 50
"""Generated cases of a property, where its test does not say."""

# A busy machine is no failure: neither generated cases nor their generation have a deadline.
settings.register_profile(
    "prefdrop", max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("prefdrop")


@pytest.fixture(scope="session", autouse=True)
def _models_of_aws_are_read_once() -> Iterator[None]:
    # Each emulation begins with sessions of its own, and a session reads its services' models anew.
    with reading_once():
        yield


def pytest_configure(config: pytest.Config) -> None:
    call_watch.watch(config)
