"""Fault rules: which calls are struck, and with what.

    {"seed": 7, "rules": [
        {"route": "import.stage", "nth": [1, 3], "kind": "reset_after"},
        {"route": "import.*", "chance": 0.1, "kind": "status", "status": 503, "page": "html"}]}

Every rule counts the calls that fit its `route`, `method` and `body_contains`, from 1. It strikes
those that fit its schedule too; without a schedule it strikes all. Of the rules that are due for a
call the first in the list strikes it. Two sorts go with any other: `latency`, and what only
changes answers (`word` and the kinds for `import.exceptions`).

Seconds are real seconds, except for `away`, which ends by the sandbox's clock.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from prefdrop_local.sandbox.faults.schedule import Number, Schedule
from prefdrop_local.sandbox.routing import SERVED, TOKEN_ROUTE

Seconds = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
ErrorStatus = Annotated[int, Meta(ge=300, le=599)]

_EXCEPTIONS = "import.exceptions"
_STATUSES = frozenset(int(status) for status in HTTPStatus)


class Rule(
    Schedule, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """What all rules have: the calls they look at, and when they strike."""

    route: str
    """Name of a route, `*` standing for any text."""
    method: str | None = None
    body_contains: Annotated[str, Meta(min_length=1)] | None = None
    """Only requests whose body has this text are looked at, for example one poisonous record."""

    only_changes_answer: ClassVar[bool] = False
    only_route: ClassVar[str] = ""
    """Where not empty, the only route whose calls this kind looks at."""

    def __post_init__(self) -> None:
        routes = [self.only_route] if self.only_route else [*SERVED, TOKEN_ROUTE]
        if not any(fnmatchcase(route, self.route) for route in routes):
            raise ValueError(f"route {self.route!r} fits none of {', '.join(routes)}")

    def fits(self, route: str, method: str) -> bool:
        """Whether calls of that route and method count, leaving their bodies aside."""
        if self.only_route and route != self.only_route:
            return False
        return fnmatchcase(route, self.route) and self.method in (None, method)


class Latency(Rule, tag="latency"):
    """The request is applied and answered that much later."""

    seconds: Seconds


class Status(Rule, tag="status"):
    """An error answer; nothing is applied."""

    status: ErrorStatus
    retry_after: Count | None = None
    page: Literal["json", "html", "empty"] = "json"
    message: str = ""
    """The vendor's `Message`; empty: the status's own phrase."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_known(self.status)


class ResetBefore(Rule, tag="reset_before"):
    """The connection is reset and nothing applied."""

    after_bytes: Count | None = None
    """Reset once that many bytes of the body came in; such a rule cannot look into the body."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.after_bytes is not None and self.body_contains is not None:
            raise ValueError("after_bytes and body_contains exclude each other")


class ResetAfter(Rule, tag="reset_after"):
    """The request is applied, then the connection is reset without an answer."""


class Late(Rule, tag="late"):
    """The connection is reset at once, the request is applied later, even after its resend.

    With neither `seconds` nor `before`, it is held until `POST faults/release`.
    """

    seconds: Seconds | None = None
    before: str | None = None
    """Applied right before a later call of this route is."""
    before_nth: Number = 1
    """Which later call of that route, counted from when this one was held."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seconds is not None and self.before is not None:
            raise ValueError("seconds and before exclude each other")
        if self.before is not None and self.before not in (*SERVED, TOKEN_ROUTE):
            raise ValueError(f"before must be one of {', '.join((*SERVED, TOKEN_ROUTE))}")


class TimeoutBefore(Rule, tag="timeout_before"):
    """Nothing is applied, and no answer comes until the caller gives up or `seconds` are over."""

    seconds: Seconds | None = None


class TimeoutAfter(Rule, tag="timeout_after"):
    """As `timeout_before`, but the request is applied."""

    seconds: Seconds | None = None


class Cut(Rule, tag="cut"):
    """The request is applied, but only half of the answer's body is sent."""

    matching_length: bool = False
    """`Content-Length` fits the half, so that only the JSON shows the cut."""


class Garbage(Rule, tag="garbage"):
    """The request is applied, the answer is 200 with an HTML page, as of a proxy."""


class ExpireToken(Rule, tag="expire_token"):
    """The access token in the request's path dies just before the request."""


class Away(Rule, tag="away"):
    """From the struck call on, calls are answered with `status` for a while."""

    status: ErrorStatus = 404
    seconds: Seconds | None = None
    calls: Number | None = None
    """How many calls, the struck one among them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_known(self.status)
        if (self.seconds is None) == (self.calls is None):
            raise ValueError("away needs seconds or calls, and not both")


class Word(Rule, tag="word"):
    """The answer says the same in other letters."""

    only_changes_answer: ClassVar[bool] = True

    word: str | None = None
    """Takes the place of `Completed` and `Complete` in `Status`."""
    members: Literal["lower", "upper", "camel", "odd"] | None = None
    """How the names of the answer's outermost members are written."""


class PageRule(Rule):
    """Changes one reading of an exceptions page, never what is stored."""

    only_changes_answer: ClassVar[bool] = True
    only_route: ClassVar[str] = _EXCEPTIONS


class Repeat(PageRule, tag="repeat"):
    """The page begins with the last `records` of the page before and shows as many less of its own.

    As if the list had grown at its front between two pages.
    """

    records: Number = 1


class Shuffle(PageRule, tag="shuffle"):
    """The page is cut from the list in another order."""


class Drop(PageRule, tag="drop"):
    """Some of the page's records are missing, and later ones move up."""

    records: Number = 1


class UnknownRow(PageRule, tag="unknown_row"):
    """The page also holds an exception of a record that was never staged."""


class WrongSequence(PageRule, tag="wrong_sequence"):
    """Sequence numbers count per stage request instead of across the token (O-10)."""


AnyRule = (
    Latency | Status | ResetBefore | ResetAfter | Late | TimeoutBefore | TimeoutAfter | Cut
    | Garbage | ExpireToken | Away | Word | Repeat | Shuffle | Drop | UnknownRow | WrongSequence
)  # fmt: skip


class RuleSet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All rules in force."""

    seed: int = 0
    rules: list[AnyRule] = []


def read_rules(text: bytes) -> RuleSet:
    """Rules from JSON. Raises ValueError naming the place of what is wrong."""
    try:
        return msgspec.json.decode(text, type=RuleSet)
    except msgspec.ValidationError as error:
        raise ValueError(f"faults: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"faults are not valid JSON: {error}") from None


def as_members(rule: Rule) -> dict[str, Any]:
    """A rule as it was given."""
    members: dict[str, Any] = msgspec.to_builtins(rule)
    return members


def _require_known(status: int) -> None:
    if status not in _STATUSES:
        raise ValueError(f"status {status} is no HTTP status")
