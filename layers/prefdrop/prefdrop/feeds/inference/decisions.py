"""Columns of what a person decided: opt-ins, opt-outs and consents, with their dates and versions.

Whatever goes with a decision is mapped only where it does not cost rows: a date without its
decision, or a preference without the contact it belongs to, would reject its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prefdrop.feeds.inference.codes import (
    DENIED,
    GRANTED,
    OPTED_IN,
    OPTED_OUT,
    REVOKED,
    Values,
    consent_values,
    preference_values,
)
from prefdrop.feeds.inference.date_columns import Dates
from prefdrop.feeds.inference.draft import Constant, Draft, Sureness, Target
from prefdrop.feeds.inference.shapes import Column, is_version
from prefdrop.feeds.inference.words import (
    CONSENT,
    DATE,
    OPTING,
    OPTING_OUT,
    pascal,
    upper_snake,
    without,
)
from prefdrop.feeds.vendor_record import PHONE_NUMBER, RECORD

SELDOM = 0.02
_CHANNELS = ("email", "sms", "phone", "fax", "call", "calls", "post", "direct")
_STATES = (
    "active", "deleted", "vip", "verified", "valid", "bounced", "test", "employee", "deceased",
    "confirmed", "default", "primary", "duplicate", "archived",
)  # fmt: skip
_CONSENT_NOISE = (
    "consent", "consented", "consents", "agreement", "given", "flag", "is", "has", "status",
    "version", "withdrawn", "revoked", "accepted", "granted", "locale",
)  # fmt: skip
_OPTING_NOISE = (
    "opt", "in", "out", "is", "has", "flag", "pref", "preference", "preferences", "subscribed",
    "unsubscribed", "permission", "status", "do", "not", "no", "ok", "allow", "changed",
)  # fmt: skip


def texts_somebody(columns: Sequence[Column]) -> bool:
    """Whether a column is about text messages."""
    return any(column.says("sms") and _preference(column) for column in columns)


# Consents


def find_consents(columns: Sequence[Column], dates: Mapping[str, Dates], draft: Draft) -> None:
    """Columns of a consent's status, with the version, date and locale that belong to them."""
    for column in _open(columns, draft):
        values = _consent(column) if column.name not in dates else None
        if values is None:
            continue
        key = without(column.words, (*_CONSENT_NOISE, *DATE))
        item = _free_consent(pascal(" ".join(key), "Marketing"), draft)
        named = any(word in CONSENT for word in column.words)
        why = "its values are decisions" + (", and the name speaks of consent" if named else "")
        sure: Sureness = "likely" if named else "guess"
        notes = ["the consent type is made of the column's name" if key else "the type is a guess"]
        draft.map(column.name, Target(f"{item}.ConsentStatus", values), sure, why, *notes)
        _note_strange(column, values, draft)
        decided = _decided(column, values)
        _add_consent_date(columns, dates, draft, key, item, decided)
        _add_version(columns, draft, key, item, decided)
        _add_locale(columns, draft, item, decided)


def _consent(column: Column) -> Values | None:
    if not column.codes or column.says(*_STATES) or column.listed:
        return None
    named = any(word in CONSENT for word in column.words)
    unmistakable = column.codes & REVOKED or len(column.codes & (GRANTED | DENIED)) > 1
    if not named and (not unmistakable or column.says("phone", "order", "payment")):
        return None
    if column.says("version", "date", "text", "locale", "id"):
        return None
    if column.says("withdrawn", "revoked"):
        table = preference_values(column.values, inverted=True)
        return {word: 3 if said == 2 else "" for word, said in table.items()} if table else None
    return consent_values(column.values)


def _free_consent(name: str, draft: Draft) -> str:
    kind, number = name, 2
    while draft.has(f"Consents[ConsentType={kind}].ConsentStatus"):
        kind, number = f"{name}{number}", number + 1
    return f"Consents[ConsentType={kind}]"


def _decided(column: Column, values: Values) -> list[bool]:
    """For each row whether its cell says anything."""
    return [values.get(cell, "") != "" for cell in column.cells]


def _add_consent_date(
    columns: Sequence[Column],
    dates: Mapping[str, Dates],
    draft: Draft,
    key: tuple[str, ...],
    item: str,
    decided: Sequence[bool],
) -> None:
    for column in columns:
        own = without(column.words, (*_CONSENT_NOISE, *DATE))
        named = any(word in CONSENT for word in column.words)
        fitting = own == key or (named and own == ())
        if column.name in dates and fitting and (named or own):
            _add_date(column, dates[column.name], draft, f"{item}.ConsentDate", decided)


