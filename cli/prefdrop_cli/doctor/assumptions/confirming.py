"""All open points of an account: what the vendor's answers say about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefdrop_cli.doctor.assumptions.asking import OPEN_POINTS
from prefdrop_cli.doctor.assumptions.behaviours import BehaviourQuestions
from prefdrop_cli.doctor.assumptions.events import EventQuestions
from prefdrop_cli.doctor.assumptions.names import NameQuestions
from prefdrop_cli.doctor.assumptions.routes import RouteQuestions
from prefdrop_cli.doctor.assumptions.stage_session import Counted, uncounted
from prefdrop_cli.doctor.assumptions.staging import (
    DEFAULT_BYTES,
    StagingQuestions,
    Unit,
)
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, Confirmed, outcome_of
from prefdrop_cli.doctor.probing import Prober
from prefdrop_cli.doctor.vendor_account import VendorAccount


def confirm(
    account: VendorAccount,
    *,
    writes: bool = False,
    chunk_bytes: int = DEFAULT_BYTES,
    counted: Counted = uncounted,
    unit: Unit = "import",
) -> list[Confirmed]:
    """Every open point with what was found about it; see `StagingQuestions` for what writes."""
    prober = Prober(account)
    try:
        found = confirmations(
            prober, writes=writes, chunk_bytes=chunk_bytes, counted=counted, unit=unit
        )
        return summed_up(found)
    finally:
        prober.close()


def confirmations(
    prober: Prober,
    *,
    writes: bool,
    chunk_bytes: int = DEFAULT_BYTES,
    counted: Counted = uncounted,
    unit: Unit = "import",
) -> Iterator[Confirmation]:
    """Each fact that can be asked about, one after the other; reads come first."""
    behaviours = BehaviourQuestions(prober)
    yield from behaviours.answers()
    bulk = behaviours.bulk_is_there
    yield from RouteQuestions(prober, writes=writes, bulk=bulk).answers()
    yield from NameQuestions(prober).answers()
    yield from EventQuestions(prober).answers()
    if writes and bulk:
        staging = StagingQuestions(prober, chunk_bytes=chunk_bytes, counted=counted, unit=unit)
        yield from staging.answers()


def summed_up(found: Iterable[Confirmation]) -> list[Confirmed]:
    """The facts put together by open point, in the order of their numbers."""
    of_point: dict[str, list[Confirmation]] = {number: [] for number in OPEN_POINTS}
    for one in found:
        of_point[one.number].append(one)
    return [_point(number, facts) for number, facts in of_point.items()]


def _point(number: str, facts: list[Confirmation]) -> Confirmed:
    point = OPEN_POINTS[number]
    outcome = outcome_of(facts)
    if outcome == "did not hold":
        wrong = [one for one in facts if one.outcome == outcome]
        said = [f"{one.fact}: {one.said}" for one in wrong]
        changes = dict.fromkeys(one.change for one in wrong if one.change)
        return Confirmed(number, point.assumption, outcome, said, "; ".join(changes))
    said = [f"{one.fact}: {one.said}" for one in facts if one.outcome == "held" and one.said]
    open_facts = [one for one in facts if one.outcome == "could not be told"]
    if outcome == "held":
        said = [_count(facts), *said, *_open(open_facts)]
        return Confirmed(number, point.assumption, outcome, said, "")
    return Confirmed(number, point.assumption, outcome, _open(open_facts), point.question)


def _count(facts: list[Confirmation]) -> str:
    held = sum(one.outcome == "held" for one in facts)
    return f"{held} of {len(facts)} facts were confirmed" if len(facts) > 1 else "confirmed"


def _open(facts: list[Confirmation]) -> list[str]:
    """What could not be told, by reason."""
    reasons: dict[str, list[str]] = {}
    for one in facts:
        reasons.setdefault(one.said, []).append(one.fact)
    return [f"not told: {', '.join(names)}: {reason}" for reason, names in reasons.items()]
