"""An import whose downloads S3 cuts ends as one whose downloads come whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.tiers import second_tier
from tests.workbench import FEED, Workbench, people

WITH_CHECKSUM = FEED.replace("[import]", '[import]\non_same_content = "skip"', 1)


@contextmanager
def downloads_cut(bench: Workbench, after: int) -> Iterator[list[int]]:
    """Cut each download of S3 after so many bytes; the list then holds how many were cut."""
    cuts: list[int] = []
    end = bench.stack.cut_downloads(after)
    try:
        yield cuts
    finally:
        cuts.append(end())


def test_import_with_cut_downloads_accounts_for_every_row(bench: Workbench) -> None:
    bench.push_feed(WITH_CHECKSUM)
    body = people(600) + "".join(f"B-{n},Bo,no-address,Y\n" for n in range(200))
    with downloads_cut(bench, after=3_000) as cuts:
        report = bench.run(body)

    assert (report["rows_read"], report["staged"], report["processed"]) == (800, 600, 600)
    assert [row["_row"] for row in bench.rejects(report)] == [str(n) for n in range(601, 801)]
    assert len(bench.profiles()) == 600
    passes = 3  # checksum, staging, and the merge of the rejects
    assert cuts[0] >= passes * (len(body) // 3_000)


@second_tier("8.8 MB cut as on AWS, without one try more; the short form cuts a small file")
def test_60_000_rows_cut_every_400_kb_arrive_once(bench: Workbench) -> None:
    bench.push_feed('ignore = ["note"]\n' + FEED)
    header, *rows = people(60_000).splitlines()
    body = f"{header},note\n" + "".join(f"{row},{'x' * 120}\n" for row in rows)
    with downloads_cut(bench, after=400_000) as cuts:
        report = bench.run(body)

    assert len(body) > 8_800_000
    assert report["status"] == "Completed"
    assert (report["rows_read"], report["staged"], report["processed"]) == (60_000,) * 3
    assert cuts[0] >= len(body) // 400_000
    assert not [one for one in bench.stack.invocations if one.error]
