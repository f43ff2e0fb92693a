"""Staging while another import runs, which the vendor asks callers not to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.sandbox.caller import Json, Vendor

Contact = Callable[..., Json]


@pytest.fixture
def _running(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(queued_seconds=10)
    vendor.stop_clock()
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    vendor.execute(token)


@pytest.mark.usefixtures("_running")
def test_staging_while_another_import_runs_is_taken_unless_switched(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    vendor.stage(token, contact("C-2"))
    vendor.switch(stage_while_running="refused")

    refused = vendor.send(token, [contact("C-3")])
    vendor.advance(seconds=20)
    taken = vendor.send(token, [contact("C-3")])

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert vendor.status(token)["TotalRecordsReceived"] == 2


@pytest.mark.usefixtures("_running")
def test_only_imports_with_match_criteria_must_wait(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(stage_while_running="refused")
    token = vendor.initiate(MatchCriteria=None, MatchValue=None)

    assert vendor.send(token, [contact("C-2")]).status_code == 200
