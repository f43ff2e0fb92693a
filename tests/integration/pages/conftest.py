"""One stack for all pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.accidents.oncall import SHORT
from tests.integration.pages.desk import Desk
from tests.workbench import workbench


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    sandbox = {"allow_http_loopback": True, "export_seconds": 0}
    with (
        workbench(tmp_path_factory.mktemp("stack"), parameters=SHORT, **sandbox) as bench,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("PREFDROP_ENDPOINT", bench.stack.endpoint)
        environment.chdir(folder)
        yield Desk(bench, folder)
