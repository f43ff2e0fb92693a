"""The command line of the sandbox."""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from prefdrop_local.guard import OPTION as ALLOW_HOST, Guard
from prefdrop_local.sandbox.account import Account, load_account
from prefdrop_local.sandbox.assuming import OPTION
from prefdrop_local.sandbox.faults.rules import read_rules
from prefdrop_local.sandbox.routing import ADMIN_BASE, API_BASE
from prefdrop_local.sandbox.sandbox import Sandbox
from prefdrop_local.sandbox.server import SandboxServer
from prefdrop_local.sandbox.settings import Settings

_PARENT_CHECK_SECONDS = 0.5
_WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Returns the exit code: 0, or 2 for a wrong option or account."""
    options = _parser().parse_args(arguments)
    try:
        account = load_account(options.account)
        guard = Guard(_names(options))
        faults = read_rules(options.faults.read_bytes()) if options.faults else None
        sandbox = Sandbox(account, _settings(options), options.database, faults)
        server = SandboxServer(
            (options.host, options.port),
            sandbox,
            guard,
            admin_from_anywhere=options.admin_from == "anywhere",
        )
    except (OSError, ValueError, sqlite3.Error) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return _WRONG_USE
    _stop_on_signals(server)
    if options.exit_with_parent is not None:
        _stop_without_parent(server, options.exit_with_parent)
    print(json.dumps(_ready_line(server, account)), flush=True)
    server.serve_forever(poll_interval=0.1)
    server.closing = True
    server.server_close()
    sandbox.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m prefdrop_local.sandbox",
        description="A local server that behaves as the MyPreferences API does. Prints one line "
        "of JSON with its URLs and credentials when it is ready.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        ALLOW_HOST,
        action="append",
        default=[],
        metavar="NAME",
        help="answer under this name too, such as host.docker.internal; may be repeated",
    )
    parser.add_argument(
        "--admin-from",
        choices=("loopback", "anywhere"),
        default="loopback",
        help="who may use the admin API (default: loopback)",
    )
    parser.add_argument("--database", default=":memory:", help="SQLite file, created if missing")
    parser.add_argument("--account", type=Path, help="TOML file with the account to serve")
    parser.add_argument("--faults", type=Path, help="JSON file of fault rules")
    parser.add_argument(
        OPTION,
        action="append",
        metavar="NAME=VALUE",
        help="another reading of a row of the table of assumptions, such as "
        "import.stage=Async/{clientId}/Import/{accessToken} or stage.records=Records; also a JSON "
        "file of them; may be repeated",
    )
    parser.add_argument(
        "--exit-with-parent",
        type=int,
        nargs="?",
        const=os.getppid(),
        metavar="PID",
        help="end when the starting process is gone (default: the one that started it)",
    )
    group = parser.add_argument_group("settings", "Each can be changed later, see the admin API.")
    for name, value in msgspec.to_builtins(Settings()).items():
        group.add_argument(f"--{name.replace('_', '-')}", help=f"default {json.dumps(value)}")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    given = {
        name: value
        for name in Settings.__struct_fields__
        if (value := getattr(options, name)) is not None
    }
    return Settings().patched(given, strict=False)


def _names(options: argparse.Namespace) -> list[str]:
    """Return the names beside the loopback's under which the sandbox answers."""
    # An empty host listens everywhere too, and is the name of nothing.
    listening = [] if _is_every_address(options.host) else [options.host]
    return [*options.allow_host, *listening]


def _is_every_address(host: str) -> bool:
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _ready_line(server: SandboxServer, account: Account) -> dict[str, str]:
    host, port = str(server.server_address[0]), server.server_address[1]
    root = f"http://{'127.0.0.1' if _is_every_address(host) else host}:{port}"
    user_id, user = next((key, user) for key, user in account.users.items() if user.active)
    return {
        "url": root + API_BASE,
        "admin_url": root + ADMIN_BASE,
        "client_id": account.client_id,
        "user_id": user_id,
        "secret": user.secret,
        "oauth_client_id": user.oauth_client_id,
        "oauth_client_secret": user.oauth_client_secret,
    }


def _stop_on_signals(server: SandboxServer) -> None:
    def stop(_signal: int, _frame: object) -> None:
        # shutdown() waits for serve_forever(), which runs in this very thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _stop_without_parent(server: SandboxServer, parent: int) -> None:
    ended = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            ended.wait(_PARENT_CHECK_SECONDS)
        server.shutdown()

    threading.Thread(target=watch, daemon=True).start()
