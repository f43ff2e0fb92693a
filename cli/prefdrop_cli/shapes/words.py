"""Kinds of text that shapes share."""

from __future__ import annotations

from typing import Annotated

import msgspec

Moment = Annotated[
    str,
    msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$", title="moment"),
]
"""ISO 8601 in UTC."""
