"""`report.html` says what `report.json` says, to anybody, without a network."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from prefdrop.importing.flow_picture import STREAM, draw, levels_of
from prefdrop.importing.report_page import render

PART = {
    "number": 1,
    "state": "finished",
    "rows": 1000,
    "rejected_local": 20,
    "staged": 980,
    "rejected_validation": 10,
    "processed": 960,
    "rejected_execution": 7,
    "not_honored": 3,
    "vendor_status": "Completed",
    "given_up": "",
    "executed_at": "2026-01-15T10:30:00.000Z",
    "chunks": 2,
}
REPORT: dict[str, Any] = {
    "import_id": "imp-0a1b2c3d4e5f6071",
    "feed": "people",
    "status": "CompletedWithRejects",
    "reconciled": True,
    "cause": "",
    "source": {"bucket": "b", "key": "inbox/people/p.csv", "version_id": "v1", "bytes": 123_456},
    "rows_read": 1000,
    "restaged": 0,
    "rejected_local": 20,
    "staged": 980,
    "validation_ok": 970,
    "rejected_validation": 10,
    "processed": 960,
    "rejected_execution": 7,
    "not_honored": 3,
    "pending": 0,
    "vendor_requests": 9,
    "parts": [PART],
    "registered_at": "2026-01-15T10:29:00.000Z",
    "started_at": "2026-01-15T10:29:10.000Z",
    "finished_at": "2026-01-15T10:31:00.000Z",
    "seconds": 110.0,
    "timings": [{"step": "waiting for its turn", "seconds": 10.0}],
    "settings": {"action": "Add", "request_seconds": 120.0},
    "configuration": {"version_id": "v2", "taken_at": "2026-01-15T03:00:00Z", "stale": False},
    "rejects": {
        "key": "results/people/imp-0a1b2c3d4e5f6071/rejects.csv",
        "count": 37,
        "unnamed": 0,
        "kinds": [
            {"stage": "local", "code": "NotAnEmail", "count": 20, "example_row": 17},
            {"stage": "validation", "code": "InvalidFormat", "count": 10, "example_row": 4},
        ],
    },
    "error": None,
}


class _Page(HTMLParser):
    """Text of a page by the id of its element, and whatever it would fetch or run."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.foreign: list[str] = []
        self._ids: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._ids.append(given.get("id") or "")
        if tag in ("script", "link", "iframe", "img") or {"src", "href"} & given.keys():
            self.foreign.append(tag)
        if tag in ("meta", "wbr", "rect", "path"):
            self._ids.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if self._ids:
            self._ids.pop()

    def handle_data(self, data: str) -> None:
        for place in filter(None, self._ids):
            self.texts[place] = self.texts.get(place, "") + data


def test_the_figures_of_the_page_are_those_of_the_report() -> None:
    shown = _Page(render(REPORT)).texts

    assert shown["status"] == "CompletedWithRejects"
    assert shown["rows_read"] == "1,000"
    assert shown["processed"] == "960"
    assert shown["rejected"] == "37"
    assert shown["not_honored"] == "3"
    assert shown["reconciled"] == "yes"
    assert "restaged" not in shown


def test_rows_that_were_given_back_to_a_held_import_are_counted_beside_those_of_the_file() -> None:
    shown = _Page(render({**REPORT, "restaged": 1, "staged": 981, "processed": 961})).texts

    assert (shown["rows_read"], shown["restaged"]) == ("1,000", "1")


def test_each_reason_comes_with_its_stage_its_count_and_an_example_row() -> None:
    reasons = _Page(render(REPORT)).texts["reasons"]

    assert re.search(r"NotAnEmail\s*before staging\s*20\s*17", reasons)
    assert re.search(r"InvalidFormat\s*vendor's validation\s*10\s*4", reasons)


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    page = render(REPORT)

    assert _Page(page).foreign == []
    assert b"url(" not in page
    assert b"@import" not in page


def test_a_name_that_looks_like_markup_stays_text() -> None:
    evil = "<script>alert(1)</script>.csv"
    source = REPORT["source"] | {"key": f"inbox/people/{evil}"}

    page = _Page(render(REPORT | {"source": source, "cause": "<b>bold</b>"}))

    assert "script" not in page.foreign
    assert evil in page.texts["origin"]


def test_the_page_says_what_the_rows_were_held_to() -> None:
    stale = REPORT["configuration"] | {"stale": True}

    assert "snapshot of 2026-01-15 03:00:00 UTC" in _Page(render(REPORT)).texts["origin"]
    for what, said in (("snapshot", "can't read"), ("email_pattern", "left to the vendor")):
        held = REPORT["configuration"] | {"not_understood": [what]}
        assert said in _Page(render(REPORT | {"configuration": held})).texts["origin"]
    assert "too old" in _Page(render(REPORT | {"configuration": stale})).texts["origin"]
    assert "not held to" in _Page(render(REPORT | {"configuration": None})).texts["origin"]


def test_a_held_import_says_how_to_let_it_go_on() -> None:
    page = render(REPORT | {"status": "Held", "cause": "Too many rejects."}).decode()

    assert "Too many rejects." in page
    assert "prefdrop imports approve imp-0a1b2c3d4e5f6071" in page


def test_a_failed_import_says_what_to_do_next() -> None:
    error = {"code": "FeedMissing", "message": "There is no feed.", "hint": "Push it."}
    nothing = {name: 0 for name, value in REPORT.items() if type(value) is int}
    empty = {"key": None, "count": 0, "unnamed": 0, "kinds": []}

    page = render(
        REPORT | nothing | {"status": "Failed", "error": error, "parts": [], "rejects": empty}
    ).decode()

    assert "FeedMissing" in page
    assert "Push it." in page
    assert "<svg" not in page


@given(
    st.lists(st.integers(0, 10**8), min_size=5, max_size=5),
)
def test_the_picture_loses_no_record(lost: list[int]) -> None:
    local, validation, execution, not_honored, processed = lost
    counts = {
        "rows_read": sum(lost),
        "restaged": 0,
        "rejected_local": local,
        "staged": validation + execution + not_honored + processed,
        "rejected_validation": validation,
        "validation_ok": execution + not_honored + processed,
        "rejected_execution": execution,
        "not_honored": not_honored,
        "pending": 0,
        "processed": processed,
    }

    levels = levels_of(counts)
    picture = draw(counts)

    for above, below in pairwise(levels):
        assert above.records == below.records + sum(count for _, count in above.lost)
    if sum(lost):
        widths = [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)"', picture)]
        assert widths[0] == pytest.approx(STREAM)
        assert widths == sorted(widths, reverse=True)
        assert all((w > 0) == (level.records > 0) for w, level in zip(widths, levels, strict=True))
    else:
        assert picture == ""


def test_the_report_that_the_page_is_made_of_can_be_written_as_json() -> None:
    assert render(msgspec.json.decode(msgspec.json.encode(REPORT))) == render(REPORT)
