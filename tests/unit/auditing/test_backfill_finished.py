"""A reading of all that webhooks may have missed is counted when it has got through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from prefdrop.auditing import backfill_events
from prefdrop.ledger.clock import iso_of
from prefdrop.services import Deadline
from tests.unit.auditing.account import HOUR, NOW, SCHEDULED, Account, read_back
from tests.unit.auditing.receiver import Context, Receiver, metric_values


@pytest.mark.parametrize("request_", [SCHEDULED, {}], ids=["by the schedule", "by hand"])
def test_a_reading_that_got_through_is_counted(
    receiver: Receiver, account: Account, told: Callable[[], str], request_: dict[str, Any]
) -> None:
    read_back(receiver, **request_)

    assert metric_values(told(), "BackfillsFinished") == [1]


def test_a_reading_whose_time_is_up_is_not(
    receiver: Receiver, account: Account, told: Callable[[], str]
) -> None:
    account.happen("first", timedelta(days=14))
    ticks = iter([900.0, 900.0, *[60.0] * 5])
    deadline = Deadline(Context())
    deadline.remaining = lambda: next(ticks)  # type: ignore[method-assign]

    stopped = backfill_events.run(receiver.services, {}, deadline)

    assert stopped["next"] == "continue"
    assert metric_values(told(), "BackfillsFinished") == []


def test_a_reading_of_less_than_all_is_not(
    receiver: Receiver, account: Account, told: Callable[[], str]
) -> None:
    read_back(receiver, since=iso_of(NOW - HOUR))

    assert metric_values(told(), "BackfillsFinished") == []
