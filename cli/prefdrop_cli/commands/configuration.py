"""`prefdrop configuration`: the snapshot of the vendor account's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from mypreferences_assumptions import NAMES
from prefdrop.configuring.snapshot import Snapshot
from prefdrop.configuring.store import KEY, SnapshotStore, StoredSnapshot
from prefdrop.feeds.account import PATTERN_NOT_UNDERSTOOD
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.functions import invoke
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import note, pairs, say, say_json, table
from prefdrop_cli.shapes.stack import PulledConfiguration

app = typer.Typer(
    help="Pull and show the account's configuration, which feeds and rows are held to.",
    no_args_is_help=True,
)

Locale = Annotated[str, typer.Option(help="Show the texts of this locale, for example es_US.")]

TITLES = {
    "alternate_id_types": "Alternate id types",
    "customer_types": "Customer types",
    "email_types": "E-mail types",
    "phone_types": "Phone types",
    "address_types": "Address types",
    "programs": "Programs",
    "filters": "Filters",
    "consent_types": "Consent types",
    "channels": "Channels",
    "program_groups": "Program groups",
    "group_names": "Groups",
    "custom_fields": "Custom fields",
    "picklists": "Picklists",
    "tags": "Tags",
}
"""Parts that are shown, in this order."""

_LOCALIZED = NAMES["configuration.localized"].value
_NAMED = (
    NAMES["configuration.type_name"].value,
    NAMES["filter.id"].value,
    NAMES["program.id"].value,
    NAMES["group.name"].value,
    NAMES["filter.channel"].value,
    NAMES["configuration.name"].value,
)
"""Members that an item is named by, the first that it has."""
_LISTED = {
    "consent_types": "Versions",
    "picklists": NAMES["picklist.values"].value,
    "program_groups": NAMES["programs.items"].value,
}


@app.command()
def pull(stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False) -> None:
    """Have the stack take a snapshot of the account's configuration now."""
    deployment = connect(stack, endpoint)
    note("Reading the account's configuration ...")
    told = invoke(deployment, f"{stack}-refresh-configuration", {})
    if as_json:
        say_json(PulledConfiguration(**told))
        return
    news = "A new version" if told["written"] else "Nothing has changed today; the version"
    say(f"{news} of s3://{deployment.bucket}/{KEY} is {told['version_id']}.")
    tell_parts(told["parts"], told["unread"])


@app.command()
def show(
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    locale: Locale = "",
    as_json: AsJson = False,
) -> None:
    """Show the newest snapshot; with --json the whole, which `feeds check --snapshot` reads."""
    deployment = connect(stack, endpoint)
    found = _found(deployment)
    snapshot = found.snapshot
    if locale and locale not in snapshot.locales:
        raise WrongUse(
            f"Nothing in the account has a text in {locale}.",
            hint=f"There are texts in {', '.join(snapshot.locales) or 'no locale'}.",
        )
    if as_json:
        say_json(snapshot)
        return
    tell_snapshot(snapshot, locale)


def _found(deployment: Deployment) -> StoredSnapshot:
    found = SnapshotStore(deployment.objects).find()
    if found is None:
        raise WrongUse(
            f"There is no snapshot at s3://{deployment.bucket}/{KEY} yet.",
            hint="Take one with `prefdrop configuration pull`; the stack also does so daily.",
        )
    return found


def tell_parts(parts: Mapping[str, int], unread: Mapping[str, str]) -> None:
    """How many items each part has, and what could not be read."""
    table(("part", "items"), sorted(parts.items()))
    _tell_unread(unread)


def tell_snapshot(snapshot: Snapshot, locale: str) -> None:
    """The names of everything, and what they are called in `locale` where one is given."""
    pairs(
        {
            "account": snapshot.client_id,
            "taken at": f"{snapshot.taken_at:%Y-%m-%d %H:%M} UTC",
            "locales": ", ".join(snapshot.locales) or None,
        }
    )
    for part, title in TITLES.items():
        items = snapshot.parts.get(part, ())
        if locale:
            items = snapshot.localized.get(locale, {}).get(part, items)
        if items:
            say("", title)
            table(("name", "of", "called", "active"), (_row(part, each, locale) for each in items))
    _tell_unread(snapshot.unread)
    if snapshot.account().pattern_not_understood:
        note(PATTERN_NOT_UNDERSTOOD)


def _tell_unread(unread: Mapping[str, str]) -> None:
    for part, code in unread.items():
        note(f"Not read: {part} ({code}). docs/vendor-assumptions.md, O-22, says what we assume.")


def _row(part: str, item: Mapping[str, Any], locale: str) -> Iterable[Any]:
    name = next((item[member] for member in _NAMED if item.get(member)), None)
    active = item.get(NAMES["configuration.active"].value)
    return name, _context(part, item), _called(item, locale), active


def _context(part: str, item: Mapping[str, Any]) -> str | None:
    """What the item belongs to, or what it holds."""
    if part in _LISTED:
        held = item.get(_LISTED[part]) or []
        names = [_first_name(each) for each in held if isinstance(each, Mapping)]
        return ", ".join(filter(None, names)) or None
    for key in ("program.id", "group.type", "custom_field.kind", "program.type"):
        member = NAMES[key].value
        if item.get(member) and not (key == "program.id" and part == "programs"):
            return str(item[member])
    return None


def _first_name(item: Mapping[str, Any]) -> str:
    for member in ("ConsentVersion", NAMES["picklist.value"].value, NAMES["program.id"].value):
        if item.get(member):
            return str(item[member])
    return ""


def _called(item: Mapping[str, Any], locale: str) -> str | None:
    texts = [text for text in item.get(_LOCALIZED) or [] if isinstance(text, Mapping)]
    for text in texts:
        if not locale or str(text.get("Locale", "")).casefold() == locale.casefold():
            return str(text.get("Name") or "") or None
    return None
