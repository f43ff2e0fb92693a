"""The vendor rounds `LastDateTime` up; an export that must miss nothing asks for an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from prefdrop.mypreferences.bulk_export_dates import LARGEST_ROUNDING, covering, rounded_up

MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)


def at(milliseconds: int) -> datetime:
    return datetime(2026, 1, 15, 23, 59, 59, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def test_since_with_any_last_digit_is_rounded_as_documented(subtests: pytest.Subtests) -> None:
    for asked, bound in [
        (0, 3),
        (1, 3),
        (2, 3),
        (3, 7),
        (4, 7),
        (5, 7),
        (6, 7),
        (7, 10),
        (8, 10),
        (9, 10),
        (10, 13),
        (993, 997),
        (996, 997),
        (997, 1000),
        (999, 1000),
    ]:
        with subtests.test(asked=asked):
            assert rounded_up(at(asked)) == at(bound)


def test_what_is_finer_than_a_millisecond_is_cut_before_it_is_rounded() -> None:
    assert rounded_up(at(2) + timedelta(microseconds=999)) == at(3)


@given(MOMENTS)
def test_the_bound_is_always_later_but_never_by_more_than_the_largest_rounding(
    moment: datetime,
) -> None:
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert timedelta(0) < rounded_up(moment) - cut <= LARGEST_ROUNDING
    assert rounded_up(moment).microsecond // 1000 % 10 in (0, 3, 7)


@given(MOMENTS)
def test_a_covering_date_is_the_latest_whose_bound_lies_before_the_moment(
    moment: datetime,
) -> None:
    asked = covering(moment)

    assert rounded_up(asked) < moment <= rounded_up(asked + timedelta(milliseconds=1))
