"""Every record is accounted for, and what arrived is what was sent."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tiers import second_tier
from tests.workbench import FEED, ROOT, Workbench, people


def test_what_arrives_is_what_the_rows_say(bench: Workbench) -> None:
    report = bench.run(people(50))

    assert report["status"] == "Completed"
    assert (report["rows_read"], report["staged"], report["processed"]) == (50, 50, 50)
    arrived = {
        profile["AlternateIds"][0]["AlternateId"]: (
            profile["CustomerName"]["FirstName"],
            profile["Emails"][0]["EmailAddress"],
            profile["Emails"][0]["EmailPreferences"][0]["PreferenceType"],
        )
        for profile in bench.profiles()
    }
    assert arrived == {
        f"C-{n}": ("Ana", f"p{n}@example.test", 1 if n % 2 else 2) for n in range(1, 51)
    }


def test_the_counts_are_the_vendors_own(bench: Workbench) -> None:
    report = bench.run(people(20) + "C-21,Bo,refused@localhost.test,Y\n")

    (token,) = bench.vendor("books")["tokens"]
    assert report["staged"] == token["received"]
    assert report["validation_ok"] == token["ok"]
    assert report["rejected_validation"] == token["failed"]
    assert report["processed"] == token["processed"]
    assert report["rejected_execution"] == token["exceptions"]
    assert report["not_honored"] == token["not_honored"]
    assert report["vendor_requests"] == len(bench.vendor("books")["requests"])


def test_each_rejected_row_is_in_the_rejects_file_once_with_its_own_columns(
    bench: Workbench,
) -> None:
    bad = ["C-3,Cy,no-address,Y", "C-4,Di,d4@example.test,maybe", ",Ed,e5@example.test,N"]

    report = bench.run(people(2) + "\n".join(bad) + "\n")

    rejects = bench.rejects(report)
    assert [r["_row"] for r in rejects] == ["3", "4", "5"]
    assert [",".join((r["id"], r["first"], r["email"], r["news"])) for r in rejects] == bad
    assert {r["_stage"] for r in rejects} == {"local"}
    assert all(r["_reason"] for r in rejects)
    assert report["status"] == "CompletedWithRejects"
    assert report["rejected_local"] == 3


def test_a_corrected_rejects_file_can_be_dropped_as_it_is(bench: Workbench) -> None:
    first = bench.run(people(2) + "C-3,Cy,no-address,Y\n")
    corrected = bench.read(first["rejects"]["key"]).replace(b"no-address", b"c3@example.test")

    report = bench.run(corrected, name="corrected.csv")

    assert report["status"] == "Completed"
    assert len(bench.profiles()) == 3


def test_the_report_and_the_items_name_the_same_rejects(bench: Workbench) -> None:
    report = bench.run(people(2) + "C-3,Cy,no-address,Y\n")

    items = bench.dynamodb.scan(TableName=bench.stack.outputs["ExceptionsTableName"])["Items"]
    mine = [i for i in items if i["import_id"]["S"] == report["import_id"]]
    assert [(i["row"]["N"], i["stage"]["S"]) for i in mine] == [("3", "local")]


@second_tier("a file of several full chunks; the chunker's own tests fill small ones")
def test_a_large_file_is_staged_in_chunks_filled_to_the_byte_limit(bench: Workbench) -> None:
    feed = FEED.replace('name = "people"', 'name = "large"')
    bench.push_feed(feed, "large")

    report = bench.run(people(150_000), feed="large")

    stages = bench.requests_to("import.stage")
    assert report["chunks"] == len(stages) > 1
    assert all(one["bytes"] <= 25_000_000 for one in stages)
    assert all(one["bytes"] > 24_990_000 for one in stages[:-1])
    assert report["processed"] == 150_000


def test_jsonl_is_imported_as_csv_is(bench: Workbench) -> None:
    feed = FEED.replace('format = "csv"', 'format = "jsonl"')
    bench.push_feed(feed, "lines")
    rows = [
        {"id": "C-1", "first": "Ana", "email": "a@example.test", "news": "Y"},
        {"id": "C-2", "first": "Bo", "email": "no-address", "news": "N"},
    ]

    report = bench.run(
        "".join(json.dumps(row) + "\n" for row in rows), feed="lines", name="people.jsonl"
    )

    assert (report["processed"], report["rejected_local"]) == (1, 1)
    line = json.loads(bench.read(report["rejects"]["key"]))
    assert {**rows[1], "_row": 2, "_stage": "local"}.items() <= line.items()


def test_the_example_reaches_every_stage_of_rejection(bench: Workbench) -> None:
    bench.push_feed(Path(ROOT / "feeds/crm-contacts.toml").read_text(), "crm-contacts")

    report = bench.run(
        Path(ROOT / "feeds/crm-contacts.csv").read_bytes(), feed="crm-contacts", name="c.csv"
    )

    assert report["status"] == "CompletedWithRejects"
    assert report["rows_read"] == 10_000
    for stage in ("rejected_local", "rejected_validation", "rejected_execution", "not_honored"):
        assert report[stage] > 0
    rows = [reject["_row"] for reject in bench.rejects(report)]
    assert len(rows) == len(set(rows)) == report["rejects"]["count"]
