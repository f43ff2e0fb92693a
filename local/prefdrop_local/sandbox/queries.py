"""Reads query parameters, whose names the vendor's kind of server takes in any case."""

from __future__ import annotations

from collections.abc import Mapping

from prefdrop_local.sandbox.calls import Call
from prefdrop_local.sandbox.problem import bad_request


class Query:
    """The query of one call."""

    def __init__(self, call: Call) -> None:
        self._values = {name.lower(): value for name, value in call.request.query.items()}

    def text(self, name: str, *, longest: int = 256) -> str:
        """A text, empty where it is not given. Raises 400 for one that is too long."""
        value = self._values.get(name.lower(), "")
        if len(value) > longest:
            raise bad_request(f"{name} must be at most {longest} characters.")
        return value

    def required(self, name: str) -> str:
        """A text that must be given, with the blanks at its ends: an id may have some. Raises 400
        otherwise."""
        if not (value := self.text(name)).strip():
            raise bad_request(f"{name} is required.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`. Raises 400 for anything else."""
        value = self.text(name).lower()
        if value not in ("", "true", "false"):
            raise bad_request(f"{name} must be true or false.")
        return value == "true" if value else default

    def whole(self, name: str, *, default: int) -> int:
        """A whole number. Raises 400 for anything else."""
        value = self.text(name, longest=15)
        if value and not (value.isascii() and value.isdigit()):
            raise bad_request(f"{name} must be a whole number.")
        return int(value) if value else default

    def others(self, *known: str) -> Mapping[str, str]:
        """What is given beside the known names, with folded names."""
        names = {name.lower() for name in known}
        return {name: value for name, value in self._values.items() if name not in names}

    def starting_with(self, prefix: str) -> Mapping[str, str]:
        """What is given under names with this beginning, which is cut off; names are folded."""
        return {
            name[len(prefix) :]: value
            for name, value in self._values.items()
            if name.startswith(prefix.lower())
        }
