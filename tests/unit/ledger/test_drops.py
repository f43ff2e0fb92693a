"""An older drop never overwrites a newer one, and a repeated content is known."""

from __future__ import annotations

import msgspec
import pytest

from prefdrop.ledger import keys
from prefdrop.ledger.drops import DropStore, LaterDropUnreadable, Superseded
from prefdrop.ledger.imports import Import, ImportStore, Order
from prefdrop.ledger.order import Dropped
from prefdrop.ledger.table import Table
from tests.unit.ledger.conftest import RETENTION_DAYS

RECORD = Import(
    import_id="imp-1",
    feed="people",
    bucket="bucket",
    key="inbox/people/people.csv",
    version_id="v1",
    sequencer="A2",
    dropped_at="2026-01-15T10:00:00Z",
    execution_arn="arn",
    registered_at="2026-01-15T10:00:00.000Z",
)


@pytest.fixture
def drops(table: Table) -> DropStore:
    return DropStore(table, RETENTION_DAYS)


def another(**changes: object) -> Import:
    return msgspec.structs.replace(RECORD, **({"import_id": "imp-2"} | changes))


def execute(table: Table, record: Import) -> None:
    """Write down that the import was executed, as the step does."""
    table.transact(*DropStore(table, RETENTION_DAYS).executed(record))


def dated(day: int, import_id: str = "imp-2", **changes: object) -> Import:
    """A file of another day, under a name with its date."""
    date = f"2026-01-{day}"
    key = f"inbox/people/crm-{date}.csv"
    moment = f"{date}T10:00:00Z"
    return another(import_id=import_id, key=key, dropped_at=moment, **changes)


def newest(table: Table) -> tuple[str, str]:
    """Which import the marks of the key and of the feed name."""
    of_key = table.get(keys.executed_version(RECORD.key)) or {"import_id": ""}
    return of_key["import_id"], table.get(keys.feed_mark("people"))["drop"]["import_id"]


# --- the same key ----------------------------------------------------------------------------


@pytest.mark.parametrize("sequencer", ["A2", "A200", "A21", "A3", "B"])
def test_same_or_newer_version_is_executed(drops: DropStore, table: Table, sequencer: str):
    execute(table, RECORD)

    drops.check(another(sequencer=sequencer))


@pytest.mark.parametrize("sequencer", ["A1", "A1FFFF", "100000", ""])
def test_older_version_is_superseded(drops: DropStore, table: Table, sequencer: str):
    execute(table, RECORD)

    with pytest.raises(Superseded) as refused:
        drops.check(another(sequencer=sequencer))
    assert RECORD.key in refused.value.message
    assert "(import imp-1)" in refused.value.message
    assert "--force" in refused.value.hint
    assert "--except-newer" in refused.value.hint


@pytest.mark.parametrize(("sequencer", "newer"), [("A1FF", True), ("A2", False), ("B", False)])
def test_newer_execution_is_known(drops: DropStore, table: Table, sequencer: str, newer: bool):
    assert not drops.newer_was_executed(another(sequencer=sequencer))

    execute(table, RECORD)

    assert drops.newer_was_executed(another(sequencer=sequencer)) is newer


# --- marks that the version before wrote -----------------------------------------------------


def old_mark(table: Table, sequencer: str) -> None:
    kept = {"sequencer": sequencer.rjust(32, "0"), "import_id": "imp-1"}
    table.put(keys.executed_version(RECORD.key), kept)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("sequencer", "newer"),
    [("0055AED512", False), ("0055AED6", False), ("0055AED601", True), ("0055AED7", True)],
)
def test_mark_of_the_version_before_is_read_right(
    drops: DropStore, imports: ImportStore, table: Table, known: bool, sequencer: str, newer: bool
):
    if known:
        imports.register(msgspec.structs.replace(RECORD, sequencer="0055AED600"))
    old_mark(table, "0055AED600")

    is_older = drops.newer_was_executed(another(sequencer=sequencer))

    assert is_older is (sequencer == "0055AED512")
    if newer:
        drops.check(another(sequencer=sequencer))


def test_version_before_reads_the_mark_as_its_own(table: Table):
    execute(table, RECORD)

    mark = table.get(keys.executed_version(RECORD.key))
    assert (mark["sequencer"], mark["import_id"]) == ("A2".rjust(32, "0"), "imp-1")


# --- the same feed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "key_refused", "feed_refused"),
    [("feed", True, True), ("key", True, False), ("none", False, False)],
)
def test_order_says_among_which_drops_an_older_one_is_refused(
    drops: DropStore, table: Table, order: Order, key_refused: bool, feed_refused: bool
):
    execute(table, RECORD)

    for record, refused in (
        (another(sequencer="A1", order=order), key_refused),
        (dated(14, order=order), feed_refused),
    ):
        if refused:
            with pytest.raises(Superseded, match=r"people\.csv \(import imp-1\)"):
                drops.check(record)
        else:
            drops.check(record)


@pytest.mark.parametrize("moment", ["2026-01-15T10:00:00Z", "2026-01-15T10:00:01Z"])
def test_drop_of_the_same_or_a_later_second_is_executed(
    drops: DropStore, table: Table, moment: str
):
    execute(table, RECORD)

    drops.check(another(key="inbox/people/other.csv", sequencer="A1", dropped_at=moment))


def test_other_feeds_are_not_compared(drops: DropStore, table: Table):
    execute(table, RECORD)

    drops.check(dated(14, feed="other"))


