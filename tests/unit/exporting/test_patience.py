"""How long a run waits for the vendor: ever longer, and never too often for one history."""

from __future__ import annotations

import pytest

from prefdrop.exporting import patience
from prefdrop.exporting.patience import WaitedTooOften, growing, paced
from prefdrop.ledger.exports import ExportRun


def waited(rounds: int) -> ExportRun:
    return ExportRun(export="readers", run="1", started_at="", rounds=rounds)


def test_wait_for_an_absent_vendor_grows_to_15_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience.random, "uniform", lambda _, most: most)

    assert [growing(away) for away in (0, 60, 600, 36_000)] == [5, 30, 300, 900]


def test_waits_of_a_run_grow_with_their_number() -> None:
    assert paced(waited(300), 5) == 5
    assert paced(waited(400), 5) == 200
    assert paced(waited(1200), 5) == 900
    with pytest.raises(WaitedTooOften):
        paced(waited(1201), 5)
