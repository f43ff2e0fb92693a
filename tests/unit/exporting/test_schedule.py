"""When runs are due, by the clocks that the definition names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from prefdrop.exporting.definition import SchedulePart
from prefdrop.exporting.schedule import ScheduleError, slot_name, slots_of

NEW_YORK = ZoneInfo("America/New_York")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_regular_slots_are_counted_from_midnight() -> None:
    newest = slots_of(SchedulePart(every="6h"))

    assert newest(utc("2026-01-15T17:59:59")) == utc("2026-01-15T12:00")
    assert newest(utc("2026-01-15T18:00")) == utc("2026-01-15T18:00")


def test_a_time_of_day_is_that_of_the_named_clocks() -> None:
    newest = slots_of(SchedulePart(at="02:30", timezone="America/New_York"))

    assert newest(utc("2026-01-15T12:00")) == utc("2026-01-15T07:30")
    assert newest(utc("2026-07-15T12:00")) == utc("2026-07-15T06:30")


def test_a_time_that_the_clocks_skip_comes_once_all_the_same() -> None:
    newest = slots_of(SchedulePart(at="02:30", timezone="America/New_York"))

    day = {newest(utc("2026-03-08T00:00") + timedelta(minutes=5 * n)) for n in range(12 * 24)}

    assert {slot.astimezone(NEW_YORK).date().day for slot in day if slot} == {7, 8}
    assert len(day) == 2


def test_only_the_named_days_have_slots() -> None:
    newest = slots_of(SchedulePart(at="08:00", days=("mon", "thu")))

    assert newest(utc("2026-01-18T12:00")) == utc("2026-01-15T08:00")
    assert newest(utc("2026-01-19T12:00")) == utc("2026-01-19T08:00")


@pytest.mark.parametrize(
    "part",
    [
        SchedulePart(every="15m"),
        SchedulePart(every="6h", days=("sat",), timezone="America/New_York"),
        SchedulePart(at="02:30", timezone="America/New_York"),
    ],
)
@given(now=moments)
def test_a_slot_has_come_and_stays_the_newest_until_the_next(
    part: SchedulePart, now: datetime
) -> None:
    newest = slots_of(part)

    slot = newest(now)

    assert slot is not None
    assert slot <= now
    assert newest(slot) == slot
    assert newest(slot + (now - slot) / 2) == slot


@given(one=moments, other=moments)
def test_names_of_slots_sort_as_the_slots_do(one: datetime, other: datetime) -> None:
    one, other = (m.replace(microsecond=m.microsecond // 1000 * 1000) for m in (one, other))

    assert (slot_name(one) < slot_name(other)) == (one < other)


def test_a_schedule_that_never_runs_is_refused() -> None:
    with pytest.raises(ScheduleError, match="never runs"):
        slots_of(SchedulePart(every="7d", days=("mon",)))

    assert slots_of(SchedulePart(every="7d", days=("thu",)))
    assert slots_of(SchedulePart(every="31d", days=("mon",)))
