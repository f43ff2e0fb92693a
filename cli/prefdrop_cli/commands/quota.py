"""`prefdrop quota`: how much of the vendor's rolling 24-hour limit is left."""

from __future__ import annotations

from msgspec import structs

from prefdrop_cli.deployments import connect
from prefdrop_cli.limits import quota_figures
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import pairs, say_json


def quota(stack: Stack = DEFAULT_STACK, endpoint: Endpoint = "", as_json: AsJson = False) -> None:
    """Show how much of the vendor's rolling 24-hour limit is used and left."""
    figures = quota_figures(connect(stack, endpoint))
    if as_json:
        say_json(figures)
    else:
        told = structs.asdict(figures)
        pairs({name.replace("_", " "): value for name, value in told.items()})
