"""Changes at every millisecond around the moments that matter arrive exactly once.

The vendor rounds the lower bound of an incremental export up, by up to 4 ms; its `Date` has whole
seconds; and the moment as of which it selects is known to lie somewhere after it was asked. So the
moments that matter are the watermark, the lower bound that it is sent, and the asking itself.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from prefdrop.exporting import begin_export, vendor as exports_vendor
from prefdrop.exporting.vendor import Begun, ExportVendor
from tests.faults.exports.simulation import EXPORT, ExportSimulation
from tests.tiers import spread

AROUND = 12
"""Milliseconds on both sides: more than a whole cycle of the vendor's rounding."""

ASKING_SECONDS = 0.005
"""What asking for an export takes here, however busy the machine is."""

VENDORS = [
    {"export_since": since, "export_snapshot": snapshot}
    for since in ("inclusive", "exclusive")
    for snapshot in ("initiate", "complete")
]


def stop_clock(simulation: ExportSimulation, *, digit: int) -> None:
    """Stop the vendor's clock at a moment whose milliseconds end in `digit`."""
    simulation.vendor("clock", "POST", stopped=True, advance=0)
    at = vendor_now(simulation)
    simulation.vendor("clock", "POST", advance=(digit - at.microsecond // 1000) % 10 / 1000)


def vendor_now(simulation: ExportSimulation) -> datetime:
    return datetime.fromisoformat(simulation.vendor("clock")["now"])


def change_each_millisecond(simulation: ExportSimulation, numbers: range) -> None:
    """One change, of a profile of its own, and the next one a millisecond later."""
    for number in numbers:
        simulation.put_person(number)
        simulation.vendor("clock", "POST", advance=0.001)


def arrivals(simulation: ExportSimulation) -> Counter[str]:
    """How often each person came, over all runs."""
    return Counter(
        record["AlternateIds"][0]["AlternateId"]
        for manifest in simulation.manifests().values()
        for record in simulation.records(manifest)
    )


def once_each(numbers: range) -> Counter[str]:
    return Counter(f"C-{number}" for number in numbers)


@pytest.mark.parametrize("digit", spread(range(10), 2, "every last digit"))
def test_without_any_overlap_rounding_alone_neither_skips_nor_doubles_a_change(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch, digit: int
) -> None:
    simulation.vendor("settings", "PATCH", **VENDORS[digit % 4])
    use_no_overlap(simulation, monkeypatch)
    stop_clock(simulation, digit=digit)
    change_each_millisecond(simulation, range(AROUND))
    first = simulation.start_run("1")
    simulation.walk_to(first, "Waiting")
    change_each_millisecond(simulation, range(AROUND, 2 * AROUND))
    simulation.finish(first)

    simulation.export("2")
    simulation.export("3")

    assert arrivals(simulation) == once_each(range(2 * AROUND))


@pytest.mark.parametrize(
    ("vendor", "into_second"),
    spread(
        [(VENDORS[0], 0.002), (VENDORS[3], 0.002), (VENDORS[0], 0.997), (VENDORS[3], 0.997)],
        2,
        "both readings at both ends of a second",
    ),
)
def test_changes_around_the_asking_and_around_the_lower_bound_arrive_exactly_once(
    simulation: ExportSimulation,
    monkeypatch: pytest.MonkeyPatch,
    vendor: dict[str, Any],
    into_second: float,
) -> None:
    ticks = itertools.count(0, ASKING_SECONDS)
    monkeypatch.setattr(exports_vendor, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    simulation.vendor("settings", "PATCH", **vendor)
    simulation.define(EXPORT.replace("overlap_seconds = 30", "overlap_seconds = 1"))
    second = stop_clock_before_second(simulation)
    # The first run's watermark is the second in which it asks, less what the asking takes; the
    # lower bound of the second run lies a second before that.
    lower_bound = second - timedelta(seconds=1 + ASKING_SECONDS)
    advance_to(simulation, lower_bound - timedelta(milliseconds=AROUND))
    bound = range(2 * AROUND)
    change_each_millisecond(simulation, bound)
    advance_to(simulation, second + timedelta(seconds=into_second, milliseconds=-AROUND))
    before = range(100, 100 + AROUND)
    change_each_millisecond(simulation, before)
    first = simulation.start_run("1")
    simulation.walk_to(first, "Waiting")
    after = range(200, 200 + AROUND)
    change_each_millisecond(simulation, after)
    simulation.finish(first)

    simulation.export("2")
    simulation.export("3")

    sent = datetime.fromisoformat(simulation.manifests()["2"]["watermark"]["sent"])
    assert abs(sent - lower_bound) < timedelta(milliseconds=AROUND - 4)
    assert arrivals(simulation) == once_each(bound) + once_each(before) + once_each(after)


def stop_clock_before_second(simulation: ExportSimulation) -> datetime:
    """Stop the vendor's clock; answers a whole second a little more than two seconds later."""
    simulation.vendor("clock", "POST", stopped=True, advance=0)
    return vendor_now(simulation).replace(microsecond=0) + timedelta(seconds=3)


def advance_to(simulation: ExportSimulation, moment: datetime) -> None:
    seconds = (moment - vendor_now(simulation)).total_seconds()
    simulation.vendor("clock", "POST", advance=seconds)


def use_no_overlap(simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the vendor's clock at its word to the millisecond, and reach back not at all.

    What is left against the rounding is only the choice of the lower bound.
    """
    begin = ExportVendor.begin

    def at_the_very_moment(vendor: ExportVendor, *arguments: Any, **options: Any) -> Begun:
        moment = vendor_now(simulation).astimezone(UTC)
        return begin(vendor, *arguments, **options)._replace(asked_at=moment)

    monkeypatch.setattr(ExportVendor, "begin", at_the_very_moment)
    monkeypatch.setattr(begin_export, "timedelta", lambda **_: timedelta())


def tell_wrong_time(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch, run: str, **ahead: float
) -> None:
    """Run the export once while the vendor's web server is ahead of its database."""
    begin = ExportVendor.begin

    def wrong(vendor: ExportVendor, *arguments: Any, **options: Any) -> Begun:
        begun = begin(vendor, *arguments, **options)
        return begun._replace(asked_at=begun.asked_at + timedelta(**ahead))

    with monkeypatch.context() as during:
        during.setattr(ExportVendor, "begin", wrong)
        simulation.export(run)


def test_a_date_that_our_clock_calls_impossible_is_not_gone_by(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.put_people(range(5))
    tell_wrong_time(simulation, monkeypatch, "1", hours=1)
    simulation.put_people(range(2), CustomerName={"FirstName": "Ana"})

    simulation.export("2")

    manifest = simulation.manifests()["2"]
    assert (manifest["mode"], manifest["records"]) == ("incremental", 2)
    simulation.assert_readers_have_everything()


@pytest.mark.parametrize("full", [False, True], ids=["by itself", "by hand"])
def test_a_watermark_that_was_too_late_is_found_out_and_healed_by_a_full_run(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    simulation.put_people(range(5))
    tell_wrong_time(simulation, monkeypatch, "1", minutes=14)
    poisoned = simulation.state().watermark
    simulation.put_people(range(2), CustomerName={"FirstName": "Ana"})

    simulation.export("2", full=full)
    simulation.put_people(range(2, 4), CustomerName={"FirstName": "Eva"})
    simulation.export("3")

    healed, after = simulation.manifests()["2"], simulation.manifests()["3"]
    assert (healed["mode"], "clock" in healed["why_full"]) == ("full", not full)
    assert healed["watermark"]["after"] < poisoned
    assert (after["mode"], after["records"]) == ("incremental", 2)


def test_the_time_that_asking_took_is_no_part_of_what_was_seen(
    simulation: ExportSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(simulation, digit=0)
    ticks = itertools.count(0, 7.5)
    monkeypatch.setattr(exports_vendor, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    answered = vendor_now(simulation).replace(microsecond=0)

    simulation.export("1")

    seen = datetime.fromisoformat(simulation.manifests()["1"]["watermark"]["after"])
    assert seen == answered - timedelta(seconds=7.5)