def test_force_executes_the_older_and_lowers_no_mark(drops: DropStore, table: Table):
    execute(table, RECORD)

    for forced in (another(sequencer="A1", forced=True), dated(14, forced=True)):
        drops.check(forced)
        execute(table, forced)

    assert newest(table) == ("imp-1", "imp-1")
    with pytest.raises(Superseded):
        drops.check(another(sequencer="A11"))


def test_executing_once_more_changes_no_mark(drops: DropStore, table: Table):
    execute(table, RECORD)

    drops.check(RECORD)
    execute(table, RECORD)

    assert newest(table) == ("imp-1", "imp-1")


def test_correction_is_as_old_as_the_file_it_corrects(drops: DropStore, table: Table):
    monday = Dropped("imp-1", dated(12).key, "A1", dated(12).dropped_at)
    tuesday, fixed = dated(13, "imp-3"), dated(14, "imp-4", corrects=monday)
    drops.check(fixed)
    execute(table, fixed)
    execute(table, tuesday)

    with pytest.raises(Superseded, match="imp-3"):
        drops.check(fixed)
    assert newest(table)[1] == "imp-3"
    assert [drop.import_id for drop in drops.later(fixed)] == ["imp-3"]


@pytest.mark.parametrize("order", ["feed", "key"])
def test_correction_is_compared_with_the_key_it_corrects(
    drops: DropStore, table: Table, order: Order
):
    first = Dropped("imp-1", RECORD.key, "A1", "2026-01-14T10:00:00Z")
    fixed = dated(16, "imp-4", corrects=first, order=order)
    drops.check(fixed)
    execute(table, RECORD)

    with pytest.raises(Superseded, match="imp-1"):
        drops.check(fixed)
    assert [drop.import_id for drop in drops.later(fixed)] == ["imp-1"]


def test_correction_of_a_file_never_executed_is_listed(drops: DropStore, table: Table):
    tuesday = Dropped("imp-3", dated(13).key, "A1", dated(13).dropped_at)
    execute(table, dated(14, "imp-4", corrects=tuesday))

    assert [drop.import_id for drop in drops.later(dated(12))] == ["imp-4"]
    with pytest.raises(Superseded, match="imp-4"):
        drops.check(dated(12))


# --- which later drops there are -------------------------------------------------------------


def test_later_drops_are_listed_oldest_first_and_expire(drops: DropStore, table: Table):
    first, *others = dated(12, "imp-0"), dated(14, "imp-3"), dated(13, "imp-2"), dated(11, "imp-4")
    for record in (first, *others):
        execute(table, record)

    assert [drop.import_id for drop in drops.later(first)] == ["imp-2", "imp-3"]
    assert drops.later(msgspec.structs.replace(first, order="key")) == []
    assert drops.later(msgspec.structs.replace(first, order="none")) == []
    listed = table.query(keys.feed_mark("people").pk, begins=keys.EXECUTED_DROPS)
    assert all(item["expires_at"] for item in listed)


def test_later_drop_that_no_list_has_is_named(drops: DropStore, table: Table):
    old_mark(table, "A3")

    with pytest.raises(LaterDropUnreadable, match="imp-1"):
        drops.later(another())


# --- content ---------------------------------------------------------------------------------


def drop_content(drops: DropStore, import_id: str, sha256: str) -> tuple[Import, bool]:
    record = another(import_id=import_id, content_sha256=sha256)
    return record, drops.repeats(record, sha256)


def test_content_is_compared_with_the_last_executed_alone(drops: DropStore, table: Table):
    """Opt-in, opt-out, opt-in: the third says something new."""
    for import_id, sha256 in (("imp-1", "in"), ("imp-2", "out"), ("imp-3", "in")):
        record, repeats = drop_content(drops, import_id, sha256)
        assert not repeats
        execute(table, record)

    assert drop_content(drops, "imp-4", "in")[1]
    assert not drop_content(drops, "imp-4", "in")[1]  # asked again, it does not meet itself


def test_content_waits_for_no_drop_that_may_change_it(drops: DropStore, table: Table):
    execute(table, drop_content(drops, "imp-1", "in")[0])
    drop_content(drops, "imp-2", "out")

    assert not drop_content(drops, "imp-3", "in")[1]


def test_content_of_an_import_without_it_is_unknown(drops: DropStore, table: Table):
    execute(table, drop_content(drops, "imp-1", "in")[0])
    execute(table, another())

    assert not drop_content(drops, "imp-3", "in")[1]


def test_content_that_did_not_complete_may_come_again(drops: DropStore, table: Table):
    record, _ = drop_content(drops, "imp-1", "in")
    execute(table, record)
    drops.release_content(another(import_id="imp-9"))
    assert drop_content(drops, "imp-2", "in")[1]

    drops.release_content(record)

    assert not drop_content(drops, "imp-3", "in")[1]


def test_drop_registered_in_between_is_not_left_out(drops: DropStore, table: Table):
    execute(table, drop_content(drops, "imp-1", "in")[0])
    get = table.get

    def meanwhile(key: keys.Key) -> object:
        item = get(key)
        table.get = get  # type: ignore[method-assign]
        drop_content(drops, "imp-2", "out")
        return item

    table.get = meanwhile  # type: ignore[method-assign,assignment]

    assert not DropStore(table).repeats(another(import_id="imp-3"), "in")
