"""One import that is initiated and never executed, and the records that are staged into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT, NAMES
from prefdrop.mypreferences.answers import Answer, any_case, lenient_int
from prefdrop.mypreferences.bulk_import import ImportSpec
from prefdrop_cli.doctor.probing import Prober, decoded_json, filled, members

IMPORT_NAME = "prefdrop doctor: nothing is executed"
Counted = Callable[[Literal["import", "request"]], None]

WRONG: dict[str, Any] = {"wrong": ["type"]}
"""No member is an object that holds this."""

FAILING: dict[str, Any] = {"Emails": [{}]}
"""A record that lacks what the vendor requires by its own documentation."""

Maker = Callable[[Any], dict[str, Any]]
"""Makes the record with a value in the member in question, or with None the one without it."""


def uncounted(_: Literal["import", "request"]) -> None:
    """For an account whose limit nobody counts here."""


class UnansweredError(Exception):
    """The vendor does not take what the other questions build on."""


class LimitedError(Exception):
    """The vendor's limit is reached."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("The vendor's limit is reached.")
        self.answer = answer


@dataclass
class Staged:
    """What became of one request's records."""

    answer: Answer
    reasons: dict[int, str] = field(default_factory=dict)
    """Place in the request, from 0, of each record that failed → what was said of it."""

    @property
    def counted(self) -> int:
        """Records received over all requests; -1 if it does not say."""
        number = lenient_int(members(self.answer).get("totalrecordsreceived"))
        return -1 if number is None else number


class StageSession:
    """The import. `counted` is told of each request before it is sent that a limit may count."""

    def __init__(self, prober: Prober, counted: Counted) -> None:
        self._prober = prober
        self._counted = counted
        self._token = ""
        self.sent = 0
        """Records that were staged."""
        self.failed: list[dict[str, Any]] = []
        """Those of them that failed, as the vendor lists them."""
        self.page: dict[str, Any] = {}
        """The page of exceptions that was read last."""

    def initiate(self, reason: str | None) -> Answer:
        """Begin the import, with a `ReasonCode` or without; the answer may be a refusal."""
        spec = ImportSpec(name=IMPORT_NAME, data_stage_duration=0, reason_code=reason)
        self._counted("import")
        answer = self._prober.ask("POST", self._path("import.initiate"), body=spec.body())
        self._token = _token(answer)
        return answer

    @property
    def begun(self) -> bool:
        """Whether the vendor has given an access token."""
        return bool(self._token)

    def stage(self, records: list[dict[str, Any]]) -> Staged:
        """Stage records and read what they failed for; raises LimitedError."""
        staged = Staged(self.post(stage_body(records)))
        if staged.answer.status == 200 and staged.counted > 0:
            staged.reasons = self._reasons(len(records))
        return staged

    def post(self, body: bytes) -> Answer:
        """Send a stage request; raises LimitedError."""
        self._counted("request")
        answer = self._prober.ask("POST", self._path("import.stage"), body=body)
        if answer.status == 429:
            raise LimitedError(answer)
        return answer

    def _reasons(self, count: int) -> dict[int, str]:
        """What the newest `count` records failed for, by their places in the request from 0.

        The list of failed records only grows at its end.
        """
        query = f"limit={EXCEPTIONS_PAGE_LIMIT}&offset=1"
        answer = self._prober.ask("GET", self._path("import.exceptions"), query=query)
        page = decoded_json(answer)
        self.page = page if isinstance(page, dict) else {}
        listed = records_of(self.page)
        new, self.failed = listed[len(self.failed) :], listed
        first, self.sent = self.sent + 1, self.sent + count
        numbered = [(number, record) for record in new if (number := number_of(record))]
        if any(number < first for number, _ in numbered):
            # Numbers begin anew with each request.
            first = 1
        return {number - first: said_of(record) for number, record in numbered}

    def _path(self, route: str) -> str:
        path = self._prober.path_of(route)
        return filled(path.replace("{accessToken}", self._token or "{accessToken}"))


def _token(answer: Answer) -> str:
    value = members(answer).get("accesstoken")
    usable = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if answer.status == 200 and usable else ""


def records_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The failed records: those of the assumed collection, or else of the only one."""
    lists = [value for value in page.values() if isinstance(value, list)]
    named = any_case(page).get(NAMES["exceptions.records"].value.lower())
    chosen = named if isinstance(named, list) else lists[0] if len(lists) == 1 else []
    return [record for record in chosen if isinstance(record, dict)]


def reasons_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every exception of a record and of what it holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() == "exceptions" and isinstance(inner, list):
                yield from (one for one in inner if isinstance(one, dict))
            else:
                yield from reasons_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from reasons_in(inner)


def number_of(record: dict[str, Any]) -> int:
    """Its `SequenceNumber`; 0 without one."""
    return lenient_int(any_case(record).get("sequencenumber")) or 0


def said_of(record: dict[str, Any]) -> str:
    """All that was said of a record, for comparing."""
    return msgspec.json.encode(list(reasons_in(record))).decode()


def _in(collection: str, name: str) -> Maker:
    """A record with one member in one item of a collection."""
    return lambda value: {collection: [{} if value is None else {NAMES[name].value: value}]}


def _person(name: str) -> Maker:
    return lambda value: {"CustomerName": {} if value is None else {NAMES[name].value: value}}


RECORDS: dict[str, Maker] = {
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


def with_address(value: Any) -> dict[str, Any]:
    """A record with a member whose name is confirmed."""
    return {"Emails": [{} if value is None else {"EmailAddress": value}]}


def with_field_value(field: str) -> Maker:
    """A record with a custom field of the account."""
    named = {NAMES["custom_field.name"].value: field}
    value_name = NAMES["custom_field.value"].value
    return lambda value: {
        "CustomFields": [named if value is None else {**named, value_name: value}]
    }


def stage_body(records: list[dict[str, Any]]) -> bytes:
    """A stage request."""
    return msgspec.json.encode({NAMES["stage.records"].value: records})


def padded(size: int) -> bytes:
    """A stage request of no record that is `size` bytes long."""
    body = stage_body([])
    return body[:-1] + b" " * (size - len(body)) + b"}"
