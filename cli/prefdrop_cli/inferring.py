"""Proposing a feed for a file on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from prefdrop.feeds.inference import Proposal, propose
from prefdrop_cli.exits import WrongUse
from prefdrop_cli.preflight import opener, require_file

SCHEMA_PLACES = ("feed.schema.json", "docs/feed.schema.json")


def propose_feed(data: Path, *, name: str, timezone: str, out: Path | None) -> Proposal:
    """Infer a feed from `data`; `out` is where it will lie, so that its schema can be named.

    Raises WrongUse or SourceError.
    """
    require_file(data, "file")
    _require_zone(timezone)
    proposed = propose(
        opener(data),
        size=data.stat().st_size,
        file=str(data),
        now=datetime.now(UTC),
        name=name,
        timezone=timezone,
    )
    return msgspec.structs.replace(proposed, text=_schema_lines(out) + proposed.text)


def _require_zone(timezone: str) -> None:
    try:
        _ = ZoneInfo(timezone) if timezone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUse(
            f"{timezone} is no time zone.", hint="Use an IANA name such as America/New_York."
        ) from None


def _schema_lines(out: Path | None) -> str:
    """The comment by which editors find the schema, where it lies near the feed."""
    folder = (out.parent if out is not None else Path()).resolve()
    for steps, above in enumerate((folder, *folder.parents)):
        for place in SCHEMA_PLACES:
            if (above / place).is_file():
                return f"#:schema {'../' * steps or './'}{place}\n"
    return (
        "# An editor completes and checks this file if docs/feed.schema.json of Prefdrop lies\n"
        "# beside it and its first line is:  #:schema ./feed.schema.json\n"
    )
