"""The bucket holds the newest snapshot, whichever pull ends last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3

from prefdrop.configuring.snapshot import Snapshot
from prefdrop.configuring.store import SnapshotStore
from prefdrop.ledger.objects import ObjectStore
from tests.emulated_aws import emulated_aws, make_bucket

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def taken(at: datetime, *filters: str) -> Snapshot:
    parts = {"filters": tuple({"FilterId": name} for name in filters)}
    return Snapshot(client_id="DEMO_CLIENT", taken_at=at, parts=parts)


def test_slow_pull_replaces_no_younger_snapshot() -> None:
    with emulated_aws():
        make_bucket()
        store = SnapshotStore(ObjectStore(boto3.client("s3"), "bucket"))
        younger, _ = store.keep(taken(NOON, "NEWS_WEEKLY"))

        kept, written = store.keep(taken(NOON - timedelta(minutes=2)))
        later, rewritten = store.keep(taken(NOON + timedelta(minutes=2)))

        assert (kept, written) == (younger, False)
        assert (later.snapshot.taken_at > NOON, rewritten) == (True, True)
