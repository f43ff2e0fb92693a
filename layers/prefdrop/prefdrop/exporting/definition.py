"""An export's definition: what is brought out, when, and how it is written, as its TOML says it.

`prefdrop.exporting.loading` reads the text; nothing here reads a file.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from prefdrop.feeds.definition import Column
from prefdrop.feeds.errors import FeedError

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Family = Literal["segment", "segment_group"]
Format = Literal["jsonl", "csv", "parquet"]

NAME_LENGTH = 50
"""Longest name of an export: execution names have 80 characters, and hold a slot as well."""


class ExportError(FeedError):
    """An export's definition can't be used. Names the file, the line and the key."""


class ExportPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[export]`: what is brought out."""

    segment: Annotated[str, Meta(min_length=1)] | None = None
    segment_group: Annotated[str, Meta(min_length=1)] | None = None
    mode: Literal["incremental", "full"] = "full"
    overlap_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    """How far an incremental run reaches back behind the watermark."""


class SchedulePart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[schedule]`: when runs begin. Without it they are started by hand."""

    every: str | None = None
    """A duration such as `15m`, `6h` or `1d`, counted from midnight UTC."""
    at: str | None = None
    """A time of day such as `02:30`, in `timezone`."""
    timezone: str = "UTC"
    days: tuple[Day, ...] = ()
    """The days on which it runs, by the clocks of `timezone`; by default all."""


class RestrictPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[restrict]`: only profiles with these ids or addresses, of those in the segment."""

    by: Literal["ProfileId", "AlternateId", "PhoneNumber", "EmailAddress"]
    type: str | None = None
    """The alternate id's type; for addresses the contact type, which may be left out."""
    values: tuple[str | int, ...] = ()
    file: str | None = None
    """Object of the bucket with one value a line."""


class OutputPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[output]`: how the objects are written. Sizes are bytes before compression."""

    format: Format = "jsonl"
    compression: Literal["gzip", "none"] = "gzip"
    object_bytes: Annotated[int, Meta(ge=1_000, le=1_000_000_000)] = 64_000_000
    page_records: Annotated[int, Meta(ge=1, le=3200)] = 1000
    """Records asked of the vendor at once (its own connector stops at 3,200)."""
    keep_files: bool = False
    """Whether the vendor keeps its export files after the commit."""
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    timezone: str | None = None
    """Time zone of date columns that name none, as in a feed's `[source]`."""
    expired: Literal["skip", "keep"] | None = None
    """Whether rows show expired preferences and consents; by default they do not."""


class GatesPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gates]`: what keeps a run from being published."""

    max_removed_percent: Annotated[int, Meta(ge=0, le=100)] = 20
    """Highest share of the profiles exported before that a full run may remove; 100 for any."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A definition that has been read and checked whole."""

    name: str
    """Stem of the file's name: the `<name>` of `exports/<name>/`."""
    file: str
    export: ExportPart
    schedule: SchedulePart | None
    restrict: RestrictPart | None
    gates: GatesPart
    output: OutputPart
    columns: dict[str, tuple[Column, ...]]
    constants: dict[str, str | int | float | bool]
    members: dict[str, str]

    @property
    def family(self) -> Family:
        """Which of the vendor's two kinds of export it is."""
        return "segment" if self.export.segment is not None else "segment_group"

    @property
    def source(self) -> str:
        """Name of the segment or segment group."""
        return self.export.segment or self.export.segment_group or ""

    @property
    def extension(self) -> str:
        """What the names of its objects end with."""
        packed = self.output.compression == "gzip" and self.output.format != "parquet"
        return self.output.format + (".gz" if packed else "")

    def scope(self, values: tuple[str, ...]) -> str:
        """Digest of which profiles it selects; `values` are those of the restriction."""
        restrict = self.restrict
        limits = (restrict.by, restrict.type, sorted(values)) if restrict else None
        selected = msgspec.json.encode((self.family, self.source, limits))
        return hashlib.sha256(selected).hexdigest()[:32]
