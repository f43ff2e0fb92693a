"""Which tests one worker runs one after the other, so that a stack is started once for them."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ONE_STACK = (
    "tests/faults/local_stack/",
    "tests/integration/doctor/",
    "tests/integration/events/",
    "tests/integration/imports/",
    "tests/integration/pages/",
)
"""Folders whose files share a stack. Elsewhere, each file is a unit of work of its own."""


class ByStack(LoadScopeScheduling):
    """Gives a worker all files of a stack at once, and the units in the order of collection."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((folder for folder in ONE_STACK if file.startswith(folder)), file)
