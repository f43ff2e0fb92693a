"""The fault rules strike the routes of bulk export as they strike those of bulk import."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.integration.sandbox.bulk_export.exporter import ALL, Exporter
from tests.integration.sandbox.caller import Json

RETRIEVE = "export.segment.retrieve"
ROUTES = (
    "export.segment.initiate", "export.segment_group.initiate", "export.status", RETRIEVE,
    "export.segment_group.retrieve", "export.commit",
)  # fmt: skip


def strike(exporter: Exporter, kind: str, route: str = RETRIEVE, **options: Any) -> None:
    """Put one rule in force."""
    rule = {"kind": kind, "route": route, **options}
    exporter.admin("PUT", "faults", json={"seed": 7, "rules": [rule]})


def entry(exporter: Exporter, route: str = RETRIEVE) -> Json:
    """The books' last entry of a route."""
    return [item for item in exporter.vendor.books()["requests"] if item["route"] == route][-1]


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_can_be_refused(exporter: Exporter, route: str) -> None:
    exporter.define_group("Everyone", ALL)
    segment, group = exporter.initiate(), exporter.initiate("Everyone", "SegmentGroup")
    strike(exporter, "status", route, status=503, retry_after=2)

    answers = {
        "export.segment.initiate": exporter.try_initiate(),
        "export.segment_group.initiate": exporter.try_initiate("Everyone", "SegmentGroup"),
        "export.status": exporter.call("GET", f"{segment}/Status"),
        RETRIEVE: exporter.try_page(segment, keepAlive="true"),
        "export.segment_group.retrieve": exporter.try_page(group, "SegmentGroup", keepAlive="true"),
        "export.commit": exporter.commit(segment, keepFiles="false"),
    }

    assert [name for name, answer in answers.items() if answer.status_code == 503] == [route]


def test_an_initiate_whose_answer_is_lost_has_begun_an_export(exporter: Exporter) -> None:
    strike(exporter, "reset_after", "export.segment.initiate", nth=1)
    with pytest.raises(requests.ConnectionError):
        exporter.try_initiate()

    token = entry(exporter, "export.segment.initiate")["token"]

    assert exporter.state(token) == "Complete"


def test_a_last_block_that_is_lost_is_gone_without_keep_alive(exporter: Exporter) -> None:
    exporter.seed(2)
    token = exporter.initiate()
    strike(exporter, "reset_after", nth=1)

    with pytest.raises(requests.ConnectionError):
        exporter.try_page(token)

    assert exporter.try_page(token).status_code == 401
    assert exporter.state(token) == "Retrieved"


def test_with_keep_alive_a_lost_block_can_be_read_again(exporter: Exporter) -> None:
    ids = exporter.seed(2)
    token = exporter.initiate()
    strike(exporter, "cut", nth=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        exporter.try_page(token, keepAlive="true")

    page = exporter.page(token, keepAlive="true")

    assert [record["ProfileId"] for record in page["UserProfilePreferences"]] == ids
    assert entry(exporter)["status"] == 200


def test_a_block_can_be_cut_where_only_its_json_shows_it(exporter: Exporter) -> None:
    exporter.seed(2)
    strike(exporter, "cut", matching_length=True)

    answer = exporter.try_page(exporter.initiate())

    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_block_can_come_late_or_be_a_page_of_a_proxy(exporter: Exporter) -> None:
    exporter.seed(1)
    token = exporter.initiate()
    strike(exporter, "latency", seconds=0.01)
    assert exporter.page(token, keepAlive="true")["Count"] == 1
    assert entry(exporter)["fault"] == "latency"

    strike(exporter, "garbage")

    assert exporter.try_page(token, keepAlive="true").text.startswith("<html>")


@pytest.mark.parametrize("route", [RETRIEVE, "export.commit"])
def test_the_token_can_die_at_any_request(exporter: Exporter, route: str) -> None:
    exporter.seed(4)
    token = exporter.initiate()
    exporter.page(token, limit=2, keepAlive="true")
    strike(exporter, "expire_token", route)

    if route == RETRIEVE:
        assert exporter.try_page(token, offset=3, keepAlive="true").status_code == 401
    else:
        assert exporter.commit(token, keepFiles="false").status_code == 401

    assert exporter.state(token) == "Expired"


def test_a_token_can_die_while_its_export_is_processed(exporter: Exporter) -> None:
    exporter.vendor.switch(export_seconds=10)
    exporter.vendor.stop_clock()
    token = exporter.initiate()
    strike(exporter, "expire_token", "export.status", nth=1)
    assert exporter.state(token) == "Processing"

    exporter.vendor.advance(seconds=10)

    assert exporter.state(token) == "Expired"


def test_a_status_can_be_worded_as_that_of_an_import(exporter: Exporter) -> None:
    strike(exporter, "word", "export.*", word="Completed", members="lower")

    token = exporter.try_initiate().json()["accesstoken"]

    assert exporter.status(token)["status"] == "Completed"
    assert exporter.page(token, keepAlive="true")["hasmore"] is False
    assert exporter.commit(token, keepFiles="false").status_code == 200


def test_a_commit_can_be_applied_behind_its_senders_back(exporter: Exporter) -> None:
    token = exporter.initiate()
    exporter.page(token, keepAlive="true")
    strike(exporter, "late", "export.commit", nth=1)
    with pytest.raises(requests.ConnectionError):
        exporter.commit(token, keepFiles="false")
    assert exporter.state(token) == "Complete"

    exporter.admin("POST", "faults/release", json={})

    assert exporter.state(token) == "Retrieved"
    assert exporter.commit(token, keepFiles="false").status_code == 401
