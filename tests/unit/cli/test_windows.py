"""A window that ends before it begins is wrong use, said before anything is asked of AWS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefdrop_cli.exits import WrongUse
from prefdrop_cli.main import main
from prefdrop_cli.moments import check_window

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)

REVERSED = {
    "list": ("list", "--since", "1h", "--until", "2h"),
    "list a person": ("list", "--profile", "9100001", "--since", "2026-01-02", "--until", "3650d"),
    "list the future": ("list", "--since", "2126-01-01"),
    "exceptions": ("exceptions", "--since", "2126-01-01"),
    "backfill": ("backfill", "--since", "1h", "--until", "2d"),
}
"""Each command that takes bounds, with bounds the wrong way round."""


@pytest.mark.parametrize("words", REVERSED.values(), ids=REVERSED)
def test_window_the_wrong_way_round_is_wrong_use(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(("events", *words))

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "Invalid window: since" in said
    assert "Give an earlier since." in said


@pytest.mark.parametrize(
    ("since", "until"), [("", ""), ("", "9d"), ("2h", "1h"), ("2h", ""), ("1h", "1h")]
)
def test_window_in_order_is_taken(since: str, until: str) -> None:
    check_window(since, until, NOW)


def test_refused_window_names_both_bounds() -> None:
    with pytest.raises(WrongUse, match="since '1h' is after until '2026-01-15T10:00'"):
        check_window("1h", "2026-01-15T10:00", NOW)
