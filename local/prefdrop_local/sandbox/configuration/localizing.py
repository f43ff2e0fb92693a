"""What of the configuration exists in one locale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

_NESTED = ("programs", "filters", "versions", "values")
_Some = TypeVar("_Some", bound=Struct)


def folded(locale: str) -> str:
    """The vendor writes `en_US` in data and `en-us` in queries."""
    return locale.replace("-", "_").lower()


def in_locale(items: Sequence[_Some], locale: str) -> list[_Some]:
    """The items that have texts in the locale, with these alone; so for what they hold."""
    wanted = folded(locale)
    return [found for item in items if (found := _localized(item, wanted)) is not None]


def _localized(item: _Some, wanted: str) -> _Some | None:
    changes: dict[str, Any] = {}
    texts = getattr(item, "localized_fields", None)
    if texts is not None:
        changes["localized_fields"] = [text for text in texts if folded(text.locale) == wanted]
        if not changes["localized_fields"]:
            return None
    for name in _NESTED:
        children = getattr(item, name, None)
        if children is not None:
            changes[name] = [
                child for one in children if (child := _localized(one, wanted)) is not None
            ]
    if texts is None and not changes.get("versions"):
        return None
    return msgspec.structs.replace(item, **changes)
