"""What only an import tells: one is initiated, invented records are staged, none is executed.

The vendor forgets what was staged and never executed; the import cannot be cancelled and dies with
its token. A member that the vendor knows is told from one that it passes over by a record in which
it has the wrong JSON type, beside the same record without it: a known one makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT, NAMES
from prefdrop.mypreferences.answers import Answer, any_case, lenient_int, retry_after
from prefdrop.mypreferences.bulk_import import ImportSpec
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import Prober, decoded_json, filled, first_text, members

NAME_CHANGE = "NAMES in mypreferences_assumptions.py"
IMPORT_NAME = "prefdrop doctor: nothing is executed"
REASON = "prefdrop doctor"
BY_STAGING = ("O-5", "O-6", "O-8", "O-9", "O-10")
"""What only an import tells."""
DEFAULT_BYTES = 25_000_000
OVERSIZE_BYTES = 28_000_001
"""Above what the vendor says is the absolute maximum."""
WRONG: dict[str, Any] = {"wrong": ["type"]}
"""No member is an object that holds this."""

Counted = Callable[[Literal["import", "request"]], None]


def uncounted(_: Literal["import", "request"]) -> None:
    """For an account whose limit nobody counts here."""


FAILING: dict[str, Any] = {"Emails": [{}]}
"""A record that lacks what the vendor requires by its own documentation."""

COST = (
    "It initiates one import, which counts against the vendor's daily limit, and stages about 50 "
    "invented records into it that are never executed; the vendor forgets them. It sends bodies of "
    "25 and 28 MB without a record, and empty requests to routes that write, which name nothing "
    "that exists. Nothing is executed, and no profile is touched."
)
"""What is done with `--writes`, for whoever is asked."""


def _in(collection: str, name: str) -> Callable[[Any], dict[str, Any]]:
    """A record with one member in one item of a collection."""
    return lambda value: {collection: [{} if value is None else {NAMES[name].value: value}]}


def _person(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"CustomerName": {} if value is None else {NAMES[name].value: value}}


RECORDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    **{f"name.{part}": _person(f"name.{part}")
       for part in ("prefix", "first", "middle", "last", "suffix")},
    "alternate_id.type": _in("AlternateIds", "alternate_id.type"),
    "alternate_id.value": _in("AlternateIds", "alternate_id.value"),
    "phone.type": _in("PhoneNumbers", "phone.type"),
    "phone.number": _in("PhoneNumbers", "phone.number"),
    "phone.preferences": _in("PhoneNumbers", "phone.preferences"),
    "address.preferences": _in("Addresses", "address.preferences"),
    "group.type": _in("Groups", "group.type"),
    "group.name": _in("Groups", "group.name"),
    "tag.name": _in("ProfileTags", "tag.name"),
    "custom_field.name": _in("CustomFields", "custom_field.name"),
}  # fmt: skip
"""For each assumed name of a record, the record that shows whether it is known."""


def _email(value: Any) -> dict[str, Any]:
    return {"Emails": [{} if value is None else {"EmailAddress": value}]}


@dataclass
class _Staged:
    """What became of one request's records."""

    answer: Answer
    reasons: dict[int, str] = field(default_factory=dict)
    """Place in the request, from 0, of each record that failed → what was said of it."""

    @property
    def counted(self) -> int:
        """Records received over all requests; -1 if it does not say."""
        number = lenient_int(members(self.answer).get("totalrecordsreceived"))
        return -1 if number is None else number


