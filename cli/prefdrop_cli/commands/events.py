"""`prefdrop events`: what the vendor has reported back, person by person and day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from prefdrop.auditing.history import Told, conflicts_of, of_person, of_types, tell
from prefdrop.ledger.audited import AuditedEvent, Delivery
from prefdrop.ledger.clock import iso_of
from prefdrop.ledger.event_exceptions import EventException
from prefdrop.ledger.keys import plain_id
from prefdrop.ledger.persons import Person
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.functions import invoke
from prefdrop_cli.moments import check_window, moment
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import note, pairs, say, say_formatted, say_json, table
from prefdrop_cli.shapes.events import (
    BackfillCounts,
    Conflict,
    EventChange,
    KeptDelivery,
    KeptEvent,
    ShownEvent,
    UnreadableDelivery,
)

app = typer.Typer(
    help="Ask what happened to a person, and read missed events back.", no_args_is_help=True
)

ProfileOption = Annotated[str, typer.Option("--profile", help="The person's profile id.")]
AlternateOption = Annotated[
    str,
    typer.Option(
        "--alternate-id", help="The person's alternate id, where the subscription sends that."
    ),
]
Since = Annotated[
    str, typer.Option("--since", help="From this moment on: 2026-01-15, 2026-01-15T10:30Z, 3d, 2h.")
]
Until = Annotated[str, typer.Option("--until", help="Before this moment; as --since.")]
Types = Annotated[
    list[str],
    typer.Option("--type", help="Only this event type, or `consent` for all that begin so."),
]
Limit = Annotated[int, typer.Option(min=1, help="At most so many, newest first.")]
EventId = Annotated[str, typer.Argument(metavar="ID", help="The event's id.")]
SubscriptionOption = Annotated[
    str, typer.Option("--subscription", help="Only events of this subscription.")
]
EventOption = Annotated[str, typer.Option("--event", help="Only the event of this id.")]
OneType = Annotated[str, typer.Option("--type", help="Only events of this type.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write what came to files in a folder.")]
All = Annotated[
    bool, typer.Option("--all", help="Also events that no active subscription delivers.")
]
USUAL_DAYS = 1
"""How far back from its end a list without a person and without --since goes."""


@app.command("list", epilog="Example: prefdrop events list --profile 9100001 --since 7d")
def list_events(
    profile: ProfileOption = "",
    alternate_id: AlternateOption = "",
    since: Since = "",
    until: Until = "",
    types: Types = [],  # noqa: B006 - typer's way to say "none given"
    limit: Limit = 50,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """List kept events, newest first: of a person, or of the last day if none is named."""
    if profile and alternate_id:
        raise WrongUse(
            "--profile and --alternate-id name a person each.", hint="Give the one you have."
        )
    check_window(since, until, datetime.now(UTC))
    deployment = connect(stack, endpoint)
    person = Person(profile or alternate_id, is_alternate_id=bool(alternate_id))
    found = list(islice(of_types(_found(deployment, person, since, until), types), limit))
    if as_json:
        say_json([KeptEvent(**in_short(one)) for one in found])
    elif found:
        table(("at (UTC)", "type", "profile", "event", "came by"), map(_line, found))
        if any(_is_number_in_text(one) for one in found):
            note("An id in quotes came as text: it is a profile id or an alternate id.")
        if len(found) == limit:
            note(f"These are the newest {limit}; --limit shows more.")
    else:
        say("No such event is kept. `prefdrop events backfill` asks the vendor for missed ones.")
        say("`prefdrop events exceptions` lists what came and could not be read as an event.")


def _found(
    deployment: Deployment, person: Person, since: str, until: str
) -> Iterator[AuditedEvent]:
    now = datetime.now(UTC)
    last = moment(until, now) if until else now + timedelta(days=1)
    if person.id:
        first = moment(since, now) if since else None
        return of_person(
            deployment.audit,
            deployment.mentions,
            person,
            since=iso_of(first) if first else "",
            until=iso_of(last),
        )
    first = moment(since, now) if since else min(last, now) - timedelta(days=USUAL_DAYS)
    return deployment.audit.between(iso_of(first), iso_of(last))


def in_short(one: AuditedEvent) -> dict[str, Any]:
    """Return the members of a kept event that lists show."""
    return {name: getattr(one, name) for name in KeptEvent.__struct_fields__}


def _line(one: AuditedEvent) -> tuple[str, ...]:
    at = one.at[:19].replace("T", " ")
    came = f"{one.source} (missed)" if one.missed else one.source
    if one.named_in == "conflict":
        came = f"{one.source} (conflict)"
    person = f'"{one.profile_id}"' if _is_number_in_text(one) else one.profile_id
    return (at, one.event_type, person, one.event_id, came)


def _is_number_in_text(one: AuditedEvent) -> bool:
    return one.names_alternate_id and plain_id(one.profile_id).lstrip("-").isdigit()


@app.command()
def show(
    event_id: EventId,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Show one event whole, and what it changed. This prints a person's data."""
    deployment = connect(stack, endpoint)
    told = tell(deployment.audit, deployment.audit.get(event_id))
    others = conflicts_of(deployment.event_exceptions, told.kept)
    if as_json:
        conflicts = [
            Conflict(**_excepted(one), body=None if body is None else _text(body))
            for one, body in others
        ]
        kept, changes = in_short(told.kept), [EventChange(*change) for change in told.changes]
        deliveries = [_delivery(told, one, body) for one, body in told.deliveries]
        say_json(
            ShownEvent(
                **kept,
                event=told.event,
                changes=changes,
                deliveries=deliveries,
                conflicts=conflicts,
            )
        )
        return
    pairs({name.replace("_", " "): value for name, value in in_short(told.kept).items()})
    if told.changes:
        say("", "What it changed")
        for change in told.changes:
            say(f"  {change}")
    say("", _heading(told))
    say_formatted(told.event)
    for delivery, body in told.deliveries:
        if delivery != told.shown:
            say("", f"The same event as it came at {delivery.received_at}, by {delivery.source}")
            say(*("It is no longer in the bucket." if body is None else _text(body)).split("\n"))
    for one, body in others:
        say("", f"Came under the same id at {one.received_at}, by {one.source}: {one.reason}")
        # A body may hold line feeds, and no line of it is to pass for one of ours.
        lines = ["It has expired."] if body is None else _text(body).split("\n")
        say(*(f"  | {line}" for line in lines))


