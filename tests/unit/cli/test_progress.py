"""Progress is lines where there is no terminal, and nothing where the result is JSON."""

from __future__ import annotations

import pytest

from prefdrop_cli.progress import LogProgress, NullProgress, Step, TerminalProgress, progress_for


def test_a_log_tells_how_each_phase_begins_and_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [
        Step("waiting", note="for its turn"),
        Step("staging", 50, 100, 500, "500 staged"),
        Step("staging", 100, 100, 1000, "1,000 staged"),
        Step("executing", 0, 1000, 0, "0 of 1,000"),
    ]

    with LogProgress() as progress:
        for step in steps:
            progress.show(step)

    lines = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        ["waiting", "for", "its", "turn"],
        ["staging", "50%", "500", "staged"],
        ["staging", "100%", "1,000", "staged"],
        ["executing", "0%", "0", "of", "1,000"],
    ]


def test_a_terminal_shows_a_bar_per_phase_and_finishes_the_earlier_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with TerminalProgress() as progress:
        progress.show(Step("staging", 50, 100, 500, "500 staged"))
        progress.show(Step("executing", 10, 1000, 10, "10 of 1,000"))

    shown = capsys.readouterr().err
    assert "staging" in shown
    assert "executing" in shown
    assert shown.count("100%") == 2


def test_a_further_part_moves_the_bars_again(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress() as progress:
        progress.show(Step("staging", 50, 100, 500))
        progress.show(Step("executing", 10, 10, 10))
        progress.show(Step("staging", 75, 100, 750, "750 staged"))

    assert "750 staged" in capsys.readouterr().err


def test_progress_never_goes_into_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in (NullProgress(), LogProgress(), TerminalProgress()):
        with kind as progress:
            progress.show(Step("staging", 1, 2, 1))

    assert capsys.readouterr().out == ""


def test_json_output_goes_without_progress() -> None:
    assert isinstance(progress_for(as_json=True), NullProgress)


def test_without_a_terminal_progress_is_a_log() -> None:
    assert isinstance(progress_for(as_json=False), LogProgress)
