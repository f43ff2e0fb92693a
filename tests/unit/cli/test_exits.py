"""Exit codes are what scripts go by."""

from __future__ import annotations

import pytest

from prefdrop_cli.exits import exit_for


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("Completed", 0),
        ("Duplicate", 0),
        ("CompletedWithRejects", 3),
        ("Held", 4),
        ("Aborted", 4),
        ("Failed", 5),
        ("Unreconciled", 5),
    ],
)
def test_each_end_of_an_import_has_its_exit_code(status: str, code: int) -> None:
    assert exit_for(status) == code
