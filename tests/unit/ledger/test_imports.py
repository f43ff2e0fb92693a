"""The import items: registered once, changed in place, listed by status and time."""

from __future__ import annotations

import msgspec
import pytest

from prefdrop.ledger import keys
from prefdrop.ledger.clock import days_from_now
from prefdrop.ledger.imports import AttemptOver, Failure, Import, ImportStore, UnknownImport
from prefdrop.ledger.table import Table


def record(import_id: str, *, execution: str = "e1", at: str = "2026-01-15T10:30:00Z") -> Import:
    return Import(
        import_id=import_id,
        feed="crm-contacts",
        bucket="b",
        key="inbox/crm-contacts/a.csv",
        version_id="v1",
        execution_arn=execution,
        registered_at=at,
    )


def test_a_second_registration_gets_the_import_that_is_there(imports: ImportStore) -> None:
    imports.register(record("imp-1", execution="first"))

    again = imports.register(record("imp-1", execution="second"))

    assert again.execution_arn == "first"


def test_an_unknown_import_is_named(imports: ImportStore) -> None:
    with pytest.raises(UnknownImport, match="imp-404"):
        imports.get("imp-404")


def test_what_is_stored_is_what_is_read(imports: ImportStore) -> None:
    imports.register(record("imp-1"))

    imports.update(
        imports.get("imp-1"), status="Failed", error=Failure("FeedMissing", "gone"), reconciled=True
    )

    stored = imports.get("imp-1")
    assert stored.error == Failure("FeedMissing", "gone")
    assert stored.status == "Failed"
    assert stored.reconciled is True


def test_setting_none_removes_a_member(imports: ImportStore) -> None:
    imports.register(record("imp-1"))
    imports.update(imports.get("imp-1"), gate="too many")

    imports.update(imports.get("imp-1"), gate=None)

    assert imports.get("imp-1").gate == ""


def test_requests_are_added_up(imports: ImportStore) -> None:
    imports.register(record("imp-1"))

    imports.count_requests("imp-1", 3)
    imports.count_requests("imp-1", 4)

    assert imports.get("imp-1").vendor_requests == 7


def test_imports_are_listed_newest_first_over_all_statuses(imports: ImportStore) -> None:
    for day, import_id in enumerate(("imp-a", "imp-b", "imp-c"), start=1):
        imports.register(record(import_id, at=f"2026-01-0{day}T00:00:00Z"))
    imports.update(imports.get("imp-b"), status="Failed")

    assert [one.import_id for one in imports.list()] == ["imp-c", "imp-b", "imp-a"]
    assert [one.import_id for one in imports.list("Failed")] == ["imp-b"]
    assert [one.import_id for one in imports.list(limit=2)] == ["imp-c", "imp-b"]
    oldest = imports.list(limit=None, newest_first=False)
    assert [one.import_id for one in oldest] == ["imp-a", "imp-b", "imp-c"]


def test_item_expires_only_after_the_end(table: Table):
    imports = ImportStore(table, retention_days=30)
    imports.register(msgspec.structs.replace(record("imp-1"), expires_at=days_from_now(1)))

    running = imports.update(imports.get("imp-1"), status="Staging")
    ended = imports.update(running, status="Failed")
    retried = imports.update(ended, status="Registered")

    assert (running.expires_at, retried.expires_at) == (0, 0)
    assert abs(ended.expires_at - days_from_now(30)) < 3600


def test_write_of_an_earlier_attempt_changes_nothing(imports: ImportStore):
    imports.register(record("imp-1"))
    late = imports.get("imp-1")
    imports.update(late, attempt=2, execution_arn="arn:second")

    with pytest.raises(AttemptOver):
        imports.update(late, status="Failed")

    assert imports.show_progress(late, status="Staging") is None
    assert (imports.get("imp-1").status, imports.get("imp-1").attempt) == (late.status, 2)


def test_first_attempt_of_an_earlier_release_may_write(table: Table, imports: ImportStore):
    imports.register(record("imp-1"))
    assert "attempt" not in (table.get(keys.meta("imp-1")) or {})

    assert imports.update(imports.get("imp-1"), status="Queued").status == "Queued"
