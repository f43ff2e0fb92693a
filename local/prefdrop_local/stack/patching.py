"""Replace attributes of moto for the life of one stack, then put them back."""

from __future__ import annotations

from typing import Any


class Patches:
    """The replacements that one stack has made, undone in reverse order."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any, bool]] = []

    def set(self, owner: Any, name: str, value: Any) -> Any:
        """Replace `owner.name`; returns what stood there before (None when there was nothing)."""
        own = name in vars(owner)
        before = vars(owner).get(name) if own else None
        self._undo.append((owner, name, before, own))
        original = getattr(owner, name, None)
        setattr(owner, name, value)
        return original

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            owner, name, before, own = self._undo.pop()
            if own:
                setattr(owner, name, before)
            else:
                delattr(owner, name)
