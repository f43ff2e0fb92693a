"""Columns of ids, and the one among them by which the vendor finds a profile."""

from __future__ import annotations

from collections.abc import Sequence

from prefdrop.feeds.inference.draft import Draft, Mapped, Sureness, Target
from prefdrop.feeds.inference.shapes import Column, is_worded, percent
from prefdrop.feeds.inference.words import IDENTIFIER, OWNERS, pascal

_DISTINCT = 0.9
_FOREIGN = (
    "order", "transaction", "campaign", "store", "session", "event", "batch", "invoice", "product",
    "source", "row", "job", "file", "list", "branch", "company", "team", "zip", "country", "locale",
)  # fmt: skip
_LONGEST = 100


def find_identifiers(columns: Sequence[Column], draft: Draft) -> None:
    """Map the columns of ids and choose the match key; afterwards the draft has one for sure."""
    candidates = [
        column for column in columns if not draft.knows(column.name) and _is_identifier(column)
    ]
    own = [column for column in candidates if not column.says(*_FOREIGN)]
    best = max(own, key=_fitness, default=None)
    if best is not None and _fitness(best) >= 0:
        _match_by(best, draft)
    for column in own:
        if not draft.knows(column.name):
            _map_other(column, draft)
    for column in candidates:
        if not draft.knows(column.name):
            draft.ignore(column.name, "an id, but hardly one that tells persons apart")
    if not draft.match_column:
        match_by_something(columns, draft)


def _is_identifier(column: Column) -> bool:
    if not column.filled or column.listed:
        return False
    if any(len(value) > _LONGEST for value in column.values):
        return False
    named = any(word in IDENTIFIER for word in column.words)
    coded = column.share(lambda text: " " not in text and not is_worded(text)) >= _DISTINCT
    if _of_the_person(column) and coded:
        return True
    return column.unique_share >= _DISTINCT and coded and (named or len(column.values) > 20)


def _of_the_person(column: Column) -> bool:
    """Whether the name alone says so; a file may well have several rows for a person."""
    owned = any(word in OWNERS for word in column.words)
    named = any(word in IDENTIFIER for word in column.words)
    return (owned and named) or column.words == ("id",)


def _fitness(column: Column) -> float:
    """How well the column would do as the match key; negative if it can't be it."""
    if column.filled_share < 0.95:
        return -1
    owned = any(word in OWNERS for word in column.words)
    named = any(word in IDENTIFIER for word in column.words)
    return 4 * column.unique_share + 3 * owned + 2 * named - column.place / 100


def _match_by(column: Column, draft: Draft) -> None:
    owned = any(word in OWNERS for word in column.words)
    sure: Sureness = "sure" if owned and column.unique_share >= 1 else "likely"
    why = f"{_counted(column)}, and the name is that of an id"
    if not any(word in IDENTIFIER for word in column.words):
        sure, why = "guess", _counted(column)
    if column.words == ("profile", "id") and column.share(_is_profile_id) >= 1:
        draft.map(column.name, Target("ProfileId"), "likely", f"the vendor's own id: {why}")
        draft.match_column, draft.match_sure, draft.match_why = column.name, "likely", why
        return
    _as_alternate_id(column, draft, sure, why)


def _is_profile_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0


def _counted(column: Column) -> str:
    filled = "every row has a value" if column.filled_share >= 1 else (
        f"{percent(column.filled_share)} rows have a value"
    )  # fmt: skip
    if column.unique_share >= 1:
        return f"{filled} and none comes twice"
    twice = column.filled - len(column.values)
    return f"{filled}; {twice:,} {'repeats' if twice == 1 else 'repeat'} another row's"


def _as_alternate_id(column: Column, draft: Draft, sure: Sureness, why: str) -> None:
    """Make the column the match key, besides whatever else it is mapped to."""
    kind = _free_type(column, draft)
    target = Target(f"AlternateIds[AlternateIdType={kind}].AlternateId")
    mapped = draft.mapped.get(column.name)
    if mapped is None:
        draft.ignored.pop(column.name, None)
        draft.mapped[column.name] = Mapped(column.name, [target], sure, why)
    elif not any(each.to.startswith("AlternateIds") for each in mapped.targets):
        mapped.targets.insert(0, target)
        mapped.notes.append(f"also the match key: {why}")
    else:
        kind = mapped.targets[0].to.split("=")[1].split("]")[0]
    draft.match_alternate_id, draft.match_column = kind, column.name
    draft.match_sure, draft.match_why = sure, why


def _free_type(column: Column, draft: Draft) -> str:
    kind = name = pascal(column.name, "RecordId")
    number = 2
    while draft.has(f"AlternateIds[AlternateIdType={kind}].AlternateId"):
        kind, number = f"{name}{number}", number + 1
    return kind


def _map_other(column: Column, draft: Draft) -> None:
    if not any(word in IDENTIFIER for word in column.words) or column.unique_share < _DISTINCT:
        return
    why = f"{_counted(column)}, and the name is that of an id"
    target = Target(f"AlternateIds[AlternateIdType={_free_type(column, draft)}].AlternateId")
    draft.map(column.name, target, "guess", why, "take it out if the account has no such id type")


def match_by_something(columns: Sequence[Column], draft: Draft, *, besides: str = "") -> None:
    """Choose the column that comes nearest to an id, where none looks like one."""
    usable = [
        column
        for column in columns
        if column.filled and not column.listed and column.name != besides
        and _may_carry_the_key(column, draft)
    ]  # fmt: skip
    if not usable:
        return
    best = max(
        usable,
        key=lambda each: (round(each.filled_share, 2), each.unique_share, -each.place),
    )
    why = f"NOTHING LOOKS LIKE AN ID; this column comes nearest to one: {_counted(best)}"
    _as_alternate_id(best, draft, "guess", why)


def _may_carry_the_key(column: Column, draft: Draft) -> bool:
    mapped = draft.mapped.get(column.name)
    return mapped is None or not any(each.values or each.datetime for each in mapped.targets)
