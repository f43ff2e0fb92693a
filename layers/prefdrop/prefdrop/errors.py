"""The errors that Prefdrop raises on purpose.

    PrefdropError
    ├── Terminal      doing the same again ends the same way
    └── Transient     the same step may succeed later

Each error says in `message` what happened and where, and in `hint` what to do next. Both may be
shown, logged and stored, so neither ever holds a secret, an access token or a person's data.
"""

from __future__ import annotations

import msgspec


class PrefdropError(Exception):
    """Something Prefdrop knows how to explain.

    `message` says what happened and where; `hint` says what to do next, or is empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def code(self) -> str:
        """The stable name of this kind of error, as reports and the CLI show it."""
        return type(self).__name__

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Terminal(PrefdropError):
    """Trying the same again would end the same way: somebody has to change something first."""


class Transient(PrefdropError):
    """Nothing is wrong with the request itself: the same step may succeed later."""


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, and what to do about it."""

    code: str
    """The error's name; stable. [operations.md](operations.md#failed) lists them."""
    message: str
    """What happened, and to what."""
    hint: str
    """What to do next; empty where there is nothing to add."""
