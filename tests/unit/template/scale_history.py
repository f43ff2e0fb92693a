"""How long executions grow with the records, by the code, the state machines and the template."""

from __future__ import annotations

import json
from itertools import count
from math import ceil, floor
from pathlib import Path
from typing import Any

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT
from prefdrop.exporting import attempts, check_export, patience, retrieve_export, rolls
from prefdrop.exporting.definition import OutputPart
from prefdrop.importing import collect_exceptions, initiate_part, stager
from tools import cost
from tools.translation import load

ROOT = Path(__file__).parents[3]

# Limits of AWS: Step Functions, Lambda, DynamoDB and S3 developer guides, "quotas".
HISTORY = 25_000
LAMBDA_SECONDS = 900

EVENTS = {"Choice": 2, "Wait": 2, "Pass": 2, "Task": 5, "Token": 6, "Succeed": 2}
"""What a state adds to the history: it is entered and left, and a task is also scheduled, started
and ended, with a task token also submitted."""
ENDS = 2
"""The execution's own beginning and end."""
TOKEN_HOURS = 12
"""The longest life of a vendor's token that its documentation names."""

RECORDS = 10_000_000

TEMPLATE = load(ROOT / "template.yaml")
DEFAULTS = {name: p.get("Default") for name, p in TEMPLATE["Parameters"].items()}
STATES = json.loads((ROOT / "statemachine/import.asl.json").read_text("utf-8"))["States"]
EXPORT = json.loads((ROOT / "statemachine/export.asl.json").read_text("utf-8"))["States"]

ONCE = [
    "RegisterImport",
    "Registered",
    "BeginSteps",
    "TakeTurn",
    "InitiatePart",
    "PartInitiated",
    "StageChunks",
    "ChunksStaged",
    "CollectRefused",
    "RefusedCollected",
    "ApplyGates",
    "GatesApplied",
    "ExecutePart",
    "PartExecuted",
    "WaitForStatus",
    "CheckStatus",
    "StatusChecked",
    "CollectExceptions",
    "ExceptionsCollected",
    "PassTurn",
    "TurnPassed",
    "ReportImport",
    "Reported",
    "AnnounceImport",
    "Announced",
    "ImportCompleted",
]
"""The way of an import with rejects: each step once."""
LOOPS = {
    "poll": ["StatusChecked", "WaitForStatus", "CheckStatus"],
    "stage": ["ChunksStaged", "StageChunks"],
    "collect": ["ExceptionsCollected", "CollectExceptions"],
    "report": ["Reported", "ReportImport"],
    "quota": ["PartInitiated", "WaitForQuota", "InitiatePart"],
    "pass": ["TurnPassed", "WaitToPass", "PassTurn"],
}


def events_of(states: list[str], machine: dict[str, Any] = STATES) -> int:
    kinds = [
        "Token" if machine[name].get("Resource", "").endswith("Token") else machine[name]["Type"]
        for name in states
    ]
    return sum(EVENTS[kind] for kind in kinds)


def next_of(state: dict[str, Any]) -> set[str]:
    choices = {choice["Next"] for choice in state.get("Choices", ())}
    return choices | {state.get("Next", ""), state.get("Default", "")}


def shortest_wait(most: int = DEFAULTS["PollMaxSeconds"]) -> int:
    """Of a poll that has grown to the longest, `most`: jitter takes a fifth off."""
    return ceil(most * 0.8)


def stage_requests() -> int:
    return ceil(RECORDS / cost.MEASURED.chunk_records)


def chunks_of_an_invocation(seconds: float) -> int:
    spare = DEFAULTS["RequestSeconds"] + stager.MARGIN_SECONDS
    return floor((LAMBDA_SECONDS - spare) / seconds) + 1


def chunks_of_a_part() -> int:
    """At the slowest: each request takes as long as it may."""
    staging = DEFAULTS["PartSeconds"] * initiate_part.STAGING_SHARE
    return floor(staging / DEFAULTS["RequestSeconds"])


def executing_seconds(requests: int) -> float:
    """How long the vendor executes the records of so many full stage requests."""
    return requests * cost.MEASURED.chunk_records / 1_000_000 * cost.ASSUMED.execute_seconds


