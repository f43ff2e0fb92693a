"""Whether there is a configuration snapshot that rows can be checked against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from prefdrop.configuring.store import SnapshotStore
from prefdrop.feeds.account import MAX_AGE
from prefdrop_cli.doctor.findings import Finding, doubtful, good
from prefdrop_cli.doctor.patient import Patient

PULL = "`prefdrop configuration pull` takes one; it says what it could not read."


def snapshot(patient: Patient) -> Iterator[Finding]:
    """The newest snapshot and its age; raises SnapshotUnreadable."""
    found = SnapshotStore(patient.deployment.objects).find()
    if found is None:
        yield doubtful(
            "configuration", "There is no snapshot, so only the vendor checks names in rows.", PULL
        )
        return
    days = patient.deployment.parameters.get("SnapshotDays")
    longest = MAX_AGE if days is None else timedelta(days=int(days))
    taken = f"{found.snapshot.taken_at:%Y-%m-%d %H:%M} UTC"
    if found.snapshot.account().is_stale(patient.now, longest):
        said = f"The snapshot is of {taken} and stale: rows are checked against it no more."
        yield doubtful("configuration", said, PULL)
    else:
        yield good("configuration", f"The snapshot is of {taken}.")