def _add_version(
    columns: Sequence[Column],
    draft: Draft,
    key: tuple[str, ...],
    item: str,
    decided: Sequence[bool],
) -> None:
    path = f"{item}.ConsentVersion"
    for column in columns:
        own = without(column.words, _CONSENT_NOISE)
        if not column.says("version") or own not in (key, ()) or draft.has(path):
            continue
        if column.listed or column.share(lambda text: len(text) <= 50) < 1:
            continue
        if _goes_with(column, decided) and _covers(column, decided):
            _map_too(draft, column, Target(path), "likely", "the name speaks of a version")
            return
        versions = set(column.values)
        if len(versions) == 1 and is_version(min(versions)):
            why = f"the only version in {column.name}, which does not stand where the status does"
            draft.constants[path] = Constant(min(versions), "likely", why)
            if not draft.knows(column.name):
                draft.ignore(column.name, "always the same; see [constants]")
            return
    why = "NO COLUMN HOLDS IT: put the version that the account has"
    draft.constants.setdefault(path, Constant("1.0", "guess", why))


def _add_locale(
    columns: Sequence[Column], draft: Draft, item: str, decided: Sequence[bool]
) -> None:
    path = f"{item}.Locale"
    for column in columns:
        mapped = draft.mapped.get(column.name)
        if mapped is None or mapped.targets[0].to != "DefaultLocale":
            continue
        if _covers(column, decided) and _goes_with(column, decided):
            mapped.targets.append(Target(path, mapped.targets[0].values))
            return
    why = "the vendor requires the language that was consented in"
    draft.constants[path] = Constant("en_US", "guess", why)


# Preferences


def find_preferences(columns: Sequence[Column], dates: Mapping[str, Dates], draft: Draft) -> None:
    """Columns of yes and no that by their names are opt-ins or opt-outs, with their dates."""
    keys: dict[str, tuple[str, ...]] = {}
    for column in _open(columns, draft):
        values = _preference(column) if column.name not in dates else None
        if values is None:
            continue
        keys[column.name] = key = without(column.words, (*_OPTING_NOISE, *DATE))
        item, placed = _place(column, columns, draft, key, _decided(column, values))
        inverted = _says_out(column)
        why = "its values are decisions, and the name is that of a preference"
        notes = [placed]
        if inverted:
            notes.append("whoever has not opted out has not opted in either: that says nothing")
        target = Target(f"{item}.PreferenceType", values)
        draft.map(column.name, target, "likely", why, *notes)
        _note_strange(column, values, draft)
    _add_preference_dates(columns, dates, draft, keys)


def _preference(column: Column) -> Values | None:
    if not column.codes or column.listed or column.says(*_STATES):
        return None
    named = column.says(*(OPTING - {"in", "out", "opt"})) or (
        column.says("opt") and column.says("in", "out")
    )
    named = named or column.words[:2] == ("do", "not") or column.words[:1] == ("no",)
    channel = len(column.words) == 1 and column.words[0] in _CHANNELS
    worded = column.codes & ((OPTED_IN | OPTED_OUT) - _plain_codes())
    if not (named or channel or worded) or column.says("date", "id", "source", "count"):
        return None
    return preference_values(column.values, inverted=_says_out(column))


def _plain_codes() -> set[str]:
    return {code for code in OPTED_IN | OPTED_OUT if len(code) < 6 or code in ("granted", "denied")}


def _says_out(column: Column) -> bool:
    return (
        (column.says("opt") and column.says("out"))
        or column.says(*OPTING_OUT)
        or column.words[:2] == ("do", "not")
        or column.words[:1] == ("no",)
    )


def _place(
    column: Column,
    columns: Sequence[Column],
    draft: Draft,
    key: tuple[str, ...],
    decided: Sequence[bool],
) -> tuple[str, str]:
    """The item of the preference, and a sentence about it."""
    filter_id = upper_snake(" ".join(key) or column.name, "PREFERENCE")
    for words, collection, member in (
        (("sms", "phone", "mobile", "call", "calls"), "PhoneNumbers", PHONE_NUMBER),
        (("post", "direct", "zip"), "Addresses", "Address1"),
        (("email", "newsletter"), "Emails", "EmailAddress"),
    ):
        if not column.says(*words):
            continue
        contact = _contact(columns, draft, collection, member, decided)
        if contact:
            preferences = next(
                name
                for name in RECORD.collections[collection].collections
                if name.endswith("Preferences")
            )
            item = _free_filter(f"{contact}.{preferences}", filter_id, draft)
            return item, "put the filter id that the account has"
        break
    item = _free_filter("ProfilePreferences", filter_id, draft)
    return item, "tied to the person, not to a contact; put the filter id that the account has"


