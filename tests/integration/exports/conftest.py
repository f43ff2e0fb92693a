"""One stack for all export tests, and a vendor that holds the people of the example file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.exports.exporter import Exporter
from tests.workbench import workbench


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    # Waits for the vendor's callback run out after this long; the callback is to come before.
    parameters = {"PollFirstSeconds": "30", "LogLevel": "DEBUG"}
    sandbox = {"export_seconds": 0.2, "allow_http_loopback": True}
    with workbench(tmp_path_factory.mktemp("stack"), parameters=parameters, **sandbox) as bench:
        made = Exporter(bench)
        made.import_example()
        yield made
