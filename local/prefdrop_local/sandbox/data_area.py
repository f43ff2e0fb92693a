"""Everything about an account but its bulk jobs and events: configuration, users, profile data."""

from __future__ import annotations

from collections.abc import Callable

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.calls import Operation
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.configuration.api import Configuration
from prefdrop_local.sandbox.configuration.catalog import Catalog
from prefdrop_local.sandbox.data_admin import DataAdmin
from prefdrop_local.sandbox.profile_data.api import ProfileData
from prefdrop_local.sandbox.profile_data.desk import Desk
from prefdrop_local.sandbox.profiles.journal import Journals
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store
from prefdrop_local.sandbox.users.api import Users
from prefdrop_local.sandbox.users.directory import Directory


class DataArea:
    """The calls that are answered with what the database has at once."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, journals: Journals,
        settings: Callable[[], Settings], settle: Callable[[float], None],
    ) -> None:  # fmt: skip
        """`settle` finishes, within some seconds, what imports should have changed by now."""
        self._directory = Directory(store, account)
        self._catalog = Catalog(store, account)
        self._areas = (
            Configuration(store, account, clock, self._catalog, journals),
            ProfileData(Desk(store, account, clock, journals, settings, settle)),
            Users(self._directory, clock),
        )
        self.admin = DataAdmin(account, self._directory)

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {name: work for area in self._areas for name, work in area.operations().items()}

    def begin_anew(self) -> None:
        """Configuration and users as the account file says, after the database was cleared."""
        self._directory.load()
        self._catalog.load()
