"""A sender waits while the receiver starts, so it loads nothing that it does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
HEAVY = ("requests", "pydantic", "aws_xray_sdk", "asyncio", "zoneinfo", "prefdrop.importing")


def test_the_receiver_starts_without_the_vendors_client_or_anything_heavy() -> None:
    script = (
        f"import runpy, sys; runpy.run_path({str(ROOT / 'functions/receive_webhook/app.py')!r});"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert done.stdout.strip() == "[]"
