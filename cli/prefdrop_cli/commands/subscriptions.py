"""`prefdrop subscriptions`: make the vendor's webhook subscriptions what a file says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from prefdrop.errors import Terminal
from prefdrop.mypreferences import Client, Conflict, NotFound
from prefdrop.mypreferences.errors import Unclear
from prefdrop_cli.deployments import Deployment, connect
from prefdrop_cli.doctor.vendor_account import of_stack
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import ask, note, say, say_json
from prefdrop_cli.shapes.stack import SubscriptionStep, SubscriptionSteps
from prefdrop_cli.subscribing.definition import read_file
from prefdrop_cli.subscribing.planning import Change, Deed, Step, plan

app = typer.Typer(help="Manage webhook subscriptions by a file.", no_args_is_help=True)

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="TOML file of subscriptions.",
    ),
]
Remove = Annotated[
    bool, typer.Option("--remove", help="Remove without asking what the file has no more.")
]
MARKS = {"create": "+", "change": "~", "remove": "-", "keep": "=", "leave alone": " "}

CHANGING: tuple[Deed, ...] = ("remove", "change", "create")

PERHAPS_DONE = (Unclear, Conflict, NotFound)
"""What a change may end with although the vendor holds what it was to bring: another operator made
it, or its answer was lost."""


@app.command("plan")
def plan_subscriptions(
    file: File, stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False
) -> None:
    """Show what `apply` would change; nothing is changed."""
    deployment = connect(stack, endpoint)
    wanted = read_file(file)
    address = webhook_address(deployment)
    with vendor_of(deployment) as vendor:
        steps = plan(wanted, vendor.subscriptions.list(), address)
    _tell(steps, address, as_json=as_json, done=False)


@app.command("apply", epilog="Example: prefdrop subscriptions apply subscriptions.toml")
def apply_subscriptions(
    file: File,
    remove: Remove = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Create and change what the file says; asks before a subscription or an event type goes."""
    deployment = connect(stack, endpoint)
    wanted = read_file(file)
    address = webhook_address(deployment)
    with vendor_of(deployment) as vendor:

        def look() -> list[Step]:
            return plan(wanted, vendor.subscriptions.list(), address)

        steps = look()
        removals = [step for step in steps if step.removes]
        if removals and not remove:
            _ask(steps, removals, address)
        apply(vendor, steps, look)
    _tell(steps, address, as_json=as_json, done=True)


def _ask(steps: list[Step], removals: list[Step], address: str) -> None:
    """Have somebody at the terminal agree to each removal; raises WrongUse where nobody can."""
    names = "; ".join(_lost(step) for step in removals)
    if not sys.stdin.isatty():
        raise WrongUse(
            f"Applying the file would remove {names}; nothing was changed.",
            hint="Events that nobody delivers are missed. Add --remove if it is meant.",
        )
    for line in _lines(steps, address):
        note(line)
    if not ask(f"Remove {names} for good?"):
        raise WrongUse("Nothing was changed.", hint="Correct the file to keep them.")


def _lost(step: Step) -> str:
    if step.deed == "remove":
        return step.name
    return f"{', '.join(step.loses)} from {step.name}"


def _tell(steps: list[Step], address: str, *, as_json: bool, done: bool) -> None:
    if as_json:
        say_json(SubscriptionSteps(done, [_described(step, address) for step in steps]))
        return
    for line in _lines(steps, address):
        say(line)
    changed = [step for step in steps if step.deed in ("create", "change", "remove")]
    if not changed:
        say("Nothing is to be changed.")
    elif done:
        say(f"Done: {len(changed)} changed.")
    else:
        say(f"{len(changed)} would be changed; `prefdrop subscriptions apply` does it.")


def _lines(steps: list[Step], address: str) -> list[str]:
    lines = []
    for step in steps:
        number = f" ({step.id})" if step.id is not None else ""
        lines.append(f"{MARKS[step.deed]} {step.name}{number}: {step.deed}")
        lines += [f"    {_changed(change, address)}" for change in step.changes]
    return lines


def _changed(change: Change, address: str) -> str:
    before, after = (_shown(value, address) for value in (change.before, change.after))
    return f"{change.member}: {before} → {after}"


def _described(step: Step, address: str) -> SubscriptionStep:
    changes = [
        Change(each.member, _hidden(each.before, address), _hidden(each.after, address))
        for each in step.changes
    ]
    return SubscriptionStep(deed=step.deed, name=step.name, id=step.id, changes=changes)


def _shown(value: Any, address: str) -> str:
    hidden = _hidden(value, address)
    if hidden is None:
        return "none"
    return ", ".join(hidden) or "all" if isinstance(hidden, list | tuple) else str(hidden)


def _hidden(value: Any, address: str) -> Any:
    """A webhook's address without the key at its end, whichever key that is."""
    place = address.rpartition("/")[0]
    if isinstance(value, str) and value.startswith(f"{place}/"):
        return f"{place}/{'(the key in force)' if value == address else '(another key)'}"
    return value


class PlanOutdated(Terminal):
    """A subscription was changed since the plan was made."""


def apply(vendor: Client, steps: Sequence[Step], look: Callable[[], Sequence[Step]]) -> None:
    """Do the steps; `look` plans again by what the vendor holds. Raises PlanOutdated.

    The vendor compares no versions, so what it holds is read again right before each change. A
    change whose answer was lost is looked for before it counts as failed.
    """
    for step in steps:
        if step.deed not in CHANGING:
            continue
        now = _left(step, look())
        if now is None:
            continue
        if _agreed(now) != _agreed(step):
            raise PlanOutdated(
                f"The subscription {step.name!r} was changed since the plan was made.",
                hint="Run the command again: it plans anew, and what is done is not done twice.",
            )
        try:
            _do(vendor, now)
        except PERHAPS_DONE:
            if _left(step, look()) is not None:
                raise


def _left(step: Step, planned: Sequence[Step]) -> Step | None:
    """What is still to be done with the step's subscription; None where it is as wanted."""
    named = (one for one in planned if one.name == step.name and one.deed in CHANGING)
    return next(named, None)


def _agreed(step: Step) -> tuple[object, ...]:
    """What an operator has seen of a step."""
    return step.deed, step.id, step.changes, step.loses


def _do(vendor: Client, step: Step) -> None:
    if step.deed == "create":
        vendor.subscriptions.create(step.subscription)
    elif step.deed == "change" and step.id is not None:
        vendor.subscriptions.replace(step.id, step.subscription)
    elif step.deed == "remove" and step.id is not None:
        vendor.subscriptions.delete(step.id)


def vendor_of(deployment: Deployment) -> Client:
    """The client of the stack's vendor account; raises WrongUse or Misconfigured."""
    try:
        secret = msgspec.json.decode(deployment.secret_text("VendorSecretArn"), type=dict[str, str])
    except msgspec.DecodeError:
        raise WrongUse(
            "The stack's vendor secret is not a JSON object of texts.",
            hint="docs/operations.md, Secrets, shows what it holds.",
        ) from None
    return of_stack(deployment, secret).client(quick=False)


def webhook_address(deployment: Deployment) -> str:
    """The stack's webhook with the key that is in force: a secret."""
    secret = msgspec.json.decode(deployment.secret_text("WebhookSecretArn"))
    return f"{deployment.outputs['WebhookUrl'].rstrip('/')}/{quote(secret['key'], safe='')}"
