"""The answer to a request that AWS does not take."""

from __future__ import annotations

from typing import Any


class RefusalError(Exception):
    """AWS answers with `code`, `message` and further members."""

    def __init__(self, message: str, code: str = "ValidationException", **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.members = members


class ItemRefusalError(RefusalError):
    """An item breaks a rule. In a transaction, DynamoDB names it among the reasons."""


def constraint(where: str, must: str) -> str:
    """Return AWS's message about a parameter that breaks a rule of the API's model."""
    return f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {must}"
