"""A gate holds or stops an import on its figures, and an approval holds for one part."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from prefdrop.importing import apply_gates
from prefdrop.ledger.clock import iso
from prefdrop.ledger.imports import AttemptOver, Hold
from prefdrop.ledger.turns import TurnLost
from tests.unit.importing.one_import import NOW, START, OneImport
from tests.workbench import FEED


def gates(one: OneImport, **gate: object) -> None:
    """Pin a feed with these gates."""
    lines = "".join(f"{name} = {value!r}\n" for name, value in gate.items())
    text = FEED.partition("[gates]")[0] + "[gates]\n" + lines
    s3 = boto3.client("s3")
    put = s3.put_object(Bucket="bucket", Key="feeds/people.toml", Body=text.encode())
    one.services.imports.update(one.record, feed_version_id=put["VersionId"])


def decide(one: OneImport) -> str:
    answered: Any = apply_gates.run(one.services, one.event(), None)  # type: ignore[arg-type]
    assert answered == {"next": answered["next"], "resume_at": "", "seconds": 0, "cursor": {}}
    return str(answered["next"])


def figures(one: OneImport, *, local: int = 0, validation: int = 0, **members: Any) -> None:
    """Begin a part that read a hundred rows, so many of which were rejected."""
    usual = {"state": "staged", "source_read": True, "rows": 100, "staged": 100 - local}
    usual |= {"rejected_local": local, "rejected_validation": validation}
    one.begin(**(usual | members))


@pytest.mark.parametrize(("local", "validation"), [(10, 0), (0, 10), (4, 6)])
def test_rejects_up_to_the_gate_are_executed(one: OneImport, local: int, validation: int):
    gates(one, max_rejected_percent=10)
    figures(one, local=local, validation=validation)

    assert decide(one) == "execute"
    assert (one.record.gate, one.record.status) == ("", "Queued")


@pytest.mark.parametrize(("local", "validation"), [(11, 0), (0, 11), (5, 6)])
def test_rejects_above_the_gate_abort_the_import(one: OneImport, local: int, validation: int):
    gates(one, max_rejected_percent=10)
    figures(one, local=local, validation=validation)

    assert decide(one) == "abort"
    record = one.record
    assert "11 of 100 rows (11.0 %)" in record.gate
    assert "more than the 10 %" in record.gate
    assert (record.status, record.hold_until, record.approved) == ("Queued", "", False)


def test_gate_that_holds_waits_for_an_approval(one: OneImport):
    gates(one, max_rejected_percent=10, over_gate="hold", hold_minutes=90)
    start = {"offset": 50, "row": 5}
    figures(one, local=11, start=start)

    assert decide(one) == "hold"

    record = one.record
    assert (record.status, record.hold_until) == ("Held", iso(NOW + 90 * 60_000))
    assert record.hold is not None
    assert (record.hold.start, record.hold.state) == (start, "pending")
    assert (record.hold.rows_read, record.hold.rejected) == (100, 11)


def test_part_without_a_record_is_never_held(one: OneImport):
    gates(one, max_rejected_percent=10, over_gate="hold", hold_minutes=90)
    figures(one, local=100, state="local")

    assert decide(one) == "abort"
    assert (one.record.status, one.record.hold_until) == ("Queued", "")


@pytest.mark.parametrize(
    ("approved", "held_at", "follows"),
    [(True, 0, "execute"), (False, 0, "hold"), (True, 1, "hold")],
)
def test_approval_holds_for_the_part_that_was_held(
    one: OneImport, approved: bool, held_at: int, follows: str
):
    gates(one, max_rejected_percent=10, over_gate="hold", hold_minutes=90)
    figures(one, local=11)
    held = {"offset": 0, "row": held_at}
    one.services.imports.update(one.record, approved=approved, held_start=held)

    assert decide(one) == follows


def test_gate_counts_all_parts_that_count(one: OneImport):
    gates(one, max_rejected_percent=10)
    figures(one, local=30, state="torn")
    figures(one, local=15, state="finished")
    figures(one, local=6)

    assert decide(one) == "abort"
    assert "21 of 200 rows (10.5 %)" in one.record.gate


@pytest.mark.parametrize(
    ("staged", "read", "follows"),
    [(99, True, "abort"), (100, True, "execute"), (99, False, "execute")],
)
def test_least_records_count_once_the_file_is_read(
    one: OneImport, staged: int, read: bool, follows: str
):
    gates(one, min_records=100)
    figures(one, staged=staged, source_read=read)

    assert decide(one) == follows
    assert ("99 records" in one.record.gate) == (follows == "abort")


def test_file_without_rows_passes_a_gate_of_no_rejects(one: OneImport):
    gates(one, max_rejected_percent=0, min_records=0)
    figures(one, state="local", rows=0, staged=0)

    assert decide(one) == "finish"


def test_one_reject_of_one_row_is_all_of_them(one: OneImport):
    gates(one, max_rejected_percent=99)
    figures(one, local=1, rows=1, staged=0, state="local")

    assert decide(one) == "abort"
    assert "1 of 1 rows (100.0 %)" in one.record.gate


@pytest.mark.parametrize(("read", "follows"), [(True, "finish"), (False, "initiate")])
def test_part_without_a_record_leads_on_in_the_file(one: OneImport, read: bool, follows: str):
    gates(one, max_rejected_percent=100, min_records=0)
    figures(one, local=100, state="local", source_read=read)

    assert decide(one) == follows


@pytest.mark.parametrize("state", ["staging", "executing", "finished", "torn", "dead"])
def test_gates_of_a_part_in_another_state_begin_it_again(one: OneImport, state: str):
    gates(one, max_rejected_percent=0)
    figures(one, local=50, state=state)

    assert decide(one) == "initiate"
    assert one.record.gate == ""


def test_gates_without_the_turn_decide_nothing(one: OneImport):
    figures(one)

    with pytest.raises(AttemptOver):
        apply_gates.run(one.services, one.event() | {"execution": "other"}, None)  # type: ignore[arg-type]
    one.give_turn("other")
    with pytest.raises(TurnLost):
        decide(one)


@pytest.mark.parametrize(
    ("counts", "decided"),
    [
        ({"local": 11}, "execute"),
        ({"local": 9, "validation": 1}, "execute"),
        ({"local": 12}, "hold"),
        ({"local": 11, "rows": 90}, "hold"),
        ({"local": 13, "restaged": 2}, "execute"),
        ({"local": 14, "restaged": 2}, "hold"),
    ],
    ids=["same", "fewer", "more", "other rows", "with corrections", "more than the corrections"],
)
def test_approval_counts_for_what_the_operator_saw(
    one: OneImport, counts: dict[str, int], decided: str
):
    gates(one, max_rejected_percent=5, over_gate="hold")
    hold = Hold(id="1.9.0", state="approved", start=START, rows_read=100, rejected=11, taken=True)
    one.services.imports.update(one.record, hold=hold)
    figures(one, **counts)

    assert decide(one) == decided


def test_hold_that_is_applied_again_keeps_its_end(one: OneImport):
    gates(one, max_rejected_percent=5, over_gate="hold", hold_minutes=60)
    figures(one, local=11)
    assert decide(one) == "hold"
    first = one.record
    one.now += 30_000

    assert decide(one) == "hold"

    assert (one.record.hold, one.record.hold_until) == (first.hold, first.hold_until)
