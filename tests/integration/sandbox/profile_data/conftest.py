"""The Data API for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.caller import Vendor
from tests.integration.sandbox.profile_data.data import Data


@pytest.fixture
def data(vendor: Vendor) -> Data:
    return Data(vendor)
