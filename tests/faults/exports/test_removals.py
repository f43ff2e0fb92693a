"""A full run that lacks too many profiles is not published, unless an operator allows it."""

from __future__ import annotations

import pytest

from prefdrop.exporting import removals
from tests.faults.exports.simulation import EXPORT, ExportSimulation
from tests.tiers import spread

HELD = [
    # left of 20, removed few, percent, held
    (0, 100, 20, True),
    (0, 100, 100, False),
    (1, 100, 20, False),
    (15, 4, 20, True),
    (16, 4, 20, False),
    (16, 3, 0, True),
]


@pytest.mark.parametrize(("left", "few", "percent", "held"), spread(HELD, 2, "every limit"))
def test_full_run_with_too_few_profiles_is_held(
    simulation: ExportSimulation,
    monkeypatch: pytest.MonkeyPatch,
    left: int,
    few: int,
    percent: int,
    held: bool,
) -> None:
    monkeypatch.setattr(removals, "FEW", few)
    simulation.define(f"{EXPORT}[gates]\nmax_removed_percent = {percent}\n")
    simulation.put_people(range(20))
    simulation.export("1")
    before = simulation.state()
    simulation.delete_people(range(left, 20))

    execution = simulation.export("2", full=True)

    assert execution.status == ("FAILED" if held else "SUCCEEDED")
    assert simulation.run_item("2").removed == 20 - left
    assert (simulation.state() == before) == held
    assert simulation.manifests().keys() == ({"1"} if held else {"1", "2"})


def test_held_run_names_its_counts_and_the_way_out(simulation: ExportSimulation) -> None:
    simulation.put_people(range(20))
    simulation.export("1")
    simulation.delete_people(range(20))
    simulation.export("2", full=True)

    error = simulation.run_item("2").error

    assert error
    assert error.code == "TooManyRemoved"
    assert "has 0 profiles and would remove 20 of 20" in error.message
    assert "`prefdrop exports run people --full --allow-removals 20`" in error.hint
    assert simulation.events.announced[-1][1]["error_code"] == "TooManyRemoved"


@pytest.mark.parametrize(("allowed", "published"), spread([(20, True), (19, False)], 1, "one less"))
def test_removals_that_are_allowed_are_published(
    simulation: ExportSimulation, allowed: int, published: bool
) -> None:
    simulation.put_people(range(20))
    simulation.export("1")
    simulation.delete_people(range(20))

    simulation.export("2", full=True, allow_removals=allowed)

    assert ("2" in simulation.manifests()) == published
    if published:
        assert simulation.manifests()["2"]["removed"]["records"] == 20
        simulation.assert_readers_have_everything()


def test_empty_run_without_its_roll_is_held_by_counts(simulation: ExportSimulation) -> None:
    simulation.put_people(range(20))
    simulation.export("1")
    simulation.delete_people(range(20))
    simulation.worker().files.delete([simulation.state().known])

    execution = simulation.export("2", full=True)

    assert execution.error == "TooManyRemoved"