class StagingQuestions:
    """One import for all questions."""

    def __init__(
        self, prober: Prober, *, chunk_bytes: int = DEFAULT_BYTES, counted: Counted = uncounted
    ) -> None:
        """`counted` is told of each request before it is sent that the vendor's limit may count."""
        self._prober = prober
        self._counted = counted
        self._chunk_bytes = chunk_bytes
        self._token = ""
        self._sent = 0
        self._failed = 0
        self._page: dict[str, Any] = {}

    def answers(self) -> Iterator[Confirmation]:
        """Initiate, stage, look; a refusal of one ends what builds on it."""
        try:
            initiated = self._initiate()
        except MyPreferencesError as error:
            yield from self._nothing(error.message)
            return
        if initiated.status == 429:
            yield _limited(initiated)
        self._token = _token(initiated)
        if not self._token:
            yield from self._nothing(f"an import cannot be initiated ({initiated.status})")
            return
        yield _reason_code(initiated)
        for ask in (self._names, self._exceptions, self._oversize):
            try:
                yield from ask()
            except _LimitedError as limited:
                yield _limited(limited.answer, staging=True)
                return
            except (MyPreferencesError, _UnansweredError) as error:
                yield from self._nothing(str(error))
                return

    def _nothing(self, why: str) -> Iterator[Confirmation]:
        numbers = ("O-5", "O-8", "O-9", "O-10") if self._token else BY_STAGING
        for number in numbers:
            yield untold(number, "staging", why)

    def _initiate(self) -> Answer:
        spec = ImportSpec(name=IMPORT_NAME, data_stage_duration=0, reason_code=REASON)
        self._counted("import")
        return self._prober.ask("POST", self._path("import.initiate"), body=spec.body())

    # --- names in records (O-5) -----------------------------------------------------------------

    def _names(self) -> Iterator[Confirmation]:
        root = self._stage([{"DefaultLocale": "en_US"}, FAILING])
        fact = _fact("stage.records")
        if root.answer.status not in (200, 400):
            raise _UnansweredError(f"a stage request is answered {root.answer.status}")
        if root.answer.status == 400 or root.counted == 0:
            said = f"a request with it is answered {root.answer.status}, and no record counts"
            yield not_held("O-5", fact, said, NAME_CHANGE)
            raise _UnansweredError("records cannot be staged under the assumed name")
        yield held("O-5", fact)
        yield from self._known_members()

    def _known_members(self) -> Iterator[Confirmation]:
        makers = {"": _email, **RECORDS}
        if field_name := self._custom_field():
            makers["custom_field.value"] = lambda value: {
                "CustomFields": [
                    {NAMES["custom_field.name"].value: field_name}
                    | ({} if value is None else {NAMES["custom_field.value"].value: value})
                ]
            }
        else:
            yield untold("O-5", _fact("custom_field.value"), "the account has no custom field")
        differs = self._differences(makers)
        blind = not differs.pop("")
        for name, known in differs.items():
            if known:
                yield held("O-5", _fact(name))
            elif blind or known is None:
                yield untold("O-5", _fact(name), "the vendor does not look at it when staging")
            else:
                yield not_held("O-5", _fact(name), "the vendor passes over it", NAME_CHANGE)

    def _differences(
        self, makers: dict[str, Callable[[Any], dict[str, Any]]]
    ) -> dict[str, bool | None]:
        """Whether the wrong type in a member makes a difference, by the member's name."""
        records = [make(value) for make in makers.values() for value in (WRONG, None)]
        whole = self._stage(records)
        if whole.answer.status == 200:
            found: dict[str, bool | None] = {}
            for at, name in enumerate(makers):
                wrong, without = (whole.reasons.get(2 * at + n) for n in (0, 1))
                # A field that is not even found by its name says nothing of its value.
                lost = name == "custom_field.value" and without is not None
                found[name] = None if lost else wrong != without
            return found
        # A wrong type fails the whole request here, so each is sent by itself.
        alone: dict[str, bool | None] = {
            name: self._stage([make(WRONG)]).answer.status == 400 for name, make in makers.items()
        }
        # What a custom field may hold is no question of types.
        alone["custom_field.value"] = alone.get("custom_field.value") or None
        return alone

    def _custom_field(self) -> str:
        """The name of a text field of the account, or nothing."""
        path = self._prober.path_of("custom_fields.list")
        kind = NAMES["custom_field_kind.text"].value
        answer = self._prober.get(path.replace("{customFieldKind}", kind))
        return first_text(answer, NAMES["configuration.name"].value)

    def _stage(self, records: list[dict[str, Any]]) -> _Staged:
        body = msgspec.json.encode({NAMES["stage.records"].value: records})
        staged = _Staged(self._post(body))
        if staged.answer.status == 200 and staged.counted > 0:
            staged.reasons = self._reasons(len(records))
        return staged

    def _post(self, body: bytes) -> Answer:
        self._counted("request")
        answer = self._prober.ask("POST", self._path("import.stage"), body=body)
        if answer.status == 429:
            raise _LimitedError(answer)
        return answer

    # --- exceptions (O-9, O-10) -----------------------------------------------------------------

    def _reasons(self, count: int) -> dict[int, str]:
        """What the newest `count` records failed for, by their places in the request from 0.

        The list of failed records only grows at its end.
        """
        query = f"limit={EXCEPTIONS_PAGE_LIMIT}&offset=1"
        answer = self._prober.ask("GET", self._path("import.exceptions"), query=query)
        page = decoded_json(answer)
        self._page = page if isinstance(page, dict) else {}
        new = _records(self._page)[self._failed :]
        first = self._sent + 1
        self._failed, self._sent = self._failed + len(new), self._sent + count
        numbered = [(number, record) for record in new if (number := _number(record))]
        if any(number < first for number, _ in numbered):
            # Numbers begin anew with each request.
            first = 1
        return {number - first: _said_of(record) for number, record in numbered}

    def _exceptions(self) -> Iterator[Confirmation]:
        records = _records(self._page)
        if not records:
            for name in ("exceptions.records", "exception.code", "exception.message"):
                yield untold("O-10", _fact(name), "no record failed that should have")
            return
        yield self._collection()
        yield from self._reason_members(records)
        yield self._page_limit()
        yield self._numbers()

    def _collection(self) -> Confirmation:
        name = "exceptions.records"
        if NAMES[name].value.lower() in any_case(self._page):
            return held("O-10", _fact(name))
        there = ", ".join(key for key, value in self._page.items() if isinstance(value, list))
        return not_held("O-10", _fact(name), f"it is {there}", NAME_CHANGE)

    def _reason_members(self, records: list[dict[str, Any]]) -> Iterator[Confirmation]:
        seen = sorted({key for record in records for one in _reasons_in(record) for key in one})
        for name in ("exception.code", "exception.message"):
            if NAMES[name].value.lower() in map(str.lower, seen):
                yield held("O-10", _fact(name))
            elif seen:
                said = f"an exception has {', '.join(seen)}"
                yield not_held("O-10", _fact(name), said, NAME_CHANGE)
            else:
                yield untold("O-10", _fact(name), "exceptions are no objects; they are kept whole")

    def _page_limit(self) -> Confirmation:
        fact = f"a page of {EXCEPTIONS_PAGE_LIMIT:,} exceptions"
        limit = lenient_int(any_case(self._page).get("limit"))
        if limit is None:
            return untold("O-9", fact, "the page does not say how long it may be")
        if limit < EXCEPTIONS_PAGE_LIMIT:
            change = f"EXCEPTIONS_PAGE_LIMIT = {limit} in mypreferences_assumptions.py"
            return not_held("O-9", fact, f"a page holds {limit:,} at most", change)
        return held("O-9", fact)

    def _numbers(self) -> Confirmation:
        fact = "SequenceNumber counts over the token"
        before, sent = self._failed, self._sent
        self._stage([FAILING])
        if self._failed == before:
            return untold("O-10", fact, "a record that should have failed did not")
        number = _number(_records(self._page)[-1])
        if number == sent + 1:
            return held("O-10", fact)
        said = f"record {sent + 1} of the token is number {number}"
        change = "nothing: records are found by their own identifiers, and the report says so"
        return not_held("O-10", fact, said, change)

    # --- sizes (O-8) ----------------------------------------------------------------------------

    def _oversize(self) -> Iterator[Confirmation]:
        fact = f"a body of {self._chunk_bytes:,} bytes is taken"
        answer = self._post(_padded(self._chunk_bytes))
        if answer.status == 200:
            yield held("O-8", fact)
        elif answer.status in (404, 413) or self._post(_padded(1000)).status == 200:
            change = "parameter ChunkBytes"
            yield not_held("O-8", fact, f"it is answered {answer.status}", change)
        else:
            yield untold("O-8", fact, f"a request without records is answered {answer.status}")
        yield self._refusal(self._post(_padded(OVERSIZE_BYTES)))

    def _refusal(self, answer: Answer) -> Confirmation:
        fact = "a body over the limit is refused with 413 or 404.13"
        if answer.status in (413, 404):
            return held("O-8", fact)
        if answer.status == 200:
            return untold("O-8", fact, f"{OVERSIZE_BYTES:,} bytes are not over the limit")
        change = "mypreferences/refusals.py; until then keep ChunkBytes below the limit"
        return not_held("O-8", fact, f"it is answered {answer.status}", change)

    def _path(self, route: str) -> str:
        path = self._prober.path_of(route)
        return filled(path.replace("{accessToken}", self._token or "{accessToken}"))


