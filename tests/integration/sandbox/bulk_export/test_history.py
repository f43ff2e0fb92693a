"""Snapshots of the profiles: each shows what there was when it was taken, until it is released."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from prefdrop_local.sandbox.bulk_export.history import (
    as_of,
    changed_since,
    prune,
    release_snapshot,
    take_snapshot,
)
from prefdrop_local.sandbox.store import Store

IDS = range(1, 5)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("replace"), st.sampled_from(IDS)),
        st.tuples(st.just("update"), st.sampled_from(IDS)),
        st.tuples(st.just("delete"), st.sampled_from(IDS)),
        st.tuples(st.just("snapshot"), st.just(0)),
        st.tuples(st.just("release"), st.integers(0, 3)),
    ),
    min_size=10,
    max_size=40,
)
STATEMENTS = {
    "replace": "INSERT OR REPLACE INTO profiles (document, profile_id) VALUES (?, ?)",
    "update": "UPDATE profiles SET document = ? WHERE profile_id = ?",
}


class Ticking:
    """A store whose clock shows the number of the action at hand."""

    def __init__(self) -> None:
        self.now = 0
        self.store = Store()
        self.store.define("now_ms", lambda: self.now)

    def act(self, action: str, profile_id: int) -> None:
        """Write or delete a profile."""
        with self.store.transaction() as database:
            if action == "delete":
                database.execute("DELETE FROM profiles WHERE profile_id = ?", (profile_id,))
            else:
                document = f'"{self.now}"'.encode()
                database.execute(STATEMENTS[action], (document, profile_id))

    def profiles(self) -> list[tuple[int, int, bytes]]:
        """What there is now, as `as_of` gives it."""
        return self.store.rows(
            "SELECT profile_id, changed_at, document FROM profiles JOIN profile_changes "
            "USING (profile_id) ORDER BY profile_id"
        )


@pytest.fixture
def ticking() -> Iterator[Ticking]:
    one = Ticking()
    yield one
    one.store.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_every_snapshot_shows_what_there_was(
    ticking: Ticking, actions: list[tuple[str, int]]
) -> None:
    ticking.store.clear()
    snapshots: dict[int, list[tuple[int, int, bytes]]] = {}
    for ticking.now, (action, number) in enumerate(actions, 1):
        if action == "snapshot":
            with ticking.store.transaction() as database:
                snapshots[take_snapshot(database)] = ticking.profiles()
        elif action == "release":
            if number < len(snapshots):
                gone = sorted(snapshots)[number]
                del snapshots[gone]
                with ticking.store.transaction() as database:
                    release_snapshot(database, gone)
                    while prune(database, 1):
                        continue
        else:
            ticking.act(action, number)
        for snapshot, profiles in snapshots.items():
            _assert_shows(ticking, snapshot, profiles)
    if not snapshots:
        assert ticking.store.rows("SELECT * FROM kept_versions") == []


def _assert_shows(ticking: Ticking, snapshot: int, profiles: list[tuple[int, int, bytes]]) -> None:
    with ticking.store.transaction() as database:
        assert as_of(database, snapshot, IDS) == profiles
        for since in (0, ticking.now // 2, ticking.now):
            found = changed_since(database, snapshot, since, None)
            assert list(found) == sorted(found)
            assert {number for number, at, _ in profiles if at >= since} <= set(found)


def test_nothing_is_kept_while_there_is_no_snapshot(ticking: Ticking) -> None:
    for ticking.now, action in enumerate(("replace", "replace", "update", "delete"), 1):
        ticking.act(action, 1)

    assert ticking.store.rows("SELECT * FROM kept_versions") == []
    assert ticking.store.rows("SELECT * FROM profile_changes") == []


def test_a_deleted_profile_is_not_noted_any_more_and_others_are(ticking: Ticking) -> None:
    ticking.now = 7
    ticking.act("replace", 1)
    ticking.act("replace", 2)
    ticking.now = 8
    ticking.act("update", 2)
    ticking.act("delete", 1)

    assert ticking.store.rows("SELECT * FROM profile_changes") == [(2, 8)]
