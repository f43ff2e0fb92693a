"""Reading what the vendor answers, leniently where its documentation leaves room.

Member names are accepted in any case, numbers also as strings, dates with and without a zone, and
errors as JSON, as ASP.NET's `ModelState` or as the page of a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from prefdrop.mypreferences.errors import GarbledAnswer

MESSAGE_LENGTH = 1000
"""Characters of a vendor's explanation that are kept."""


UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the JSON decoder raises for bytes from elsewhere: also for other encodings and for depth."""


class Answer:
    """One HTTP answer. `broken` says why its body did not arrive whole, or is empty."""

    def __init__(
        self,
        route: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        broken: str = "",
    ) -> None:
        self.route = route
        self.status = status
        self.headers = headers
        self.body = body
        self.broken = broken

    @property
    def date(self) -> datetime | None:
        """The server's own time, from the `Date` header."""
        return http_date(self.headers.get("Date", ""))

    def json(self) -> Any:
        """The body as JSON; raises GarbledAnswer if it is not."""
        try:
            return msgspec.json.decode(self.body.removeprefix(b"\xef\xbb\xbf"))
        except UNREADABLE:
            pass
        raise GarbledAnswer(
            f"MyPreferences answered {self.status} to {self.route} with a body of"
            f" {len(self.body)} bytes that is not JSON.",
            route=self.route,
            status=self.status,
        )


def parse_object(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object with its member names in lower case."""
    decoded = answer.json()
    if isinstance(decoded, dict):
        return any_case(decoded)
    raise lacking(answer, "a JSON object")


def any_case(members: Mapping[str, Any]) -> dict[str, Any]:
    """`members` under lower-case names."""
    return {name.lower(): value for name, value in members.items()}


def lacking(answer: Answer, what: str) -> GarbledAnswer:
    """The error for a success that does not hold `what` its route answers."""
    return GarbledAnswer(
        f"MyPreferences answered {answer.status} to {answer.route} without {what}.",
        hint="Something else may answer at this address; check the base URL and the routes.",
        route=answer.route,
        status=answer.status,
    )


def access_token(answer: Answer, members: Mapping[str, Any], *, asked: str = "") -> str:
    """The access token among an answer's lower-case `members`, which is a number or text.

    `asked` is the token asked about, for answers that do not repeat it; without one, raises
    GarbledAnswer.
    """
    value = members.get("accesstoken")
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if asked:
        return asked
    raise lacking(answer, "a usable AccessToken")


def lenient_int(value: Any) -> int | None:
    """A whole number given as number or string; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,19}\s*", value):
        return int(value)
    return None


def lenient_seconds(value: Any) -> float | None:
    """A positive duration in seconds given as number or string; None for anything else."""
    number = lenient_int(value)
    return float(number) if number is not None and number > 0 else None


def lenient_bool(value: Any) -> bool:
    """A boolean given as JSON boolean, as a number or as a word; anything else is False."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1")
    return bool(value)


def vendor_date(value: Any) -> datetime | None:
    """A vendor date as an aware UTC datetime; None if it is missing or not ISO 8601.

    Without a zone it is US Eastern (vendor documentation of `CustomerDate`; assumed for all).
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return _aware(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        return moment
    # Imported here: a cold start should not pay for what the vendor seldom sends.
    from zoneinfo import ZoneInfo

    return moment.replace(tzinfo=ZoneInfo("America/New_York"))


def http_date(text: str) -> datetime | None:
    """The moment that an HTTP date header names; None if it is not one."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def retry_after(answer: Answer) -> float | None:
    """Seconds that `Retry-After` asks to wait; None without a usable one."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment = http_date(text)
    if moment is None:
        return None
    return max(0.0, (moment - (answer.date or datetime.now(UTC))).total_seconds())


def vendor_message(body: bytes) -> str:
    """The explanation in an error's body on one line, shortened; empty if there is none."""
    try:
        decoded = msgspec.json.decode(body)
    except UNREADABLE:
        return _one_line(_without_tags(body.decode("utf-8", "replace")))
    if isinstance(decoded, dict):
        return _one_line(_explanation(any_case(decoded)))
    return _one_line(decoded if isinstance(decoded, str) else "")


def _explanation(members: Mapping[str, Any]) -> str:
    names = ("message", "error", "error_description", "title", "detail")
    texts = [members[name] for name in names if isinstance(members.get(name), str)]
    fields = members.get("modelstate") or members.get("errors")
    if isinstance(fields, dict):
        for field, faults in fields.items():
            listed = faults if isinstance(faults, list) else [faults]
            texts.append(f"{field}: {', '.join(map(str, listed))}")
    return "; ".join(texts)


def _without_tags(page: str) -> str:
    page = re.sub(r"(?is)<(script|style)\b.*?</\1>|<!--.*?-->", " ", page)
    return re.sub(r"<[^>]*>", " ", page)


def _one_line(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:MESSAGE_LENGTH]