class _UnansweredError(Exception):
    """The vendor does not take what the other questions build on."""


class _LimitedError(Exception):
    """The vendor's limit is reached."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("limited")
        self.answer = answer


def _limited(answer: Answer, *, staging: bool = False) -> Confirmation:
    wait = retry_after(answer)
    after = "without Retry-After" if wait is None else f"Retry-After says {wait:.0f} s"
    if staging:
        said = f"a stage request is answered 429 ({after}), so requests count, not imports"
        return not_held("O-7", "imports count, not requests", said, "parameter QuotaUnit=request")
    return held("O-7", "429 when the limit is reached", after)


def _reason_code(initiated: Answer) -> Confirmation:
    fact = "ReasonCode belongs to the import"
    if members(initiated).get("reasoncode") == REASON:
        return held("O-6", fact)
    said = "the vendor does not repeat a ReasonCode that Initiate named"
    change = "feed: leave reason_code out of [import] and map ReasonCode as a column"
    return not_held("O-6", fact, said, change)


def _token(answer: Answer) -> str:
    value = members(answer).get("accesstoken")
    usable = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if answer.status == 200 and usable else ""


def _records(page: dict[str, Any]) -> list[dict[str, Any]]:
    lists = [value for value in page.values() if isinstance(value, list)]
    named = any_case(page).get(NAMES["exceptions.records"].value.lower())
    chosen = named if isinstance(named, list) else lists[0] if len(lists) == 1 else []
    return [record for record in chosen if isinstance(record, dict)]


def _reasons_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every exception of a record and of what it holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() == "exceptions" and isinstance(inner, list):
                yield from (one for one in inner if isinstance(one, dict))
            else:
                yield from _reasons_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _reasons_in(inner)


def _number(record: dict[str, Any]) -> int:
    """Its `SequenceNumber`; 0 without one."""
    return lenient_int(any_case(record).get("sequencenumber")) or 0


def _said_of(record: dict[str, Any]) -> str:
    return msgspec.json.encode(list(_reasons_in(record))).decode()


def _padded(size: int) -> bytes:
    """A stage request of no record that is `size` bytes long."""
    body = msgspec.json.encode({NAMES["stage.records"].value: []})
    return body[:-1] + b" " * (size - len(body)) + b"}"


def _fact(name: str) -> str:
    return f"name {name} ({NAMES[name].value})"
