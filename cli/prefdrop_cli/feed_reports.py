"""What `prefdrop feeds infer` and `prefdrop feeds check` tell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from prefdrop.feeds import Feed
from prefdrop.feeds.inference import Proposal
from prefdrop_cli.checking import Checked, Gate
from prefdrop_cli.output import note, pairs, say, say_formatted, say_json, table
from prefdrop_cli.shapes.feeds import CheckedFeed, HeldTo, ProposedFeed

SHOWN_REASONS = 20
_WOULD = {
    "pass": "would let it through",
    "hold": "would hold it",
    "abort": "would abort it",
    "refuse": "it would be refused",
}


def tell_feed(feed: Feed, configuration: HeldTo | None, *, as_json: bool) -> None:
    """Tell that a feed by itself can be used; `configuration` is what it was checked against."""
    if as_json:
        say_json(CheckedFeed(feed.name, True, tuple(feed.warnings), configuration))
        return
    say(f"The feed {feed.name} is valid.")
    _warn(feed.warnings)


def tell_checked(checked: Checked) -> None:
    """Tell what a dry run found."""
    feed, gate = checked.feed, checked.gate()
    asked = "" if checked.whole else ", its first rows only"
    say(f"{Path(checked.file).name} with the feed {feed.name}{asked}")
    pairs(
        {
            "rows read": checked.rows,
            "records": checked.records,
            "rejected": f"{checked.rejected:,} ({checked.rejected_percent:.1f} %)",
            "chunks": f"{checked.chunks:,} ({checked.body_bytes:,} bytes)",
            "parts": checked.parts,
            "gates": _gate(gate),
        }
    )
    _warn(checked.warnings)
    if checked.first_records:
        count = len(checked.first_records)
        one = "The first record as it would be staged:"
        say("", one if count == 1 else f"The first {count} records as they would be staged:")
        for record in checked.first_records:
            say_formatted(record)
    _tell_reasons(checked)


def _gate(gate: Gate) -> str:
    return f"{_WOULD[gate.outcome]}{': ' if gate.reason else ''}{gate.reason}"


def _tell_reasons(checked: Checked) -> None:
    reasons = checked.by_frequency()
    if not reasons:
        return
    say("", "Rejects by reason:")
    shown = reasons[:SHOWN_REASONS]
    lines = ((each.count, each.code, _rows(each.rows, each.count), each.reason) for each in shown)
    table(("count", "code", "rows", "reason"), lines)
    if more := len(reasons) - len(shown):
        say(f"... and {more:,} more; --json lists them all.")


def _rows(rows: list[int], count: int) -> str:
    return ", ".join(map(str, rows)) + (", ..." if count > len(rows) else "")


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        note(f"Warning: {warning}")


# Inference


def described(proposed: Proposal, out: Path | None) -> ProposedFeed:
    """A proposal as it is told to programs; `out` is the file that it was written to."""
    return ProposedFeed(
        out=None if out is None else str(out),
        name=proposed.name,
        format=proposed.format,
        delimiter=proposed.delimiter,
        encoding=proposed.encoding,
        header=proposed.header,
        match=proposed.match,
        timezone=proposed.timezone or None,
        columns=proposed.findings,
        check=proposed.trial,
        text=proposed.text,
    )


def tell_proposal(proposed: Proposal, data: Path, out: Path | None, *, as_json: bool) -> None:
    """Tell on standard error how the proposed feed does, and what follows."""
    if as_json:
        return
    trial, mapped = proposed.trial, sum(bool(each.to) for each in proposed.findings)
    of = f" of {len(proposed.findings):,} columns" if proposed.findings else ""
    does = f"{mapped:,}{of} mapped; " if of else ""
    note(
        f"{does}{trial.records:,} records and {trial.rejected:,} rejects from {trial.rows:,} rows."
        + ("" if trial.passes else " A gate would stop such a file.")
    )
    unsure = [each.column for each in proposed.findings if each.sure == "guess"]
    if unsure:
        note(f"Guesses to look at first: {', '.join(unsure)}.")
    if out is not None:
        note(f"Read {out}, then: prefdrop feeds check {quote(str(out))} {quote(str(data))}")
