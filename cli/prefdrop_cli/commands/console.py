"""`prefdrop console`: a read-only page about the stack, for a browser on this machine."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from prefdrop_cli.commands.local import end_on_signals
from prefdrop_cli.deployments import connect
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import note, say, say_json
from prefdrop_cli.shapes.stack import ConsoleAddress

if TYPE_CHECKING:
    from prefdrop_cli.console.guard import Guard


Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Port to serve the page on; 0 takes a free one.")
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")]


def console(
    port: Port = 0,
    no_open: NoOpen = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    as_json: AsJson = False,
) -> None:
    """Show imports, events, exports and limits on a page, on this machine only, until Ctrl-C.

    It works with your own AWS credentials and changes nothing.
    """
    from prefdrop_cli.console.server import ConsoleServer

    deployment = connect(stack, endpoint)
    with ConsoleServer(deployment, port) as server:
        end_on_signals()
        with suppress(KeyboardInterrupt):
            _tell(server.guard, stack, as_json=as_json)
            if not (no_open or as_json):
                threading.Thread(target=_open, args=(server.guard,), daemon=True).start()
            server.serve_forever()  # Werkzeug's returns at Ctrl-C
    note("The console is closed.")


def _tell(guard: Guard, stack: str, *, as_json: bool) -> None:
    if as_json:
        say_json(ConsoleAddress(guard.opening, stack))
        return
    note(f"The console of stack {stack} is up; Ctrl-C ends it. Open this address and keep it:")
    say(guard.opening)


def _open(guard: Guard) -> None:
    open_browser(guard.opening_once)


def on_a_desktop(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser window could be seen by who typed the command."""
    if "SSH_CONNECTION" in environment:
        return False
    if platform in ("darwin", "win32"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_browser(address: Callable[[], str]) -> bool:
    """Open what `address` answers; False, and nothing else, where that cannot be done."""
    if not on_a_desktop(os.environ, sys.platform):
        return False
    try:
        return webbrowser.open(address())
    except (webbrowser.Error, OSError):
        return False
