"""The report and the console as a person sees them, in a real browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.browser.browser import Browser
from tests.browser.conftest import Console, Imported, running_console
from tests.tiers import second_tier
from tests.workbench import FEED, PATIENCE, Workbench, people

PHONE, DESK, PAPER = 390, 1200, 718
EVIL = "<img src=x onerror=alert(1)>"
HOLDING = FEED.replace("= 100", "= 10") + 'over_gate = "hold"\nhold_minutes = 30\n'
TWO_WRONG = people(8) + "C-9,Ida,no-address,Y\nC-10,Jo,j10@example.test,?\n"
SLOW = 40
"""Records per second that the vendor executes while a test wants to see it at work."""


@pytest.fixture
def screen(chromium: Browser) -> Iterator[Browser]:
    """A browser of whose pages no complaint may come."""
    chromium.set_screen(DESK)
    chromium.forget()
    yield chromium
    assert chromium.complaints() == []


def number(text: str) -> int:
    return int(text.replace(",", ""))


# --- report.html ----------------------------------------------------------------------------------


@pytest.fixture
def report(screen: Browser, example: Imported, tmp_path: Path) -> Browser:
    """The report of the example, saved and opened as a file."""
    file = tmp_path / "report.html"
    file.write_bytes(example.page)
    screen.open(file.as_uri())
    return screen


def test_the_report_shows_the_figures_of_report_json(report: Browser, example: Imported) -> None:
    counts = example.report
    rejected = sum(counts[f"rejected_{stage}"] for stage in ("local", "validation", "execution"))

    assert report.text("#status") == counts["status"] == "CompletedWithRejects"
    assert number(report.text("#rows_read")) == counts["rows_read"] == 10_000
    assert number(report.text("#processed")) == counts["processed"]
    assert number(report.text("#rejected")) == rejected == counts["rejects"]["count"]
    assert number(report.text("#not_honored")) == counts["not_honored"]
    assert report.text("#reconciled") == "yes"
    assert float(report.text("#seconds")) == pytest.approx(counts["seconds"], rel=1e-4)


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_the_report_names_each_reason_with_its_count_and_an_example_row(
    report: Browser, example: Imported
) -> None:
    shown = [row.text.split() for row in report.all("#reasons tbody tr")]

    assert [(row[0], number(row[-2]), number(row[-1])) for row in shown] == [
        (kind["code"], kind["count"], kind["example_row"])
        for kind in example.report["rejects"]["kinds"]
    ]


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_the_report_draws_where_the_records_went(report: Browser, keep_picture: Any) -> None:
    picture = report.find("svg.flow")

    assert picture.size["width"] > 300
    assert picture.size["height"] > 200
    assert "10,000 read" in picture.get_attribute("aria-label")
    report.set_screen(820)
    keep_picture("report", tallest=1500)


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_the_report_fetches_nothing(report: Browser) -> None:
    assert [one for one in report.fetched() if not one.startswith("file:")] == []


@second_tier("the browser matrix; the report, the list and a held import are the short form")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_report_is_read_on_a_phone_without_scrolling_sideways(
    report: Browser, dark: bool
) -> None:
    report.set_screen(PHONE, dark=dark)

    assert not report.scrolls_sideways()
    assert _cut_off(report) == []
    assert report.run("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(18, 22, 28)" if dark else "rgb(255, 255, 255)"
    )


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_the_report_is_printed_whole_and_black_on_white(report: Browser) -> None:
    report.set_paper(PAPER)

    assert report.run("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert not report.scrolls_sideways()
    assert _cut_off(report) == []
    assert report.printed().startswith(b"%PDF-")


def _cut_off(page: Browser) -> list[str]:
    """The tables of which a part is out of sight."""
    cut: list[str] = page.run(
        "return [...document.querySelectorAll('.wide')]"
        ".filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    )
    return cut


# --- the console ----------------------------------------------------------------------------------


@pytest.fixture
def page(screen: Browser, console: Console) -> Iterator[Browser]:
    """The console, opened as the command says; it may fetch nothing from anywhere else."""
    screen.open(console.opening)
    yield screen
    assert [one for one in screen.fetched() if not one.startswith(console.address)] == []


def go(page: Browser, *words: str) -> None:
    """Follow the address of a view, as a link does."""
    page.run("location.hash = arguments[0]", f"#/{'/'.join(words)}")


def id_of(bench: Workbench, version: str) -> str:
    """The import of a drop, once it is registered."""

    def look() -> str:
        return next(
            (one["import_id"] for one in bench.imports() if one["version_id"] == version), ""
        )

    found: str = bench.wait_for(look)
    return found


def test_the_list_shows_what_has_ended_and_the_token_leaves_the_address(
    page: Browser, console: Console, example: Imported
) -> None:
    row = page.find(f"tr[data-key='{example.report['import_id']}']").text

    assert page.address == console.address
    assert "crm-contacts.csv" in row
    assert "Completed with rejects" in row
    assert "10,000" in row


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_an_import_under_way_is_followed_until_it_has_ended(
    page: Browser, bench: Workbench, keep_picture: Any
) -> None:
    bench.set_vendor(records_per_second=SLOW)
    running = bench.drop(people(2000), name="spring-campaign.csv")
    waiting = bench.drop(people(3), name="newsletter.csv")

    card = f"li[data-key='{id_of(bench, running)}']"
    # Staging has a rate, too, where the page happens to ask twice while it goes on.
    page.wait(lambda: "Executing" in (shown := page.text(card)) and "records/s" in shown, "a rate")

    assert number(page.find(f"{card} progress").get_attribute("max")) == 2000
    page.wait(lambda: "1 import waits" in page.text("#account"), "the queue")
    keep_picture("console", tallest=730)
    bench.set_vendor(records_per_second=0)
    ended = f"tr[data-key='{id_of(bench, running)}']"
    page.wait(lambda: page.all(ended), "the end of the import")
    assert "Completed" in page.text(ended)
    bench.end_of(bench.execution_of(waiting))


def test_a_held_import_tells_why_it_is_held_and_what_comes_next(
    page: Browser, bench: Workbench
) -> None:
    bench.push_feed(HOLDING, "held")
    held = bench.drop(TWO_WRONG, feed="held")
    bench.execution_of(held)
    bench.wait_for_step("AwaitApprovalFunction")
    import_id = id_of(bench, held)

    page.wait(lambda: "1 import needs you" in page.text("#needing"), "the call for somebody")
    assert "It waits for your decision" in page.text(f"li[data-key='{import_id}']")
    go(page, "imports", import_id)

    assert page.text("#status").startswith("Held")
    assert "2 of 10 rows (20.0 %)" in page.text("#now")
    assert f"prefdrop imports approve {import_id}" in page.text("#next")
    assert page.text("#rejected") == "2"
    assert "NotAnEmail" in page.text("#reasons")
    assert "people.csv was dropped" in page.text("#happened")
    assert "AwaitApproval" in page.text("#steps")
    bench.prefdrop("imports", "cancel", import_id)
    page.wait(lambda: page.text("#status").startswith("Aborted"), "the decision")
    assert "is now Aborted" in page.find("#announcement").get_attribute("textContent")


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_report_and_rejects_of_an_import_are_a_click_away(page: Browser, example: Imported) -> None:
    go(page, "imports", example.report["import_id"])
    report, rejects = (page.find(f".offers a:nth-child({n})") for n in (1, 2))

    saved = page.run(
        "return fetch(arguments[0]).then((a) => a.text())", rejects.get_attribute("href")
    )

    assert len(list(csv.DictReader(io.StringIO(saved)))) == example.report["rejects"]["count"]
    with page.new_tab(report.click):
        assert number(page.text("#rows_read")) == 10_000
        assert page.find("svg.flow").size["height"] > 200


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_events_are_shown_of_the_person_who_is_asked_for(page: Browser, bench: Workbench) -> None:
    _deliver(bench, profile=9_007_199_254_740_993, before="Weekly", after=EVIL)
    go(page, "events")

    page.type("#profile", "9007199254740993\n")
    assert page.text("#found a") == "profile.updated"
    page.find("#found a").click()

    assert page.text("#event td:nth-child(3)") == f'"{EVIL}"'
    assert page.text("#event td:nth-child(2)") == '"Weekly"'
    assert "9007199254740993" in page.find("pre").get_attribute("textContent")
    assert "9007199254740993" not in page.address


def _deliver(bench: Workbench, *, profile: int, before: str, after: str) -> None:
    """One event, as the vendor delivers it."""
    event = {
        "EventId": "e-1",
        "EventType": "profile.updated",
        "ProfileId": profile,
        "PreviousData": {"Name": before},
        "Data": {"Name": after},
    }
    answer = requests.post(bench.stack.webhook_url, json=event, timeout=PATIENCE)
    assert answer.ok, answer.text


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_the_account_shows_quota_and_turn_as_the_command_does(
    page: Browser, bench: Workbench
) -> None:
    go(page, "account")

    assert number(page.text("#used")) == len(bench.requests_to("import.initiate"))
    assert "Nobody has the turn" in page.text("#turn")


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_a_name_that_looks_like_markup_is_shown_as_the_text_that_it_is(
    page: Browser, bench: Workbench
) -> None:
    dropped = bench.drop("id\n1\n", feed="nobody", name=f"{EVIL}\u202e.csv")
    import_id = id_of(bench, dropped)
    bench.end_of(bench.execution_of(dropped))

    row = page.find(f"tr[data-key='{import_id}']").text
    go(page, "imports", import_id)

    shown = rf"{EVIL}\u202e.csv"
    assert shown in row
    page.wait(lambda: page.text("h1") == shown, "the name")
    assert f"{shown} was dropped" in page.text("main")
    assert "FeedMissing" in page.text("#now")
    assert page.all("main img") == []


@second_tier("the browser matrix; the report, the list and a held import are the short form")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_console_is_read_on_a_phone_without_scrolling_sideways(
    page: Browser, example: Imported, dark: bool
) -> None:
    page.set_screen(PHONE, dark=dark)
    views = {
        "imports": "tr[data-key]",
        f"imports/{example.report['import_id']}": "#reasons",
        "events": "form",
        "exports": "main p",
        "account": "#quota",
        "alarms": "main p",
    }

    for view, there in views.items():
        go(page, view)
        page.find(there)
        assert not page.scrolls_sideways(), view
        assert _cut_off(page) == [], view


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_the_list_is_narrowed_down_with_the_keyboard_and_the_focus_stays(
    page: Browser, example: Imported
) -> None:
    page.find("tbody tr")

    page.type("#status", "CompletedW")

    page.wait(lambda: len(page.all("tbody tr")) == 1, "one kind")
    assert page.all(f"tr[data-key='{example.report['import_id']}']")
    assert page.run("return document.activeElement.id") == "status"
    go(page, "account")
    page.find("#quota")
    assert page.run("return document.activeElement.tagName") == "H1"
    go(page, "imports")
    assert page.find("#status").get_property("value") == "CompletedWithRejects"


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_every_field_has_a_name_for_those_who_listen(page: Browser) -> None:
    for view in ("imports", "events"):
        go(page, view)
        page.find("form")
        unnamed = page.run(
            "return [...document.querySelectorAll('input, select')]"
            ".filter((one) => !one.labels.length).map((one) => one.id)"
        )
        assert unnamed == []


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_a_page_that_nobody_looks_at_asks_nothing(page: Browser) -> None:
    page.find("tbody tr")

    page.run(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )

    page.wait(lambda: page.text("#connection").startswith("Paused"), "the pause")
    page.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(lambda: page.text("#connection").startswith("As of"), "the next look")


@second_tier("the browser matrix; the report, the list and a held import are the short form")
def test_ctrl_c_ends_the_console_and_its_page_says_so(
    chromium: Browser, bench: Workbench, example: Imported
) -> None:
    with running_console(bench) as console:
        chromium.open(console.opening)
        chromium.find("tbody tr")

        code, said = console.interrupt()

    assert (code, said) == (0, "The console is closed.\n")
    chromium.run("document.dispatchEvent(new Event('visibilitychange'))")
    assert "does not answer" in chromium.text(".problem")
    assert chromium.all("tbody tr")
