"""A caller of bulk export, whose exports are complete as soon as they can be."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.bulk_export.exporter import Exporter
from tests.integration.sandbox.caller import Vendor


@pytest.fixture
def exporter(vendor: Vendor) -> Exporter:
    vendor.switch(export_seconds=0)
    return Exporter(vendor)
