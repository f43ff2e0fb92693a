"""What a cell's text is: the shapes and conversions that the mapping and the checks share."""

from __future__ import annotations

import re

# Repetitions that never give back what they took (`++`) match the same texts sooner.
EMAIL = re.compile(r"[^@\s]++@[^@\s.]++\.[^@\s.]++(?:\.[^@\s.]++)*+")
"""The shape of an e-mail address: one @, no spaces, a dot in the domain.

Deliberately lax: the account's own pattern decides, this only spares it what can't be one.
"""

_USUAL = r"\+?[0-9]{3,4}-[0-9]{2,4}-[0-9]{2,7}"
PHONE = re.compile(
    rf"{_USUAL}|"
    r"[ (]*+\+?(?:[ ().\-/]*+[0-9]){7,15}[ ().]*+(?:(?:x|ext\.?)\s*[0-9]{1,6})?",
    re.IGNORECASE,
)
"""The shape of a phone number: 7 to 15 digits, the usual signs between, an extension.

Most are written in one way, which is looked for first because that takes half the time.
"""

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A number as JSON writes it."""

_INTEGER = re.compile(r"-?[0-9]{1,19}")

BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), "true"),
    **dict.fromkeys(("false", "False", "FALSE", "0"), "false"),
}
"""What reads as a boolean without a `values` table, and its JSON text."""


def integer_text(text: str, low: int | None = None, high: int | None = None) -> str:
    """The whole number in `text` as JSON writes it, or nothing if it is none or out of bounds."""
    if _INTEGER.fullmatch(text) is None:
        return ""
    number = int(text)
    if (low is not None and number < low) or (high is not None and number > high):
        return ""
    return str(number)
