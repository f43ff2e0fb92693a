"""The Data API of one account."""

from __future__ import annotations

from prefdrop_local.sandbox.calls import Operation
from prefdrop_local.sandbox.profile_data.desk import Desk
from prefdrop_local.sandbox.profile_data.preferences_api import PreferenceCalls
from prefdrop_local.sandbox.profile_data.profiles_api import ProfileCalls
from prefdrop_local.sandbox.profile_data.searches_api import SearchCalls


class ProfileData:
    """All operations on the data of profiles."""

    def __init__(self, desk: Desk) -> None:
        self._areas = (ProfileCalls(desk), PreferenceCalls(desk), SearchCalls(desk))

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {name: work for area in self._areas for name, work in area.operations().items()}
