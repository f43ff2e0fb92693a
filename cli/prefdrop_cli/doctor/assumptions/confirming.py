"""All open points of an account: what the vendor's answers say about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from mypreferences_assumptions import EVENT_KINDS, NAMES
from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop_cli.doctor.assumptions.behaviours import BehaviourQuestions
from prefdrop_cli.doctor.assumptions.judging import judged_collection, judged_member, untold_name
from prefdrop_cli.doctor.assumptions.names import NameQuestions
from prefdrop_cli.doctor.assumptions.routes import RouteQuestions
from prefdrop_cli.doctor.assumptions.stage_session import Counted, uncounted
from prefdrop_cli.doctor.assumptions.staging import (
    DEFAULT_BYTES,
    StagingQuestions,
    Unit,
)
from prefdrop_cli.doctor.assumptions.verdicts import (
    Confirmation,
    Confirmed,
    held,
    not_held,
    outcome_of,
    untold,
)
from prefdrop_cli.doctor.probing import Prober, items_of, text_of
from prefdrop_cli.doctor.vendor_account import VendorAccount

EVENT_HOURS = (1, 24, 24 * 14)
"""How far back events are asked for, until there are some."""
DOCUMENTED = frozenset(
    {
        "eventid", "eventtype", "subject", "entity", "subscriptionid", "name", "description",
        "profileid", "data", "previousdata",
    }
)  # fmt: skip
"""Members of events that the vendor documents."""
MOMENTS = ("occurred_at", "queued_at", "recorded_at", "recorded_by")
"""Members whose names are assumed."""

# The open points in brief, and how each is confirmed with the vendor in one request.
#
# docs/vendor-assumptions.md says what is assumed in full; a test holds both together.


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


class EventQuestions:
    """Reads the events of the last hours."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    def answers(self) -> Iterator[Confirmation]:
        """One confirmation for each name."""
        names = ["events.records", *(f"event.{one}" for one in MOMENTS)]
        try:
            answer = self._some_events()
        except MyPreferencesError as error:
            yield from (untold_name(name, error.message) for name in names)
            return
        if answer.status != 200:
            yield from (untold_name(name, f"events are answered {answer.status}") for name in names)
            return
        yield judged_collection("events.records", answer)
        items = items_of(answer)
        documented = DOCUMENTED | {NAMES[f"event.{one}"].value.lower() for one in MOMENTS}
        for one in MOMENTS:
            yield judged_member(f"event.{one}", items, documented, 200)
        yield _kinds(items)

    def _some_events(self) -> Answer:
        """Events of the shortest time that has any; all may be none."""
        now = datetime.now(UTC)
        for hours in EVENT_HOURS:
            since = (now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
            query = urlencode({"startAt": since, "subscribedOnly": "false"})
            answer = self._prober.get(self._prober.path_of("events.of_account"), query=query)
            if answer.status != 200 or items_of(answer):
                break
        return answer


def _kinds(items: list[dict[str, Any]]) -> Confirmation:
    """Whether event types and their entities are those of the table."""
    fact, change = "event types and entities", "EVENT_KINDS in mypreferences_assumptions.py"
    seen = {(text_of(item, "EventType").lower(), text_of(item, "Entity")) for item in items}
    seen = {(kind.replace("assocation", "association"), entity) for kind, entity in seen if kind}
    other = sorted(
        f"{kind} of {entity}"
        for kind, entity in seen
        if kind not in EVENT_KINDS or EVENT_KINDS[kind].entity.lower() != entity.lower()
    )
    if other:
        return not_held("O-15", fact, f"there is {', '.join(other)}", change)
    if not any(kind in EVENT_KINDS and EVENT_KINDS[kind].number for kind, _ in seen):
        return untold("O-15", fact, "no event of an assumed type happened lately")
    return held("O-15", fact, f"{len(seen)} kinds of events were seen")


class OpenPoint(NamedTuple):
    """One open point."""

    assumption: str
    question: str
    """The one request that settles it, or what to ask the vendor's support."""


OPEN_POINTS = {
    "O-1": OpenPoint(
        "one base URL serves all routes",
        "`GET {clientId}/Programs` answers 200 at `BaseUrl`, and "
        "`GET Async/{clientId}/Export/0/Status` 401, or 404 if bulk routes lie elsewhere",
    ),
    "O-2": OpenPoint(
        "nothing is built on a Swagger description",
        "Ask support for the address of the Swagger description of your account's API",
    ),
    "O-3": OpenPoint(
        "the paths of bulk import",
        "`GET` of each path with access token 0: 401 or 405 where it is right, the web server's "
        "404 where it is not",
    ),
    "O-4": OpenPoint(
        "the paths of export",
        "`GET` of each path with access token 0: 401 or 405 where it is right, the web server's "
        "404 where it is not",
    ),
    "O-5": OpenPoint(
        "names in staged records",
        "Stage one record with every name into an import that is never executed, each with a value "
        "of the wrong type; read the exceptions: a name without one is not known",
    ),
    "O-6": OpenPoint(
        "ReasonCode belongs to the import",
        "Initiate an import with a `ReasonCode`; the answer repeats it where it belongs there",
    ),
    "O-7": OpenPoint(
        "the rolling limit: 200 imports, then 429",
        "Ask support how many requests of which kind your account may send in 24 hours, and what "
        "the next one is answered",
    ),
    "O-8": OpenPoint(
        "a body over the limit is answered 413 or 404.13",
        "Stage a body of 28,000,001 bytes without records into an import that is never executed",
    ),
    "O-9": OpenPoint(
        "pages of 1,000 are answered whole",
        "`GET` exceptions of an import with `limit=1000`; `Limit` of the answer is what it allows",
    ),
    "O-10": OpenPoint(
        "the shape of exceptions",
        "Stage a record without an address in `Emails`, twice, and read the exceptions",
    ),
    "O-11": OpenPoint(
        "Stage and Execute out of turn are refused",
        "Ask support; trying it would execute an import. Nothing relies on it",
    ),
    "O-12": OpenPoint(
        "NotHonored records were older than what is stored",
        "Ask support for which reasons a record is counted as `NotHonored`",
    ),
    "O-13": OpenPoint(
        "the OAuth token URL",
        "`POST` `grant_type=client_credentials` without credentials to the URL: a JSON object with "
        "`error` means that it is right",
    ),
    "O-14": OpenPoint(
        "timestamps are UTC and good for 15 minutes",
        "`GET {clientId}/Programs` with a header that was signed 14 minutes ago answers 200",
    ),
    "O-15": OpenPoint(
        "paths and names of events and subscriptions",
        "`GET {clientId}/Events` and `GET {clientId}/Events/Subscriptions`; compare the names with "
        "these",
    ),
    "O-16": OpenPoint(
        "how webhooks are delivered",
        "Subscribe a test address of yours, change one test profile, look at what comes",
    ),
    "O-17": OpenPoint(
        "imports emit events",
        "Import one test person and read `GET {clientId}/Events` of the last hour",
    ),
    "O-18": OpenPoint(
        "life, callback and moment of an export",
        "Ask support; `GET` the status of an export of yesterday tells how long its token lives",
    ),
    "O-19": OpenPoint(
        "there is no idempotency key",
        "Ask support whether any header lets a repeated stage request be recognised",
    ),
    "O-20": OpenPoint(
        "TLS, compression, the Date header",
        "`GET {clientId}/Programs`; look at the headers of the answer",
    ),
    "O-21": OpenPoint(
        "paths and queries of profile data",
        "`GET` of each path with profile id 0: not the web server's 404; a search for nobody shows "
        "the collection",
    ),
    "O-22": OpenPoint(
        "paths and members of the configuration",
        "`GET` of each list; compare the names with these",
    ),
    "O-23": OpenPoint(
        "paths and bodies of user management",
        "`GET {clientId}/Users` as an administrator; compare the names with these",
    ),
}
