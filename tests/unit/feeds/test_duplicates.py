from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from prefdrop.feeds import ChunkLimits, LocalReject, Source, SourceError, key_index, load_feed

from .support import NOW, START, WIDE, all_chunks, make_feed, records_of, rejects_of, source_of

ROWS = "crm_id,x\na,1\nb,2\nA,3\nc,4\na,5\n"


def feed_that(policy: str) -> bytes:
    return make_feed(
        'x = "CustomerName.LastName"', source=f'format = "csv"\nduplicates = "{policy}"'
    )


def staged(policy: str, data: str = ROWS) -> tuple[list[str], list[tuple[int, str]]]:
    """The last names staged, and the rows rejected with their reasons."""
    chunks = all_chunks(source_of(feed_that(policy), data))
    assert {reject.code for reject in rejects_of(chunks)} <= {"DuplicateKey"}
    names = [record["CustomerName"]["LastName"] for record in records_of(chunks)]
    return names, [(reject.row, reject.reason) for reject in rejects_of(chunks)]


def test_by_default_every_row_goes_to_the_vendor() -> None:
    assert staged("keep") == (["1", "2", "3", "4", "5"], [])


def test_the_last_row_of_a_key_wins_and_the_others_name_it() -> None:
    reason = "Row 5 has the same match key and wins, as the last one in the file."

    assert staged("last") == (["2", "4", "5"], [(1, reason), (3, reason)])


def test_the_first_row_of_a_key_wins_and_the_others_name_it() -> None:
    reason = "Row 1 has the same match key and wins, as the first one in the file."

    assert staged("first") == (["1", "2", "4"], [(3, reason), (5, reason)])


def test_all_rows_of_a_key_may_be_rejected_each_naming_another() -> None:
    names, rejects = staged("reject")

    assert names == ["2", "4"]
    assert [(row, reason[: len("Row 1")]) for row, reason in rejects] == [
        (1, "Row 3"),
        (3, "Row 1"),
        (5, "Row 1"),
    ]


def test_a_reject_names_the_column_of_the_match_key() -> None:
    (reject,) = rejects_of(all_chunks(source_of(feed_that("first"), "crm_id,x\na,1\na,2\n")))

    assert (reject.code, reject.column) == ("DuplicateKey", "crm_id")


def test_a_row_that_makes_no_record_wins_over_none() -> None:
    feed = make_feed(
        'x = { to = "CustomerName.LastName", required = true }',
        source='format = "csv"\nduplicates = "last"',
    )

    chunks = all_chunks(source_of(feed, "crm_id,x\na,1\na,\n"))

    assert [reject.code for reject in rejects_of(chunks)] == ["ValueMissing"]
    assert len(records_of(chunks)) == 1


def test_a_row_refused_by_the_vendor_leaves_the_others_as_they_were_staged() -> None:
    source = source_of(feed_that("last"), ROWS)
    refusal = LocalReject(5, "Poison", "The vendor refuses it.")

    chunks = list(source.chunks(START, WIDE, now=NOW, refused={5: refusal}))

    assert [reject.code for reject in rejects_of(chunks)] == [
        "DuplicateKey",
        "DuplicateKey",
        "Poison",
    ]


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_records_taken_as_they_are_are_compared_too(kind: str) -> None:
    feed = f"""
[import]
name = "records"
match = "ProfileId"
[source]
format = "{kind}"
duplicates = "first"
""".encode()
    odd = "1e999" if kind == "json" else "1e99"
    data = f'{{"ProfileId":7}}\n{{"ProfileId":8}}\n{{"X":{odd},"ProfileId":7}}\n'

    chunks = all_chunks(source_of(feed, data))

    assert [record["ProfileId"] for record in records_of(chunks)] == [7, 8]
    assert [reject.row for reject in rejects_of(chunks)] == [3]


