"""Findings on a terminal or in a log: plain lines, each with its remedy below it."""

from __future__ import annotations

from collections.abc import Iterable

from prefdrop_cli.doctor.assumptions.verdicts import Confirmed
from prefdrop_cli.doctor.findings import Finding
from prefdrop_cli.output import say, table

MARKS = {"good": "ok  ", "doubtful": "look", "bad": "BAD ", "skipped": "-   "}


def print_finding(finding: Finding) -> None:
    """What was found, and what to do about it."""
    say(f"{MARKS[finding.verdict]} {finding.check}: {finding.said}")
    if finding.remedy:
        say(f"       {finding.remedy}")


def print_assumptions(confirmed: Iterable[Confirmed]) -> None:
    """The table of open points, then what was found about each that did not simply hold."""
    points = list(confirmed)
    say("", "Assumptions about the vendor (docs/vendor-assumptions.md)")
    table(
        ("number", "assumption", "outcome"), ((p.number, p.assumption, p.outcome) for p in points)
    )
    for point in points:
        if point.outcome == "did not hold":
            _print_details(point, "Change it in: ")
    told = [point for point in points if point.outcome == "could not be told"]
    if told:
        say("", "To find out what could not be told:")
    for point in told:
        for line in point.said:
            say(f"{point.number}  {line}")
        say(f"{point.number}  {point.remedy}")


def _print_details(point: Confirmed, label: str) -> None:
    say("", f"{point.number} did not hold:")
    for line in point.said:
        say(f"  {line}")
    say(f"  {label}{point.remedy}")


def print_summary(findings: list[Finding], confirmed: list[Confirmed]) -> None:
    """How many of each, in one line."""
    count = dict.fromkeys(MARKS, 0)
    for finding in findings:
        count[finding.verdict] += 1
    wrong = sum(point.outcome == "did not hold" for point in confirmed)
    points = f", {wrong} assumptions that did not hold" if confirmed else ""
    say(
        "",
        f"{count['good']} good, {count['doubtful']} worth a look, {count['bad']} bad, "
        f"{count['skipped']} not looked at{points}.",
    )
