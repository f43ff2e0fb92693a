"""Samples as bytes, what is inferred from them, and what the inferred feed makes of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from prefdrop.feeds import Feed, LocalReject, load_feed
from prefdrop.feeds.inference import Proposal, propose
from tests.unit.feeds.support import NOW, all_chunks, records_of, rejects_of, source_of


def infer(data: bytes | str, file: str = "crm-contacts.csv", **options: Any) -> Proposal:
    raw = data.encode() if isinstance(data, str) else data
    return propose(
        lambda offset: io.BytesIO(raw[offset:]), size=len(raw), file=file, now=NOW, **options
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def columns(**cells: Sequence[str]) -> str:
    """A csv file of these columns."""
    return table(list(cells), zip(*cells.values(), strict=True))


def feed_of(proposal: Proposal) -> Feed:
    return load_feed(proposal.text.encode(), file="feeds/crm.toml")


def run(proposal: Proposal, data: bytes | str) -> tuple[list[dict[str, Any]], list[LocalReject]]:
    """What the proposed feed makes of a file: records and local rejects."""
    chunks = all_chunks(source_of(proposal.text.encode(), data))
    return records_of(chunks), rejects_of(chunks)


def target(proposal: Proposal, column: str) -> str:
    """Where the feed sends a column; empty if it is ignored."""
    found = feed_of(proposal)
    targets = found.columns.get(column)
    assert targets or column in found.ignore
    return targets[0].to if targets else ""


def comment_on(proposal: Proposal, column: str) -> str:
    """The comment right above a column, on one line."""
    lines = proposal.text.splitlines()
    (place,) = [
        n
        for n, line in enumerate(lines)
        if line.strip().startswith((f"{column} =", f'"{column}" =', f'"{column}",'))
    ]
    start = place
    while lines[start - 1].strip().startswith("#"):
        start -= 1
    return " ".join(line.strip(" #") for line in lines[start:place])
