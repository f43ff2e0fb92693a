"""`prefdrop sandbox`: a MyPreferences server on this machine."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

PASSED_THROUGH: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}
"""The sandbox reads its own options, so they are documented in one place: `--help` shows them."""


def sandbox(context: typer.Context) -> None:
    """Serve the vendor's API over an invented account, until Ctrl-C; prints its URL.

    `prefdrop sandbox --help` lists its options: faults, limits, doubtful behaviours.
    """
    arguments = [word for word in context.args if word != "--json"]
    os.execv(sys.executable, [sys.executable, "-m", "prefdrop_local.sandbox", *arguments])
