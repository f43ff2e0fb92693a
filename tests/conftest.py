"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no failure: neither generated cases nor their generation have a deadline.
settings.register_profile("prefdrop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prefdrop")
