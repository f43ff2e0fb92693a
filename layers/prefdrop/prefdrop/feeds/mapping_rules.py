"""Rules about a column's options and about the match key that go beyond the shape of the record."""

from __future__ import annotations

from datetime import time

from prefdrop.feeds.dates import DateRule
from prefdrop.feeds.definition import Column, Feed, ImportPart
from prefdrop.feeds.layout import Item, Leaf, MappingError, bounds_problem, constant_text
from prefdrop.feeds.value_source import options_of, source_text
from prefdrop.feeds.vendor_record import ALTERNATE_ID_TYPE, ALTERNATE_ID_VALUE


def check_match_key(root: Item, part: ImportPart) -> None:
    """Find the leaf that records are matched by and mark it; without one the feed can't work."""
    leaf = _match_leaf(root, part)
    if leaf is None or leaf.options is None:
        path = (
            f"AlternateIds[{ALTERNATE_ID_TYPE}={part.match_alternate_id}].{ALTERNATE_ID_VALUE}"
            if part.match_alternate_id
            else "ProfileId"
        )
        key = "match_alternate_id" if part.match_alternate_id else "match"
        raise MappingError(
            "records are matched by this, but no column fills it",
            ("import", key),
            f'Map a column to "{path}".',
        )
    leaf.match_key = True


def _match_leaf(root: Item, part: ImportPart) -> Leaf | None:
    if part.match_alternate_id is None:
        return root.leaves.get("ProfileId")
    group = root.groups.get("AlternateIds")
    label = f"{ALTERNATE_ID_TYPE}={part.match_alternate_id}"
    item = group.items.get(label) if group else None
    return item.leaves.get(ALTERNATE_ID_VALUE) if item else None


def check_columns(root: Item, feed: Feed) -> None:
    """Every column's options must agree with each other and with the member they fill."""
    for item in root.walk():
        for leaf in item.column_leaves:
            _check_empty(leaf)
            _check_conversion(leaf)
            _check_values(leaf)
            _check_dates(leaf, feed.source.timezone)
            if feed.source.header is False and leaf.column not in feed.source.names:
                raise MappingError(
                    f"{leaf.column} is not among the names of [source]",
                    leaf.key,
                    "Add it to names, or take the column out.",
                )
    for name in feed.ignore:
        if name in feed.columns:
            raise MappingError(
                f"column {name} is both mapped and ignored",
                ("columns", name),
                "Keep one of the two.",
            )


def _check_empty(leaf: Leaf) -> None:
    options = options_of(leaf)
    if options.required and options.empty not in (None, "reject"):
        _contradiction(leaf, "required", "empty")
    if options.default is not None and (options.required or options.empty is not None):
        _contradiction(leaf, "default", "required" if options.required else "empty")
    if options.optional and options.required:
        _contradiction(leaf, "optional", "required")
    if options.empty == "null" and (leaf.required or leaf.match_key):
        raise MappingError(
            f"{leaf.member} can't be null: the vendor requires it",
            (*leaf.key, "empty"),
            'Use "omit" or "reject".',
        )


def _check_conversion(leaf: Leaf) -> None:
    options = options_of(leaf)
    if options.values is not None and options.datetime is not None:
        _contradiction(leaf, "values", "datetime")
    if options.datetime is not None and leaf.field.kind not in ("date", "text", "any"):
        raise MappingError(
            f"{leaf.member} takes no date", (*leaf.key, "datetime"), "Take datetime out."
        )
    if options.type is not None and leaf.field.kind != "any":
        raise MappingError(
            f"{leaf.member} has a fixed type ({leaf.field.kind})",
            (*leaf.key, "type"),
            "Take type out; it is for members that take any type, such as a custom field's Value.",
        )
    if options.type is not None and options.datetime is not None:
        _contradiction(leaf, "type", "datetime")


def _contradiction(leaf: Leaf, one: str, other: str) -> None:
    raise MappingError(
        f"{one} and {other} contradict each other", (*leaf.key, one), "Keep one of the two."
    )


def _check_values(leaf: Leaf) -> None:
    options = options_of(leaf)
    for source, value in (options.values or {}).items():
        if value == "":
            continue
        key = (*leaf.key, "values", source)
        if leaf.field.kind == "any":
            continue
        constant_text(leaf.field, value, key)
        problem = bounds_problem(leaf.field, value)
        if problem:
            raise MappingError(problem, key, "Correct the value.")
    if options.values is None or options.default is None:
        return
    if source_text(options.default) not in options.values:
        raise MappingError(
            "default stands for what the cell would hold, and values does not list it",
            (*leaf.key, "default"),
            f"Use one of: {', '.join(options.values)}.",
        )


def _check_dates(leaf: Leaf, timezone: str | None) -> None:
    options = options_of(leaf)
    dated = options.datetime is not None or leaf.field.kind == "date"
    for name in ("timezone", "gap", "overlap", "time_of_day"):
        if getattr(options, name) is not None and not (dated and options.values is None):
            raise MappingError(
                f"{name} is for dates, and this column is none", (*leaf.key, name), "Take it out."
            )
    if options.datetime is None:
        return
    rule = DateRule(options.datetime)
    if options.datetime not in ("iso8601", "epoch", "epoch_ms"):
        _check_format(leaf, options.datetime)
        if not rule.names_offset and not (options.timezone or timezone):
            raise MappingError(
                "the format names no time zone, so the feed must",
                (*leaf.key, "datetime"),
                'Add timezone = "America/New_York", or whichever the file was written in.',
            )
    _check_time_of_day(leaf, options)


def _check_format(leaf: Leaf, format: str) -> None:
    missing = [
        name
        for name, directives in (("year", "YyGcxs"), ("month", "mbBjUWVcxs"), ("day", "djuawAcxs"))
        if not any(f"%{directive}" in format for directive in directives)
    ]
    if missing:
        raise MappingError(
            f"the format reads no {missing[0]}",
            (*leaf.key, "datetime"),
            'Write it like "%m/%d/%Y %H:%M", or use iso8601, epoch or epoch_ms.',
        )


def _check_time_of_day(leaf: Leaf, options: Column) -> None:
    if options.time_of_day is None:
        return
    try:
        time.fromisoformat(options.time_of_day)
    except ValueError:
        raise MappingError(
            "this is no time of day", (*leaf.key, "time_of_day"), 'Write it like "23:59:59".'
        ) from None
    rule = DateRule(options.datetime or "iso8601")
    if not rule.date_only and rule.format != "iso8601":
        raise MappingError(
            "the format reads a time already", (*leaf.key, "time_of_day"), "Keep one of the two."
        )