def slowest_import(requests: int, part_seconds: int) -> dict[str, int]:
    """The course of an import whose stage requests all take as long as they may."""
    most = floor(part_seconds * initiate_part.STAGING_SHARE / DEFAULTS["RequestSeconds"])
    parts = [min(most, requests - begun) for begun in range(0, requests, most)]
    calls = sum(ceil(one / chunks_of_an_invocation(DEFAULTS["RequestSeconds"])) for one in parts)
    polls = sum(len(list(cost.poll_waits(executing_seconds(one)))) for one in parts)
    staging = requests * DEFAULTS["RequestSeconds"]
    events = ENDS + events_of(ONCE) + (len(parts) - 1) * events_of(ONCE[4:19])
    events += (calls - len(parts)) * events_of(LOOPS["stage"])
    events += (polls - len(parts)) * events_of(LOOPS["poll"])
    return {
        "parts": len(parts),
        "calls": calls,
        "staging": staging // 60,
        "executing": round(executing_seconds(requests) / 60),
        "minutes": round((staging + executing_seconds(requests)) / 60),
        "events": events,
    }


def import_history() -> dict[str, int]:
    """Events of imports of ten million records."""
    quick = ceil(stage_requests() / chunks_of_an_invocation(cost.ASSUMED.upload_seconds))
    slow = ceil(stage_requests() / chunks_of_an_invocation(DEFAULTS["RequestSeconds"]))
    parts = ceil(stage_requests() / chunks_of_a_part())
    pages = RECORDS / 10 / EXCEPTIONS_PAGE_LIMIT
    reading = LAMBDA_SECONDS - collect_exceptions.MARGIN_SECONDS
    rounds = collect_exceptions.ROUNDS * ceil(pages * cost.ASSUMED.page_seconds / reading)
    once = ENDS + events_of(ONCE)
    loop = {name: events_of(states) for name, states in LOOPS.items()}
    night = floor(TOKEN_HOURS * 3600 / shortest_wait()) * loop["poll"]
    expected = len(list(cost.poll_waits(10 * cost.ASSUMED.execute_seconds))) * loop["poll"]
    between = events_of(ONCE[4:19])  # what each further part repeats
    return {
        "once": once,
        "expected": once + quick * loop["stage"] + expected + rounds * loop["collect"],
        "night": once + slow * loop["stage"] + night + rounds * loop["collect"],
        "parts": parts,
        "every part a night": once
        + slow * loop["stage"]
        + (parts - 1) * between
        + parts * (night + rounds * loop["collect"]),
        "poll": loop["poll"],
        "hours": floor((HISTORY - once) / loop["poll"] * shortest_wait() / 3600),
        "least poll": ceil((TOKEN_HOURS * 3600) / ((HISTORY - once) / loop["poll"]) / 0.8),
    }


EXPORT_LOOK = ["NextStep", "AwaitExport", "CheckExport"]
EXPORT_PAGES = ["NextStep", "RetrieveExport"]
EXPORT_WAITS = ["NextStep", "RetrieveExport", "NextStep", "WaitForVendor", "CheckExport"]


def export_history() -> dict[str, int]:
    """Events and calls of exports of ten million records."""
    look, more = events_of(EXPORT_LOOK, EXPORT), events_of(EXPORT_PAGES, EXPORT)
    pages = RECORDS // OutputPart().page_records
    reading = LAMBDA_SECONDS - retrieve_export.MARGIN_SECONDS
    calls = ceil(pages * cost.ASSUMED.page_seconds / reading)

    def night(most: int) -> int:
        looks = floor(check_export.TOKEN_HOURS * 3600 / shortest_wait(most))
        return looks * look + calls * more

    def every_night(most: int) -> int:
        return ENDS + attempts.ATTEMPTS * night(most)

    most = DEFAULTS["PollMaxSeconds"]
    return {
        "look": look,
        "night": night(most),
        "every attempt a night": every_night(most),
        "hours": floor(HISTORY / look * shortest_wait() / 3600),
        "least poll": next(one for one in count(1) if every_night(one) < HISTORY),
        "waits": patience.MOST_ROUNDS * events_of(EXPORT_WAITS, EXPORT),
        "pages": pages,
        "calls": calls,
        "roll": RECORDS * rolls.ENTRY // 1_000_000,
    }
