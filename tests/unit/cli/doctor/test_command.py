"""The command without a stack to examine."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.workbench import PATIENCE


def doctor(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PREFDROP_"))}
    nowhere = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "HOME": "/nonexistent",
    }
    call = "from prefdrop_cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", call, "doctor", *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**kept, **nowhere, **environment},
    )


def test_missing_aws_credentials_are_a_finding_with_its_remedy() -> None:
    told = doctor()

    assert told.returncode == 5
    assert told.stdout.startswith("failed  AWS credentials: There are no usable AWS credentials")
    assert "aws sso login" in told.stdout


def test_vendor_options_without_an_address_are_wrong_use() -> None:
    told = doctor("--client-id", "DEMO_CLIENT")

    assert told.returncode == 2
    assert "--vendor-url" in told.stderr


def test_a_vendor_whom_nobody_answers_for_is_bad_and_not_asked_further() -> None:
    told = doctor(
        "--vendor-url", "http://127.0.0.1:1/Profiles/v4/", "--client-id", "DEMO_CLIENT",
        "--user-id", "demo.api.user", PREFDROP_VENDOR_SECRET="invented",
    )  # fmt: skip

    assert told.returncode == 5
    assert "failed  vendor reachable" in told.stdout
    assert "were not asked about" in told.stderr
    assert "invented" not in told.stdout + told.stderr


def test_first_hour_of_a_vendor_without_a_stack_is_wrong_use() -> None:
    told = doctor(
        "--first-hour", "--vendor-url", "http://127.0.0.1:1/Profiles/v4/",
        "--client-id", "DEMO_CLIENT", "--user-id", "demo.api.user",
        PREFDROP_VENDOR_SECRET="invented",
    )  # fmt: skip

    assert told.returncode == 2
    assert "--first-hour needs a stack" in told.stderr
