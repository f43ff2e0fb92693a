"""Another reading of what the vendor leaves open: changes the table of assumptions in this process.

The sandbox's modules read the table once, when they are imported, so this comes before them. The
client is another process and goes on assuming what the table says: that is how it is tried against
a vendor who differs. Imports nothing of the sandbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import mypreferences_assumptions as table

OPTION = "--assume"
INTEGRATION_BASE = "base.integration"
TOKEN_PATH = "oauth.token_path"
BASES = {INTEGRATION_BASE: "/Profiles/v4/"}
"""Where the bulk routes lie (O-1)."""

_METHOD = re.compile(r"(?:(GET|POST|PUT|PATCH|DELETE) )?(\S+)")


class WrongAssumptionError(ValueError):
    """An assumption that the table does not hold, or a value that it cannot take."""


def assume(arguments: Sequence[str]) -> None:
    """Apply every `--assume` of a command line; raises WrongAssumptionError or OSError.

    Each is `NAME=VALUE`, or a JSON file with an object of them. NAME is a route's name, whose VALUE
    is a path with or without a method before it; a key of `NAMES`; an event type, whose VALUE is
    its entity; `oauth.token_path`; or `base.integration`.
    """
    for name, value in _given(arguments):
        _change(name, value)


def _given(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in _values(arguments):
        name, equals, value = text.partition("=")
        if equals:
            yield name, value
        else:
            yield from _of_file(Path(text)).items()


def _values(arguments: Sequence[str]) -> Iterable[str]:
    words = iter(arguments)
    for word in words:
        if word == OPTION:
            yield next(words, "")
        elif word.startswith(f"{OPTION}="):
            yield word.removeprefix(f"{OPTION}=")


def _of_file(file: Path) -> Mapping[str, str]:
    try:
        members = json.loads(file.read_bytes())
    except ValueError:
        raise WrongAssumptionError(f"{file} is not JSON.") from None
    if not isinstance(members, dict) or not all(isinstance(one, str) for one in members.values()):
        raise WrongAssumptionError(f"{file} must hold an object of texts.")
    return members


def _change(name: str, value: str) -> None:
    if not value:
        raise WrongAssumptionError(f"{name} is assumed to be nothing; give NAME=VALUE.")
    if name in table.ROUTES:
        table.ROUTES[name] = _route(name, table.ROUTES[name], value)
    elif name in table.NAMES:
        table.NAMES[name] = table.NAMES[name]._replace(value=value)
    elif name in table.EVENT_KINDS:
        table.EVENT_KINDS[name] = table.EVENT_KINDS[name]._replace(entity=value)
    elif name == TOKEN_PATH:
        table.OAUTH_TOKEN_PATH = table.OAUTH_TOKEN_PATH._replace(value=value.lstrip("/"))
    elif name in BASES:
        BASES[name] = f"/{value.strip('/')}/"
    else:
        raise WrongAssumptionError(f"{name} is not in the table of assumptions.")


def _route(name: str, known: table.Route, value: str) -> table.Route:
    match = _METHOD.fullmatch(value)
    if match is None or _placeholders(match[2]) != _placeholders(known.path):
        raise WrongAssumptionError(
            f"{name} needs a path with the placeholders of {known.path}, perhaps with a method"
            " before it."
        )
    return known._replace(method=match[1] or known.method, path=match[2].lstrip("/"))


def _placeholders(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))
