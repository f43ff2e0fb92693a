"""An older version of a file never overwrites a newer one, and content is claimed once."""

from __future__ import annotations

import msgspec
import pytest

from prefdrop.ledger import keys
from prefdrop.ledger.drops import DropStore, Superseded
from prefdrop.ledger.imports import Import
from prefdrop.ledger.table import Table

RECORD = Import(
    import_id="imp-1",
    feed="people",
    bucket="bucket",
    key="inbox/people/people.csv",
    version_id="v1",
    sequencer="A2",
    execution_arn="arn",
    registered_at="2026-01-15T10:00:00.000Z",
)


@pytest.fixture
def drops(table: Table) -> DropStore:
    return DropStore(table)


def another(**changes: object) -> Import:
    return msgspec.structs.replace(RECORD, import_id="imp-2", **changes)


def executed_by(table: Table) -> str | None:
    item = table.get(keys.executed_version(RECORD.key))
    return None if item is None else item["import_id"]


@pytest.mark.parametrize("sequencer", ["A2", "A3", "100"])
def test_same_or_newer_version_is_executed(drops: DropStore, table: Table, sequencer: str):
    drops.executing(RECORD)

    drops.executing(another(sequencer=sequencer))

    assert executed_by(table) == "imp-2"
    assert table.get(keys.executed_version(RECORD.key))["sequencer"] == sequencer.rjust(32, "0")


@pytest.mark.parametrize("sequencer", ["A1", "FF"])
def test_older_version_is_superseded(drops: DropStore, table: Table, sequencer: str):
    drops.executing(msgspec.structs.replace(RECORD, sequencer="100"))

    with pytest.raises(Superseded) as refused:
        drops.executing(another(sequencer=sequencer))
    assert RECORD.key in refused.value.message
    assert "--force" in refused.value.hint
    assert executed_by(table) == "imp-1"


def test_forced_import_may_be_older(drops: DropStore, table: Table):
    drops.executing(RECORD)

    drops.executing(another(sequencer="A1", forced=True))

    assert executed_by(table) == "imp-2"


def test_other_files_are_not_compared(drops: DropStore):
    drops.executing(RECORD)

    drops.executing(another(key="inbox/people/other.csv", sequencer="A1"))


@pytest.mark.parametrize(("sequencer", "newer"), [("A1", True), ("A2", False), ("100", False)])
def test_newer_execution_is_known(drops: DropStore, sequencer: str, newer: bool):
    assert not drops.newer_was_executed(another(sequencer=sequencer))

    drops.executing(RECORD)

    assert drops.newer_was_executed(another(sequencer=sequencer)) is newer


def test_content_belongs_to_the_import_that_claimed_it(drops: DropStore):
    assert drops.claim_content(RECORD, "abc") == "imp-1"
    assert drops.claim_content(another(), "abc") == "imp-1"
    assert drops.claim_content(RECORD, "abc") == "imp-1"
    assert drops.claim_content(another(), "def") == "imp-2"
    assert drops.claim_content(another(feed="other"), "abc") == "imp-2"


def test_content_is_released_by_its_import_alone(drops: DropStore):
    drops.claim_content(RECORD, "abc")

    drops.release_content(another(), "abc")
    assert drops.claim_content(another(), "abc") == "imp-1"

    drops.release_content(RECORD, "abc")
    assert drops.claim_content(another(), "abc") == "imp-2"


def test_content_that_no_import_claimed_is_released_quietly(drops: DropStore, table: Table):
    drops.release_content(RECORD, "abc")

    assert table.get(keys.content("people", "abc")) is None


def test_content_released_just_then_is_the_claimants(drops: DropStore, table: Table):
    drops.claim_content(RECORD, "abc")
    get = table.get

    def gone(key: keys.Key) -> None:
        drops.release_content(RECORD, "abc")
        return get(key)

    table.get = gone  # type: ignore[method-assign]

    assert drops.claim_content(another(), "abc") == "imp-2"