@given(
    st.lists(st.sampled_from("abcdef"), max_size=30),
    st.sampled_from(["last", "first", "reject"]),
    st.integers(1, 4),
)
def test_every_key_is_staged_as_the_policy_says_and_again_from_any_chunk(
    keys: list[str], policy: str, most: int
) -> None:
    data = "crm_id,x\n" + "".join(f"{key},{row}\n" for row, key in enumerate(keys, 1))
    limits = ChunkLimits(bytes=10_000, records=most, rejects=most)

    chunks = all_chunks(source_of(feed_that(policy), data), limits)

    places = {key: [row for row, each in enumerate(keys, 1) if each == key] for key in keys}
    expected = {
        "last": [rows[-1] for rows in places.values()],
        "first": [rows[0] for rows in places.values()],
        "reject": [rows[0] for rows in places.values() if len(rows) == 1],
    }[policy]
    names = [record["CustomerName"]["LastName"] for record in records_of(chunks)]
    assert names == [str(row) for row in sorted(expected)]
    assert sorted(reject.row for reject in rejects_of(chunks)) == sorted(
        {*range(1, len(keys) + 1)} - set(expected)
    )
    for at, chunk in enumerate(chunks):
        assert all_chunks(source_of(feed_that(policy), data), limits, chunk.start) == chunks[at:]


def test_an_index_in_a_scratch_folder_is_used_by_the_next_worker(tmp_path: Path) -> None:
    opened: list[int] = []

    def open_at(offset: int) -> io.BytesIO:
        opened.append(offset)
        return io.BytesIO(ROWS.encode()[offset:])

    def worker() -> Source:
        feed = load_feed(feed_that("last"), file="crm.toml")
        return Source(feed, open_at, size=len(ROWS), file="drop.csv", scratch=tmp_path / "keys")

    first = all_chunks(worker())
    passes, opened[:] = len(opened), []
    second = all_chunks(worker())

    assert second == first
    assert len(opened) == passes - 1
    assert [path.suffix for path in (tmp_path / "keys").iterdir()] == [".rows"]


def test_workers_that_share_a_scratch_folder_do_not_meet(tmp_path: Path) -> None:
    def worker() -> Source:
        plain = source_of(feed_that("last"), ROWS)
        open_at = plain.opened.open_at
        return Source(plain.feed, open_at, size=len(ROWS), file="drop.csv", scratch=tmp_path)

    def keys_of_two() -> Iterator[tuple[int, str]]:
        # A second worker makes the whole index while the first is still reading.
        assert len(list(worker().chunks(START, WIDE, now=NOW))) == 1
        yield from enumerate(["a", "b", "a"], 1)

    index = key_index.build_index(keys_of_two(), tmp_path / "mine.rows", "last", file="drop.csv")

    assert [index.winner(row) for row in (1, 2, 3, 4)] == [3, 0, 0, 0]
    assert len(all_chunks(worker())) == 1


def test_a_file_with_too_many_records_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_index, "MAX_KEYS", 4)

    with pytest.raises(SourceError, match="among 4 records at most") as caught:
        all_chunks(source_of(feed_that("last"), ROWS))

    assert "Split the file" in caught.value.hint
    assert caught.value.row == 5


def test_a_full_disk_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(key_index._Heaps, "_flush", full)

    with pytest.raises(SourceError, match="no room to find duplicates") as caught:
        all_chunks(source_of(feed_that("last"), ROWS))

    assert "ephemeral storage" in caught.value.hint


def test_many_rows_are_told_apart_in_several_heaps_and_blocks() -> None:
    count = key_index._BLOCK_ROWS * 2
    keys = [*range(count), *range(0, count, 1000)]
    data = "crm_id,x\n" + "".join(f"{key},{row}\n" for row, key in enumerate(keys, 1))

    names, rejects = staged("first", data)

    assert len(names) == count
    assert [row for row, _ in rejects] == list(range(count + 1, len(keys) + 1))
    assert rejects[1][1].startswith("Row 1001 ")
