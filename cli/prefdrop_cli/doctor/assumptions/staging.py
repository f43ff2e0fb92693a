"""What only an import tells: one is initiated, invented records are staged, none is executed.

The vendor forgets what was staged and never executed; the import cannot be cancelled and dies with
its token. A member that the vendor knows is told from one that it passes over by a record in which
it has the wrong JSON type, beside the same record without it: a known one makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT, NAMES
from prefdrop.mypreferences.answers import Answer, any_case, lenient_int, retry_after
from prefdrop.mypreferences.errors import MyPreferencesError
from prefdrop_cli.doctor.assumptions.judging import CHANGE, fact_of
from prefdrop_cli.doctor.assumptions.stage_session import (
    FAILING,
    RECORDS,
    WRONG,
    Counted,
    LimitedError,
    Maker,
    StageSession,
    UnansweredError,
    number_of,
    padded,
    reasons_in,
    uncounted,
    with_address,
    with_field_value,
)
from prefdrop_cli.doctor.assumptions.verdicts import Confirmation, held, not_held, untold
from prefdrop_cli.doctor.probing import Prober, first_text, members

REASON = "prefdrop doctor"
DEFAULT_BYTES = 25_000_000
OVERSIZE_BYTES = 28_000_001
"""Above what the vendor says is the absolute maximum."""
Unit = Literal["import", "request"]

COST = (
    "It initiates one import, which counts against the vendor's daily limit, and stages about 50 "
    "invented records into it that are never executed; the vendor forgets them. It sends bodies of "
    "25 and 28 MB without a record, and empty requests to routes that write, which name nothing "
    "that exists. Nothing is executed, and no profile is touched."
)
"""What is done with `--writes`, for whoever is asked."""


class StagingQuestions:
    """One import for all questions. `unit` is what the vendor's limit is taken to count (O-7)."""

    def __init__(
        self,
        prober: Prober,
        *,
        chunk_bytes: int = DEFAULT_BYTES,
        counted: Counted = uncounted,
        unit: Unit = "import",
    ) -> None:
        self._prober = prober
        self._session = StageSession(prober, counted)
        self._chunk_bytes = chunk_bytes
        self._unit = unit

    def answers(self) -> Iterator[Confirmation]:
        """Initiate, stage, look; a refusal of one ends what builds on it."""
        try:
            yield from self._begin()
            yield from self._names()
            yield from self._exceptions()
            yield from self._sizes()
        except LimitedError as limited:
            yield self._limited(limited.answer)
        except (MyPreferencesError, UnansweredError) as error:
            for number in ("O-5", "O-8", "O-9", "O-10"):
                yield untold(number, "staging", str(error))

    def _begin(self) -> Iterator[Confirmation]:
        """O-6, and the access token that all else needs."""
        fact, change = (
            "ReasonCode belongs to the import",
            ("feed: leave reason_code out of [import] and map ReasonCode as a column"),
        )
        answer = self._session.initiate(REASON)
        if answer.status == 400:
            answer = self._session.initiate(None)
            if self._session.begun:
                yield not_held("O-6", fact, "Initiate refuses it with 400", change)
        elif self._session.begun and members(answer).get("reasoncode") == REASON:
            yield held("O-6", fact)
        elif self._session.begun:
            yield not_held("O-6", fact, "the answer to Initiate does not repeat it", change)
        if answer.status == 429:
            raise LimitedError(answer)
        if not self._session.begun:
            raise UnansweredError(f"an import cannot be initiated ({answer.status})")

    def _limited(self, answer: Answer) -> Confirmation:
        """O-7, as far as the limit is reached by chance."""
        wait = retry_after(answer)
        after = "without Retry-After" if wait is None else f"Retry-After says {wait:.0f} s"
        if self._session.begun and self._unit == "import":
            said = f"a stage request is answered 429 ({after}), so requests count, not imports"
            change = "parameter QuotaUnit=request"
            return not_held("O-7", "imports count, not requests", said, change)
        return held("O-7", "429 when the limit is reached", after)

    # --- names in records (O-5) -----------------------------------------------------------------

    def _names(self) -> Iterator[Confirmation]:
        root = self._session.stage([{"DefaultLocale": "en_US"}, FAILING])
        fact = fact_of("stage.records")
        if root.answer.status not in (200, 400):
            raise UnansweredError(f"a stage request is answered {root.answer.status}")
        if root.answer.status == 400 or root.counted == 0:
            said = f"a request with it is answered {root.answer.status}, and no record counts"
            yield not_held("O-5", fact, said, CHANGE)
            raise UnansweredError("records cannot be staged under the assumed name")
        yield held("O-5", fact)
        yield from self._known_members()

    def _known_members(self) -> Iterator[Confirmation]:
        makers = {"": with_address, **RECORDS}
        if field := self._custom_field():
            makers["custom_field.value"] = with_field_value(field)
        else:
            yield untold("O-5", fact_of("custom_field.value"), "the account has no custom field")
        differs = self._differences(makers)
        blind = not differs.pop("")
        for name, known in differs.items():
            if known:
                yield held("O-5", fact_of(name))
            elif blind or known is None:
                yield untold("O-5", fact_of(name), "the vendor does not look at it when staging")
            else:
                yield not_held("O-5", fact_of(name), "the vendor passes over it", CHANGE)

    def _differences(self, makers: Mapping[str, Maker]) -> dict[str, bool | None]:
        """Whether the wrong type in a member makes a difference, by the member's name."""
        records = [make(value) for make in makers.values() for value in (WRONG, None)]
        whole = self._session.stage(records)
        if whole.answer.status != 200:
            return self._differences_alone(makers)
        found: dict[str, bool | None] = {}
        for at, name in enumerate(makers):
            wrong, without = (whole.reasons.get(2 * at + n) for n in (0, 1))
            # A field that is not even found by its name says nothing of its value.
            lost = name == "custom_field.value" and without is not None
            found[name] = None if lost else wrong != without
        return found

    def _differences_alone(self, makers: Mapping[str, Maker]) -> dict[str, bool | None]:
        """The same where a wrong type fails the whole request: each is sent by itself."""
        found: dict[str, bool | None] = {
            name: self._session.stage([make(WRONG)]).answer.status == 400
            for name, make in makers.items()
        }
        # What a custom field may hold is no question of types.
        found["custom_field.value"] = found.get("custom_field.value") or None
        return found

    def _custom_field(self) -> str:
        """The name of a text field of the account, or nothing."""
        path = self._prober.path_of("custom_fields.list")
        kind = NAMES["custom_field_kind.text"].value
        answer = self._prober.get(path.replace("{customFieldKind}", kind))
        return first_text(answer, NAMES["configuration.name"].value)

    # --- exceptions (O-9, O-10) -----------------------------------------------------------------

    def _exceptions(self) -> Iterator[Confirmation]:
        records = self._session.failed
        if not records:
            for name in ("exceptions.records", "exception.code", "exception.message"):
                yield untold("O-10", fact_of(name), "no record failed that should have")
            return
        yield self._collection()
        yield from self._reason_members(records)
        yield self._page_limit()
        yield self._numbers()

    def _collection(self) -> Confirmation:
        name = "exceptions.records"
        if NAMES[name].value.lower() in any_case(self._session.page):
            return held("O-10", fact_of(name))
        there = ", ".join(
            key for key, value in self._session.page.items() if isinstance(value, list)
        )
        return not_held("O-10", fact_of(name), f"it is {there}", CHANGE)

    def _reason_members(self, records: list[dict[str, Any]]) -> Iterator[Confirmation]:
        seen = sorted({key for record in records for one in reasons_in(record) for key in one})
        for name in ("exception.code", "exception.message"):
            if NAMES[name].value.lower() in map(str.lower, seen):
                yield held("O-10", fact_of(name))
            elif seen:
                said = f"an exception has {', '.join(seen)}"
                yield not_held("O-10", fact_of(name), said, CHANGE)
            else:
                yield untold("O-10", fact_of(name), "exceptions are kept whole, as text")

    def _page_limit(self) -> Confirmation:
        fact = f"a page of {EXCEPTIONS_PAGE_LIMIT:,} exceptions"
        limit = lenient_int(any_case(self._session.page).get("limit"))
        if limit is None:
            return untold("O-9", fact, "the page does not say how long it may be")
        if limit < EXCEPTIONS_PAGE_LIMIT:
            change = f"EXCEPTIONS_PAGE_LIMIT = {limit} in mypreferences_assumptions.py"
            return not_held("O-9", fact, f"a page holds {limit:,} at most", change)
        return held("O-9", fact)

    def _numbers(self) -> Confirmation:
        fact = "SequenceNumber counts over the token"
        before, sent = len(self._session.failed), self._session.sent
        self._session.stage([FAILING])
        if len(self._session.failed) == before:
            return untold("O-10", fact, "a record that should have failed did not")
        number = number_of(self._session.failed[-1])
        if number == sent + 1:
            return held("O-10", fact)
        said = f"record {sent + 1} of the token is number {number}"
        change = "nothing: records are found by their own identifiers, and the report says so"
        return not_held("O-10", fact, said, change)

    # --- sizes (O-8) ----------------------------------------------------------------------------

    def _sizes(self) -> Iterator[Confirmation]:
        fact = f"a body of {self._chunk_bytes:,} bytes is taken"
        answer = self._session.post(padded(self._chunk_bytes))
        if answer.status == 200:
            yield held("O-8", fact)
        elif answer.status in (404, 413) or self._session.post(padded(1000)).status == 200:
            change = "parameter ChunkBytes"
            yield not_held("O-8", fact, f"it is answered {answer.status}", change)
        else:
            yield untold("O-8", fact, f"a request without records is answered {answer.status}")
        yield self._refusal(self._session.post(padded(OVERSIZE_BYTES)))

    def _refusal(self, answer: Answer) -> Confirmation:
        fact = "a body over the limit is refused with 413 or 404.13"
        if answer.status in (413, 404):
            return held("O-8", fact)
        if answer.status == 200:
            return untold("O-8", fact, f"{OVERSIZE_BYTES:,} bytes are not over the limit")
        change = "mypreferences/refusals.py; until then keep ChunkBytes below the limit"
        return not_held("O-8", fact, f"it is answered {answer.status}", change)
