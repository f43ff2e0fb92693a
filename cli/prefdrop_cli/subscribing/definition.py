"""The file of subscriptions: what it may say, and what is wrong with it.

[[subscription]]
name = "audit"
url = "stack"                           # the webhook of this stack, with the key in force
events = ["consent.*", "preference.*"]  # or ["*"]

[subscription.only]
Preferences = ["NEWS_WEEKLY"]           # narrows the events of an entity
"""

from __future__ import annotations

import difflib
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences.routes import is_loopback
from prefdrop.mypreferences.subscriptions_models import EventSelection, select_event
from prefdrop_cli.exits import WrongUse

STACK = "stack"
"""The `url` that stands for the stack's own webhook, so that no file holds its key."""


class WantedSubscription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One subscription of the file. What it leaves out stays as the vendor has it."""

    name: str
    absent: bool = False
    """The subscription is to be deleted; it may say nothing else then."""
    url: str = ""
    events: tuple[str, ...] = ()
    """Event types; `*` stands for any text."""
    only: dict[str, tuple[str, ...]] = {}
    """By entity: the filters, consent types and so on that its events are narrowed to."""
    state: Literal["Active", "Paused"] | None = None
    """A new subscription without it is Active."""
    description: str | None = None
    locale: str | None = None
    minimized: bool | None = None
    catch_up_on_resume: bool | None = None
    alternate_id_type: str | None = None

    def selections(self) -> tuple[EventSelection, ...]:
        """The vendor's items for the event types that the patterns stand for."""
        return tuple(
            select_event(kind, *self.only.get(assumptions.EVENT_KINDS[kind].entity, ()))
            for kind in self.kinds()
        )

    def kinds(self) -> list[str]:
        """The event types that the patterns stand for."""
        return [k for k in assumptions.EVENT_KINDS if any(fnmatchcase(k, p) for p in self.events)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subscription: tuple[WantedSubscription, ...] = ()


def read_file(path: Path) -> tuple[WantedSubscription, ...]:
    """The subscriptions of a file; raises WrongUse naming the entry, the key and the remedy."""
    try:
        members = tomllib.loads(path.read_text(encoding="utf-8"))
        wanted = msgspec.convert(members, _File).subscription
    except UnicodeDecodeError:
        raise WrongUse(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(f"{path} is not TOML: {error}.", hint="Correct that place.") from None
    except msgspec.ValidationError as error:
        raise WrongUse(f"{path}: {error}.", hint=HINT) from None
    if not wanted:
        raise WrongUse(f"{path} names no subscription.", hint=HINT)
    wanted = tuple(msgspec.structs.replace(one, name=one.name.strip()) for one in wanted)
    for entry in wanted:
        _check(path, entry)
    names = [entry.name for entry in wanted]
    if twice := {name for name in names if names.count(name) > 1}:
        raise WrongUse(
            f"{path} has several subscriptions named {', '.join(sorted(twice))}.",
            hint="Subscriptions are told apart by their name; give each its own.",
        )
    return wanted


HINT = "docs/events.md shows what the file may say."


def _check(path: Path, entry: WantedSubscription) -> None:
    where = f"{path}, subscription {entry.name!r}"
    if not entry.name:
        raise WrongUse(f"{path} has a subscription without a name.", hint="Give it one.")
    if entry.absent:
        if entry != WantedSubscription(name=entry.name, absent=True):
            raise WrongUse(
                f"{where} is to be absent and says more.",
                hint="Leave only its name and `absent = true`, or take `absent` out.",
            )
        return
    _check_url(where, entry.url)
    _check_events(where, entry)


def _check_url(where: str, url: str) -> None:
    parts = urlsplit(url)
    local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if url != STACK and not (parts.scheme == "https" and parts.hostname) and not local:
        raise WrongUse(
            f"{where} has no https address as its url.",
            hint='Write an address, or "stack" for the webhook of this stack.',
        )


def _check_events(where: str, entry: WantedSubscription) -> None:
    for pattern in entry.events:
        if not any(fnmatchcase(kind, pattern) for kind in assumptions.EVENT_KINDS):
            near = difflib.get_close_matches(pattern, assumptions.EVENT_KINDS, n=1)
            raise WrongUse(
                f"{where} asks for {pattern!r}, which no known event type fits.",
                hint=f"Did you mean {near[0]!r}?" if near else 'Write for example "consent.*".',
            )
    if not entry.events:
        raise WrongUse(f"{where} selects no events.", hint='Write for example events = ["*"].')
    selected = {assumptions.EVENT_KINDS[kind].entity for kind in entry.kinds()}
    for entity, names in entry.only.items():
        if entity not in assumptions.SELECTORS:
            known = ", ".join(assumptions.SELECTORS)
            raise WrongUse(
                f"{where} narrows {entity}, which cannot be narrowed.", hint=f"Use {known}."
            )
        if not names or entity not in selected:
            raise WrongUse(
                f"{where} narrows {entity} to nothing, or selects no event of it.",
                hint="Name what its events are narrowed to, or leave the line out for all.",
            )
