"""Events as a whole: what the sandbox starts, serves and stops."""

from __future__ import annotations

from collections.abc import Callable

from prefdrop_local.sandbox.account import Account
from prefdrop_local.sandbox.calls import Operation
from prefdrop_local.sandbox.clock import Clock
from prefdrop_local.sandbox.events.admin import EventAdmin
from prefdrop_local.sandbox.events.courier import Courier
from prefdrop_local.sandbox.events.faults import DeliveryFaults, DeliveryRules
from prefdrop_local.sandbox.events.history import History
from prefdrop_local.sandbox.events.retrieval import EventCalls
from prefdrop_local.sandbox.events.subscription_api import SubscriptionCalls
from prefdrop_local.sandbox.profiles.journal import Journals
from prefdrop_local.sandbox.settings import Settings
from prefdrop_local.sandbox.store import Store


class EventArea:
    """The Integration API's events and subscriptions of one account."""

    def __init__(
        self, store: Store, account: Account, clock: Clock, settings: Callable[[], Settings],
        journals: Journals, catch_up: Callable[[float | None], None],
    ) -> None:  # fmt: skip
        """`catch_up` lets due imports be processed for up to so many seconds."""
        history = History(store, clock)
        self._faults = DeliveryFaults()
        self._courier = Courier(store, clock, settings, history, self._faults)
        self._retrieval = EventCalls(store, account, clock, settings)
        self._subscriptions = SubscriptionCalls(
            store, account, clock, settings, self._courier.nudge
        )
        self.admin = EventAdmin(store, history, self._courier, self._faults, catch_up)
        journals.noted = self._courier.noted

    def operations(self) -> dict[str, Operation]:
        """What is served, by route name."""
        return {**self._retrieval.operations(), **self._subscriptions.operations()}

    def start(self) -> None:
        """Begin to deliver."""
        self._courier.start()

    def stop(self) -> None:
        """Stop to deliver; what is on its way is sent again after the next start."""
        self._courier.stop()

    def nudge(self) -> None:
        """Something may be due now."""
        self._courier.nudge()

    def while_idle(self, work: Callable[[], None]) -> None:
        """Do some work while nothing is being delivered."""
        self._courier.while_idle(work)

    def reset(self) -> None:
        """No faults of delivery any more."""
        self._faults.replace(DeliveryRules())
