"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = 100 if os.environ.get("PREFDROP_THOROUGH") else 50
"""Generated cases of a property, where its test does not say."""

# A busy machine is no failure: neither generated cases nor their generation have a deadline.
settings.register_profile(
    "prefdrop", max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("prefdrop")
