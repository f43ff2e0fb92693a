"""Bulk export put together, as the sandbox holds it."""

from __future__ import annotations

from collections.abc import Callable

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.bulk_export.admin import ExportAdmin
from prefdrop_local.sandbox.bulk_export.api import BulkExport
from prefdrop_local.sandbox.bulk_export.building import Builder
from prefdrop_local.sandbox.bulk_export.callbacks import Callbacks
from prefdrop_local.sandbox.bulk_export.catalogue import Catalogue
from prefdrop_local.sandbox.bulk_export.engine import ExportEngine
from prefdrop_local.sandbox.bulk_export.exports import export_of_token, save_export
from prefdrop_local.sandbox.bulk_export.history import watch
from prefdrop_local.sandbox.calls import Operation
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store


class ExportArea:
    """The operations of bulk export, and what works for them in the background."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, settings: Callable[[], Settings],
        settle: Callable[[float], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        watch(store, clock)
        catalogue = Catalogue(store, account)
        self._engine = ExportEngine(store, account, clock, settings, Builder(catalogue, account))
        self._callbacks = Callbacks(store, clock, settings)
        self._engine.finished = self._callbacks.nudge
        self._api = BulkExport(store, account, clock, self._engine, catalogue, settings, settle)
        self.admin = ExportAdmin(store, catalogue, self._engine)

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return self._api.operations()

    def start(self) -> None:
        """Begin to work in the background."""
        self._engine.start()
        self._callbacks.start()

    def stop(self) -> None:
        """End the background work."""
        self._callbacks.stop()
        self._engine.stop()

    def nudge(self) -> None:
        """Something may be due now."""
        self._engine.nudge()
        self._callbacks.nudge()

    def catch_up(self, patience: float | None) -> None:
        """Do what is due, for up to `patience` seconds; None: until all of it is done."""
        self._engine.catch_up(patience)
        self._callbacks.nudge()

    def while_idle(self, work: Callable[[], None]) -> None:
        """Do some work while no export is being moved on; what is under way begins anew."""
        self._engine.while_idle(work)

    def expire_token(self, token: str) -> None:
        """Let a living export's token die now."""
        with self._store.transaction() as database:
            item = export_of_token(self._store, token)
            now = self._clock.now()
            if item is not None and not item.is_dead(now):
                item.dies_at = now
                save_export(database, item)
