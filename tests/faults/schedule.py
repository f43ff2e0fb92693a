"""A schedule: files, settings and everything that befalls their imports, drawn from one seed.

It is plain data, so that a run of it can be written down, repeated and cut down to what matters.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.faults.aws_trouble import KINDS

Event = dict[str, Any]

ROWS = {
    "good": "C-{n},D{d}n{n},p{n}@example.test,Y\n",
    "not local": "C-{n},D{d}n{n},no-address,Y\n",
    "not valid": "C-{n},D{d}n{n},p{n}@localhost.test,Y\n",
    "quoted": 'C-{n},"D{d}n{n}\nMaria, ""Mia""",p{n}@example.test,N\n',
    "short": "C-{n},D{d}n{n}\n",
}
"""Row n of drop d, by what is wrong with it. The first name says which row it is."""

MOST_ROWS = 30
UNANSWERED = ("reset_before", "reset_after", "cut", "garbage")
ROUTES = ("initiate", "stage", "status", "execute", "exceptions")
NAMES = ("crm-2026-01-12.csv", "crm-2026-01-13.csv", "crm-2026-01-14.csv", "crm.csv")


@dataclass
class Schedule:
    """`events` come in the order of `at`, a number of steps of the state machines."""

    seed: int
    settings: dict[str, str]
    order: str
    gates: dict[str, Any]
    page: int
    most_rounds: int
    """Steps after which an import goes on in another execution."""
    patience: bool
    """Whether the operator who cleans up in the end approves what is held, or cancels it."""
    events: list[Event] = field(default_factory=list)


def draw(seed: int) -> Schedule:
    """Return the schedule of a seed."""
    pick = random.Random(seed)
    schedule = Schedule(
        seed=seed,
        settings=_settings(pick),
        order=pick.choice(["feed", "feed", "key", "none"]),
        gates={
            "max_rejected_percent": pick.choice([100, 10, 10]),
            "over_gate": pick.choice(["hold", "hold", "hold", "abort"]),
            "hold_minutes": pick.choice([1, 60, 2880]),
        },
        page=pick.choice([3, 1_000]),
        most_rounds=pick.choice([900, 900, 900, 4]),
        patience=pick.random() < 0.8,
    )
    drops = pick.choice([1, 1, 2, 2, 3])
    schedule.events = [_drop(pick, number) for number in range(1, drops + 1)]
    schedule.events += [_anything(pick) for _ in range(pick.randint(0, 9))]
    schedule.events += [event for _ in range(pick.randint(0, 4)) for event in _operators(pick)]
    schedule.events.sort(key=lambda event: event["at"])
    return schedule


def _settings(pick: random.Random) -> dict[str, str]:
    limits: list[dict[str, str]] = [{"UNIT": "import", "LIMIT": "2"}, {"UNIT": "request"}]
    quota = pick.choice([*[{}] * 10, *limits])
    if quota.get("UNIT") == "request":
        quota["LIMIT"] = str(pick.choice([4, 8]))
    return {
        "PREFDROP_CHUNK_BYTES": str(pick.choice([1_000, 1_500, 3_000, 9_000])),
        "PREFDROP_PART_RECORDS": str(pick.choice([3, 10, 10_000, 10_000])),
        "PREFDROP_MAX_TORN_PARTS": str(pick.choice([0, 3, 3])),
        "PREFDROP_REQUEST_SECONDS": "2",
        **{f"PREFDROP_QUOTA_{name}": value for name, value in quota.items()},
    }


def _drop(pick: random.Random, number: int) -> Event:
    """One file; S3's times may be equal, and its sequencers are of unequal length."""
    good = pick.choice([5, 100])
    kinds = pick.choices([*["good"] * good, *ROWS], k=pick.randint(1, pick.choice([8, MOST_ROWS])))
    long = pick.random() < 0.5
    return {
        "at": 0 if number == 1 else pick.randint(0, 40),
        "what": "drop",
        "number": number,
        "kinds": kinds,
        "name": pick.choice(NAMES),
        "second": number if pick.random() < 0.7 else 1,
        "sequencer": f"00626D{number:02X}" + ("5A3F00" if long else ""),
        "twice": pick.random() < 0.15,
    }


