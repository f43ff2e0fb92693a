"""The codes that files write decisions with: opt-in and opt-out, and a consent's status.

Only codes listed here reach a proposed feed; any other value of a column stays in its file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

SAYS_NOTHING = frozenset(
    {"unknown", "unset", "null", "none", "n/a", "na", "-", "--", "?", "not set", "pending", "nan"}
)
"""Values that stand for an empty cell."""

YES = frozenset(
    {"y", "yes", "true", "t", "1", "on", "x", "j", "ja", "si", "sí", "s", "oui", "o", "sim"}
)
NO = frozenset({"n", "no", "false", "f", "0", "off", "nein", "non", "nao", "não"})

OPTED_IN = YES | {
    "in",
    "opt-in",
    "opt in",
    "optin",
    "opt_in",
    "opted in",
    "opted-in",
    "subscribed",
    "subscribe",
    "allow",
    "allowed",
    "granted",
    "accepted",
    "agreed",
}
OPTED_OUT = NO | {
    "out",
    "opt-out",
    "opt out",
    "optout",
    "opt_out",
    "opted out",
    "opted-out",
    "unsubscribed",
    "unsubscribe",
    "deny",
    "denied",
    "declined",
    "refused",
    "blocked",
}
GRANTED = frozenset(
    {"granted", "given", "accepted", "agreed", "consented", "approved", "grant", "accept"}
)
DENIED = frozenset({"denied", "declined", "refused", "rejected", "deny", "not given", "decline"})
REVOKED = frozenset({"revoked", "withdrawn", "cancelled", "canceled", "revoke", "withdraw"})
NOT_SET = frozenset({"notset", "not set", "not_set"})

KNOWN_CODES = YES | NO | OPTED_IN | OPTED_OUT | GRANTED | DENIED | REVOKED | NOT_SET | SAYS_NOTHING

Values = dict[str, int | str]
RARE = 0.05
"""A column may hold so many values that are no codes; the feed leaves them to reject their rows."""

_PAIRS = (
    ("y", "n"),
    ("yes", "no"),
    ("true", "false"),
    ("t", "f"),
    ("1", "0"),
    ("on", "off"),
    ("in", "out"),
    ("opt-in", "opt-out"),
    ("subscribed", "unsubscribed"),
    ("granted", "denied"),
    ("allowed", "denied"),
    ("ja", "nein"),
    ("j", "n"),
    ("oui", "non"),
    ("o", "n"),
    ("si", "no"),
)


def preference_values(seen: Mapping[str, int], *, inverted: bool) -> Values | None:
    """What each value says as a preference: 1 in, 2 out; `None` if they are no such codes.

    `seen` are the values and how often each stands in the column.

    `inverted` is for a column that says who opted out: not having done so is no opt-in, so its
    other value says nothing.
    """
    lower = {value.lower() for value in seen}
    if lower <= {"1", "2"} and "2" in lower and not inverted:
        return {"1": 1, "2": 2}
    meanings: Mapping[str, int | str]
    if inverted:
        meanings = {**dict.fromkeys(OPTED_IN, 2), **dict.fromkeys(OPTED_OUT, "")}
    else:
        meanings = {**dict.fromkeys(OPTED_IN, 1), **dict.fromkeys(OPTED_OUT, 2)}
    return _table(seen, meanings)


def consent_values(seen: Mapping[str, int]) -> Values | None:
    """The same as a consent's status: 1 granted, 2 denied, 3 revoked, 4 not set."""
    lower = {value.lower() for value in seen}
    if lower <= {"1", "2", "3", "4"} and lower & {"3", "4"}:
        return {str(status): status for status in range(1, 5)}
    meanings: dict[str, int | str] = {
        **dict.fromkeys(OPTED_IN | GRANTED, 1),
        **dict.fromkeys(OPTED_OUT | DENIED, 2),
        **dict.fromkeys(REVOKED, 3),
        **dict.fromkeys(NOT_SET, 4),
    }
    table = _table(seen, meanings)
    if table is not None and lower & (GRANTED | DENIED | REVOKED):
        written = _writing([value for value in table if value.lower() in meanings])
        for word, status in (("granted", 1), ("denied", 2), ("revoked", 3)):
            if status not in table.values():
                table[written(word)] = status
    return table


def _table(seen: Mapping[str, int], meanings: Mapping[str, int | str]) -> Values | None:
    table: Values = {}
    strange = 0
    for value in sorted(seen, key=lambda each: (each.lower(), each)):
        lower = value.lower()
        if lower in meanings:
            table[value] = meanings[lower]
        elif lower in SAYS_NOTHING:
            table[value] = ""
        else:
            strange += seen[value]
    if strange > RARE * sum(seen.values()):
        return None
    if not any(meaning != "" or value.lower() in meanings for value, meaning in table.items()):
        return None
    _complete(table, meanings)
    return dict(sorted(table.items(), key=lambda entry: (str(entry[1]) or "9", entry[0])))


def _complete(table: Values, meanings: Mapping[str, int | str]) -> None:
    """Add the other half of a pair of which only one was seen, in the same writing."""
    lower = {value.lower() for value in table}
    for pair in _PAIRS:
        if len(lower & set(pair)) == 1:
            (found,) = lower & set(pair)
            other = pair[1 - pair.index(found)]
            written = _writing([value for value in table if value.lower() == found])
            opposed = meanings.get(other) != meanings.get(found)
            if opposed and other in meanings and not _decided(table, meanings[other]):
                table[written(other)] = meanings[other]
                return


def _decided(table: Values, meaning: int | str) -> bool:
    return meaning in table.values()


def _writing(values: list[str]) -> Callable[[str], str]:
    sample = values[0] if values else ""
    if sample.isupper():
        return str.upper
    return str.capitalize if sample[:1].isupper() else str.lower
