"""`subscriptions plan|apply`: the vendor's subscriptions become what a file says, never less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prefdrop.mypreferences import Client, PnAuthInfo3
from prefdrop.mypreferences.subscriptions_models import Subscription, select_event
from tests.workbench import Workbench

AUDIT = """
[[subscription]]
name = "audit"
url = "stack"
events = ["consent.*", "preference.added"]
catch_up_on_resume = true
"""


@pytest.fixture(autouse=True)
def _no_subscription(bench: Workbench) -> None:
    bench.reset_vendor()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "subscriptions.toml"
    written.write_text(AUDIT)
    return written


def client(bench: Workbench) -> Client:
    known = bench.sandbox.credentials
    auth = PnAuthInfo3(known["client_id"], known["user_id"], known["secret"])
    return Client(bench.sandbox.url, known["client_id"], auth)


def held(bench: Workbench) -> dict[str, Subscription]:
    with client(bench) as vendor:
        return {one.name or "": one for one in vendor.subscriptions.list()}


def steps(bench: Workbench, *words: str) -> dict[str, Any]:
    done = bench.prefdrop("subscriptions", *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return {step["name"]: step for step in json.loads(done.stdout)["steps"]}


def test_a_plan_changes_nothing(bench: Workbench, file: Path) -> None:
    planned = steps(bench, "plan", str(file))

    assert planned["audit"]["deed"] == "create"
    assert held(bench) == {}


def test_applying_a_file_creates_what_it_says_and_applying_it_again_changes_nothing(
    bench: Workbench, file: Path
) -> None:
    first = steps(bench, "apply", str(file))
    made = held(bench)["audit"]
    second = steps(bench, "apply", str(file))

    assert first["audit"]["deed"] == "create"
    assert second["audit"]["deed"] == "keep"
    assert made.url == bench.stack.webhook_url
    assert made.state == "Active"
    assert made.catch_up_on_resume is True
    kinds = {item.event_type for item in made.subscriptions}
    assert "preference.added" in kinds
    assert "consent.added" in kinds
    assert "preference.updated" not in kinds


def test_a_change_keeps_what_the_file_leaves_open(bench: Workbench, file: Path) -> None:
    with client(bench) as vendor:
        vendor.subscriptions.create(
            Subscription(
                name="audit",
                description="written by somebody",
                url="https://hooks.example.test/other",
                subscriptions=(select_event("preference.added"),),
            )
        )

    planned = steps(bench, "plan", str(file))["audit"]
    steps(bench, "apply", str(file))

    changed = {change["member"] for change in planned["changes"]}
    assert {"url", "catch_up_on_resume", "events.consent.added"} <= changed
    assert "events.preference.added" not in changed
    assert held(bench)["audit"].description == "written by somebody"
    assert held(bench)["audit"].url == bench.stack.webhook_url


def test_subscriptions_that_the_file_does_not_name_are_left_alone(
    bench: Workbench, file: Path
) -> None:
    with client(bench) as vendor:
        other = vendor.subscriptions.create(
            Subscription(
                name="elsewhere",
                url="https://hooks.example.test/elsewhere",
                subscriptions=(select_event("consent.updated"),),
            )
        )

    applied = steps(bench, "apply", str(file))

    assert applied["elsewhere"]["deed"] == "leave alone"
    assert held(bench)["elsewhere"] == other


def test_nothing_is_removed_unless_somebody_agrees(bench: Workbench, file: Path) -> None:
    steps(bench, "apply", str(file))
    file.write_text('[[subscription]]\nname = "audit"\nabsent = true\n')

    refused = bench.prefdrop("subscriptions", "apply", str(file))
    still = held(bench)
    removed = steps(bench, "apply", str(file), "--remove")

    assert refused.returncode == 2
    assert "would remove audit; nothing was changed" in refused.stderr
    assert "audit" in still
    assert removed["audit"]["deed"] == "remove"
    assert held(bench) == {}


def test_the_key_of_the_webhook_is_never_printed(bench: Workbench, file: Path) -> None:
    key = (bench.stack.webhook_url or "").rpartition("/")[2]
    with client(bench) as vendor:
        vendor.subscriptions.create(
            Subscription(
                name="audit",
                url=(bench.stack.webhook_url or "").replace(key, "an-older-key-of-the-webhook"),
                subscriptions=(select_event("preference.added"),),
            )
        )

    printed = "".join(
        done.stdout + done.stderr
        for done in (
            bench.prefdrop("subscriptions", "plan", str(file)),
            bench.prefdrop("subscriptions", "apply", str(file), "--json"),
        )
    )

    assert "(another key)" in printed
    assert "(the key in force)" in printed
    assert key not in printed
    assert "an-older-key" not in printed
