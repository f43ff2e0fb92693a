"""Columns about the profile itself: locale, customer type, groups and tags."""

from __future__ import annotations

from collections.abc import Sequence

from prefdrop.feeds.inference.draft import Constant, Draft, Target
from prefdrop.feeds.inference.shapes import Column, is_locale
from prefdrop.feeds.inference.words import pascal

_SPLITS = ";|,"
_KIND_OF_CUSTOMER = (
    ("segment",),
    ("customer", "type"),
    ("contact", "type"),
    ("customer", "segment"),
)


def find_locales(columns: Sequence[Column], draft: Draft) -> None:
    """A column of locales, which the vendor writes with an underscore."""
    for column in columns:
        if draft.knows(column.name) or column.listed or column.share(is_locale) < 1:
            continue
        why = "every value is a language and a country"
        values = {value: value.replace("-", "_") for value in sorted(column.values)}
        dashed = any("-" in value for value in values)
        if not dashed:
            draft.map(column.name, Target("DefaultLocale"), "sure", why)
        elif column.codes:
            note = "the vendor writes them with an underscore; others than these reject the row"
            draft.map(column.name, Target("DefaultLocale", dict(values)), "sure", why, note)


def find_labels(columns: Sequence[Column], draft: Draft) -> None:
    """The type of customer, tags and groups, by the columns' names."""
    for column in columns:
        if draft.knows(column.name) or column.listed or not column.filled:
            continue
        if column.words in _KIND_OF_CUSTOMER and column.codes:
            why = "the name says so, and it has few values"
            note = "the account must have these customer types"
            draft.map(column.name, Target("CustomerType"), "guess", why, note)
        elif column.words[-1:] == ("tags",):
            _map_items(column, draft, "ProfileTags[].Name")
        elif column.words[-1:] == ("groups",):
            mapped = _map_items(column, draft, "Groups[].GroupName")
            if mapped:
                kind = pascal(column.name, "Group").removesuffix("s")
                why = "made of the column's name: put the group type that the account has"
                draft.constants["Groups[].GroupType"] = Constant(kind, "guess", why)


def _map_items(column: Column, draft: Draft, path: str) -> bool:
    sign = max(_SPLITS, key=lambda each: column.share(lambda text: each in text))
    split = sign if column.share(lambda text: sign in text) >= 0.05 else None
    why = "the name says so" + (f", and cells hold several with {sign} between" if split else "")
    mapped = draft.map(column.name, Target(path, split=split), "likely", why)
    if mapped is not None and split and any(f"{split} " in value for value in column.values):
        mapped.notes.append(f"there are spaces behind {split}: trim takes them off")
    return mapped is not None