def _heading(told: Told) -> str:
    if len(told.deliveries) == 1:
        return "The event"
    shown = told.shown
    return (
        f"The event as it came at {shown.received_at}, by {shown.source}:"
        f" the fullest of {len(told.deliveries)} deliveries"
    )


def _delivery(told: Told, one: Delivery, body: bytes | None) -> KeptDelivery:
    return KeptDelivery(
        received_at=one.received_at,
        source=one.source,
        shown=one == told.shown,
        body=None if body is None else _text(body),
    )


@app.command()
def exceptions(
    since: Since = "1d",
    out: Out = None,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """List what came to the webhook and was no event, or another one under a known id."""
    check_window(since, "", datetime.now(UTC))
    deployment = connect(stack, endpoint)
    now = datetime.now(UTC)
    first = moment(since, now)
    days = [first.date() + timedelta(days=n) for n in range((now.date() - first.date()).days + 1)]
    found = [
        one
        for day in days
        for one in deployment.event_exceptions.of_day(day.isoformat())
        if one.received_at >= iso_of(first)
    ]
    if out is not None:
        _save(deployment, found, out)
    if as_json:
        say_json([UnreadableDelivery(**_excepted(one)) for one in found])
    elif found:
        heads = ("received (UTC)", "code", "bytes", "event", "reason")
        table(heads, (_excepted(one).values() for one in found))
    else:
        say("Nothing of that kind came.")


def _excepted(one: EventException) -> dict[str, Any]:
    return {
        "received_at": one.received_at,
        "code": one.code,
        "size": one.size,
        "event_id": one.event_id or None,
        "reason": one.reason,
    }


def _save(deployment: Deployment, found: list[EventException], out: Path) -> None:
    """Write each body to a file of its own, to the byte."""
    out.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(found, start=1):
        moment_of = one.received_at.replace(":", "")
        file = out / f"{moment_of}-{number:04d}.body"
        body = deployment.event_exceptions.find_body(one)
        if body is None:
            note(f"What came at {one.received_at} is no longer in the bucket.")
        else:
            file.write_bytes(body)
    note(f"Wrote the bodies to {out}.")


def _text(body: bytes | None) -> str:
    if body is None:
        return "(what came is no longer in the bucket)"
    return body.decode("utf-8", errors="backslashreplace")


@app.command(epilog="Example: prefdrop events backfill --since 2d")
def backfill(
    profile: ProfileOption = "",
    subscription: SubscriptionOption = "",
    event: EventOption = "",
    since: Since = "",
    until: Until = "",
    event_type: OneType = "",
    everything: All = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Read events back from the vendor, up to 15 days, and say which had been missed."""
    if len([given for given in (profile, subscription, event) if given]) > 1:
        raise WrongUse(
            "Events are read back by one way at a time.",
            hint="Give one of --profile, --subscription and --event, or none for the account.",
        )
    check_window(since, until, datetime.now(UTC))
    deployment = connect(stack, endpoint)
    now = datetime.now(UTC)
    asked = {
        "profile_id": profile,
        "subscription_id": subscription,
        "event_id": event,
        "event_type": event_type,
        "since": iso_of(moment(since, now)) if since else None,
        "until": iso_of(moment(until, now)) if until else None,
        "subscribed_only": False if everything else None,
    }
    request = {name: value for name, value in asked.items() if value not in ("", None)}
    counts = _read_back(deployment, f"{stack}-backfill-events", request)
    if as_json:
        say_json(BackfillCounts(**counts))
        return
    pairs({name.replace("_", " "): value for name, value in counts.items()})
    if counts["missed"]:
        say("Missed events are those that no webhook had brought in time; they are kept now.")


def _read_back(deployment: Deployment, function: str, request: dict[str, Any]) -> dict[str, int]:
    """Call the function as often as it says that there is more."""
    counts: dict[str, int] = {}
    while True:
        answer = invoke(deployment, function, request)
        going_on, cursor = answer.pop("next"), answer.pop("cursor")
        if cut_from := answer.pop("cut_from", ""):
            note(f"Events from {cut_from} on are wanted; the vendor answers the last 15 days.")
        counts = {name: counts.get(name, 0) + value for name, value in answer.items()}
        if going_on == "done":
            return counts
        request = {**request, "cursor": cursor}
