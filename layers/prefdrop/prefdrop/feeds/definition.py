"""A feed: the recipe for one kind of file, as its TOML says it, checked and typed.

`prefdrop.feeds.loading` reads the text; nothing here reads a file.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Empty = Literal["omit", "null", "reject"]
Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "xlsx"]


class ImportPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[import]`: what the vendor is told at Initiate, and what guards it."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    """Start of the vendor's `Name`; the drop's name is appended."""
    action: Literal["Add", "Delete"] = "Add"
    match_alternate_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """The alternate id type that records are matched by."""
    match: Literal["ProfileId"] | None = None
    """`ProfileId` where records are matched by that and not by an alternate id."""
    refresh_alternate_ids: bool = False
    refresh_contacts: bool = False
    refresh_custom_fields: bool = False
    refresh_groups: bool = False
    refresh_tags: bool = False
    allow_prior_consents: bool = False
    data_stage_duration: Annotated[int, Meta(ge=0, le=10)] = 3
    """Days that the vendor keeps staged data."""
    reason_code: Annotated[str, Meta(max_length=256)] = ""
    destructive: bool = False
    """Confirms a deletion or a refresh."""
    max_records: Annotated[int, Meta(ge=1)] | None = None
    """No import of more records than this; required with `destructive`."""
    on_same_content: Literal["import", "skip"] = "import"
    """`skip` leaves out a file with the content that the feed executed last."""
    order: Literal["feed", "key", "none"] = "feed"
    """Among which drops an older one is refused: of the feed, of the same key, or none."""

    @property
    def refreshes(self) -> tuple[str, ...]:
        """The refresh settings that are on, by their feed keys."""
        flags = ("alternate_ids", "contacts", "custom_fields", "groups", "tags")
        return tuple(f"refresh_{flag}" for flag in flags if getattr(self, f"refresh_{flag}"))


class SourcePart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[source]`: how the file is written. `None` means: found out from the file."""

    format: Format
    delimiter: str | None = None
    quote: Annotated[str, Meta(max_length=1)] = '"'
    encoding: str | None = None
    header: bool = True
    names: tuple[str, ...] = ()
    """Column names of a file without a header."""
    sheet: str | None = None
    """The sheet of an Excel workbook; by default its first."""
    ragged: Literal["reject", "pad"] = "reject"
    empty: Empty = "omit"
    trim: bool = False
    timezone: str | None = None
    duplicates: Literal["keep", "last", "first", "reject"] = "keep"
    """What happens to rows with the same match key in one file; by default the vendor sees all."""


class GatesPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gates]`: what stops an import between staging and execute."""

    max_rejected_percent: Annotated[float, Meta(ge=0, le=100)] = 10.0
    min_records: Annotated[int, Meta(ge=0)] = 1
    over_gate: Literal["abort", "hold"] = "abort"
    hold_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 14)] = 60


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target of one column (or, in a JSON source, of one dotted member)."""

    to: str
    values: dict[str, str | int | float | bool] | None = None
    """What each value of the cell stands for. Any other value rejects the row; `""` means empty."""
    datetime: str | None = None
    """`strptime` format, or `iso8601`, `epoch`, `epoch_ms`."""
    timezone: str | None = None
    gap: Literal["reject", "shift"] | None = None
    overlap: Literal["earlier", "later", "reject"] | None = None
    time_of_day: str | None = None
    empty: Empty | None = None
    trim: bool | None = None
    required: bool = False
    optional: bool = False
    """The file may lack the column altogether."""
    default: str | int | float | bool | None = None
    """What an empty cell stands for, as if it had stood in the file."""
    case: Literal["lower", "upper"] | None = None
    type: Literal["string", "integer", "number", "boolean"] | None = None
    """JSON type of a member that takes any, such as a custom field's `Value`."""
    split: Annotated[str, Meta(min_length=1)] | None = None
    """Splits the cell into several items at this text."""


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed that has been read and checked whole, its mapping included."""

    name: str
    """Stem of the feed's file name: the `<feed>` of `inbox/<feed>/`."""
    file: str
    import_: ImportPart
    source: SourcePart
    columns: dict[str, tuple[Column, ...]]
    constants: dict[str, str | int | float | bool]
    ignore: tuple[str, ...] = ()
    members: dict[str, str] = {}
    """Vendor members that this release does not know, by `Collection.Member`, with their kind."""
    gates: GatesPart
    warnings: tuple[str, ...] = ()
    """What is allowed but will hardly be meant, one sentence each."""

    @property
    def as_is(self) -> bool:
        """Whether the file carries vendor records as they are."""
        return not self.columns
