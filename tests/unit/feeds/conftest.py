"""A busy machine is no failure: no generated case has a deadline."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("feeds", deadline=None)
settings.load_profile("feeds")