def _contact(
    columns: Sequence[Column], draft: Draft, collection: str, member: str, decided: Sequence[bool]
) -> str:
    """The contact that the preference can be tied to, if nearly all decided rows have it."""
    found = [
        (target.to.rpartition(".")[0], column)
        for column in columns
        if column.name in draft.mapped
        for target in draft.mapped[column.name].targets
        if target.to.startswith(f"{collection}[") and target.to.endswith(f"].{member}")
    ]
    found.sort(key=lambda each: "=Mobile]" not in each[0])
    for item, column in found:
        if _covers(column, decided):
            return item
    return ""


def _free_filter(owner: str, name: str, draft: Draft) -> str:
    filter_id, number = name, 2
    while draft.has(f"{owner}[FilterId={filter_id}].PreferenceType"):
        filter_id, number = f"{name}_{number}", number + 1
    return f"{owner}[FilterId={filter_id}]"


def _add_preference_dates(
    columns: Sequence[Column],
    dates: Mapping[str, Dates],
    draft: Draft,
    keys: Mapping[str, tuple[str, ...]],
) -> None:
    by_name = {column.name: column for column in columns}
    for column in columns:
        if column.name not in dates or draft.knows(column.name):
            continue
        own = without(column.words, (*_OPTING_NOISE, *DATE))
        opting = column.says("opt", "preference", "pref", "subscribed")
        for name in _meant(own, keys, opting=opting):
            (target,) = draft.mapped[name].targets[:1]
            path = f"{target.to.rpartition('.')[0]}.CustomerDate"
            decided = _decided(by_name[name], target.values or {})
            _add_date(column, dates[column.name], draft, path, decided)


def _meant(own: tuple[str, ...], keys: Mapping[str, tuple[str, ...]], *, opting: bool) -> list[str]:
    """The preferences that a date column's name means."""
    same = [name for name, key in keys.items() if key == own]
    if same:
        return same
    if not own:
        return list(keys) if opting else []
    near = [name for name, key in keys.items() if set(own) < set(key)]
    return near if len(near) == 1 else []


# Shared


def _note_strange(column: Column, values: Values, draft: Draft) -> None:
    strange = sum(count for value, count in column.values.items() if value not in values)
    if strange and column.name in draft.mapped:
        rows = "row has" if strange == 1 else "rows have"
        draft.mapped[column.name].notes.append(f"{strange:,} {rows} another value: a reject")


def _open(columns: Sequence[Column], draft: Draft) -> Iterator[Column]:
    return (column for column in columns if not draft.knows(column.name) and not column.listed)


def _goes_with(column: Column, decided: Sequence[bool]) -> bool:
    """Whether the column hardly ever stands where nothing was decided."""
    alone = sum(bool(cell) and not said for cell, said in zip(column.cells, decided, strict=True))
    return alone <= SELDOM * len(decided)


def _covers(column: Column, decided: Sequence[bool]) -> bool:
    """Whether the column is hardly ever empty where something was decided."""
    lacking = sum(said and not cell for cell, said in zip(column.cells, decided, strict=True))
    return lacking <= SELDOM * max(sum(decided), 1)


def _add_date(
    column: Column, dates: Dates, draft: Draft, path: str, decided: Sequence[bool]
) -> None:
    if draft.has(path):
        return
    if not _goes_with(column, decided):
        if not draft.knows(column.name):
            why = "a date that also stands where nothing was decided, which rejects the row"
            draft.ignore(column.name, why, f'"{path}"')
        return
    why = "the name goes with a decision's, and "
    why += (
        "every cell is a date" if dates.share >= 1 else f"{dates.share:.0%} of the cells are dates"
    )
    sure: Sureness = "guess" if dates.order == "guess" else "likely"
    notes = (dates.order_why,) if dates.order_why else ()
    _map_too(draft, column, Target(path, datetime=dates.format), sure, why, *notes)


def _map_too(
    draft: Draft, column: Column, target: Target, sure: Sureness, why: str, *notes: str
) -> None:
    """Map the column, or give it one more target."""
    draft.ignored.pop(column.name, None)
    if column.name in draft.mapped:
        if not draft.has(target.to):
            draft.mapped[column.name].targets.append(target)
    else:
        draft.map(column.name, target, sure, why, *notes)