def _anything(pick: random.Random) -> Event:
    kinds = (_fault, _fault, _fault, _death, _death, _trouble, _trouble, _weather, _outside)
    at = pick.choice([0, pick.randint(0, 15), pick.randint(0, 50)])
    return {"at": at, **pick.choice(kinds)(pick)}


def _fault(pick: random.Random) -> Event:
    route = pick.choice([*ROUTES, "stage", "stage"])
    rule: Event = {"route": f"import.{route}", "nth": pick.choice([1, 1, 2, 3])}
    sort = pick.randint(0, 9)
    if sort < 4:
        rule["kind"] = pick.choice(UNANSWERED)
    elif sort < 6:
        rule |= {"route": "import.stage", "kind": "late", "before_nth": pick.randint(1, 3)}
        rule["before"] = pick.choice(["import.stage", "import.status", "import.execute"])
    elif sort < 8:
        rule |= {"kind": "status", "status": pick.choice([400, 404, 413, 429, 500, 503])}
        if rule["status"] == 429 and pick.random() < 0.6:
            rule["retry_after"] = pick.choice([5, 3600, 30_000])
        if rule["status"] == 413:
            rule["route"] = "import.stage"
    elif sort < 9:
        rule["kind"] = "expire_token"
        if route == "initiate":
            rule["route"] = "import.status"
    else:
        poisoned = f'"p{pick.randint(1, MOST_ROWS)}@example'
        rule = {"route": "import.stage", "kind": "status", "status": 400, "body_contains": poisoned}
    if pick.random() < 0.15 and "body_contains" not in rule:
        rule["nth"] = list(range(rule["nth"], rule["nth"] + pick.randint(2, 12)))
    return {"what": "fault", "rule": rule}


def _death(pick: random.Random) -> Event:
    points = [(pick.randint(1, 30), pick.choice(["before", "after"])) for _ in range(3)]
    return {"what": "die", "points": points[: pick.randint(1, 3)]}


def _trouble(pick: random.Random) -> Event:
    points = [
        (pick.randint(1, 40), pick.choice(["repeat", "repeat", *KINDS]), pick.choice([1, 1, 2, 8]))
        for _ in range(pick.randint(1, 4))
    ]
    return {"what": "trouble", "points": points}


def _weather(pick: random.Random) -> Event:
    minutes = pick.choice([1, 5, 20, 60, 200])
    if pick.random() < 0.3:
        return {"what": "wrong secret", "minutes": minutes}
    status, paths = pick.choice([(503, ""), (503, ""), (0, ""), (401, ""), (500, "/Import")])
    return {"what": "weather", "minutes": minutes, "status": status, "paths": paths}


def _outside(pick: random.Random) -> Event:
    return pick.choice(
        [
            {"what": "sweep"},
            {"what": "pass time", "minutes": pick.choice([1, 35, 35])},
            {"what": "stop", "which": pick.randint(0, 9), "told": pick.random() < 0.5},
            {"what": "sweep", "amid": pick.randint(1, 40)},
            {"what": "late", "which": pick.random()},
            {"what": "late", "which": pick.random(), "amid": pick.randint(1, 40)},
        ]
    )


def _operators(pick: random.Random) -> list[Event]:
    """One or two decisions about one import, in a row or with steps between."""
    at, which = pick.randint(5, 60), pick.randint(1, 3)
    made = []
    for _ in range(pick.choice([1, 2, 2])):
        what = pick.choice(["approve", "approve", "approve with", "cancel", "retry", "retry"])
        made.append(
            {
                "at": at,
                "what": what,
                "which": which,
                "share": pick.choice([1.0, 1.0, 0.5]),
                "force": pick.random() < 0.25,
                "except_newer": pick.random() < 0.25,
                "amid": pick.choice([0, 0, pick.randint(1, 5), pick.randint(1, 25)]),
                "trouble": _trouble(pick)["points"][:1] if pick.random() < 0.4 else [],
            }
        )
        at += pick.choice([0, 0, 1, 5])
    return made
