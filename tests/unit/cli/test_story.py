"""`imports show` tells what happened, what an import waits for, and what comes next."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefdrop.ledger.imports import Failure, Import, Waiting, WaitingFor
from prefdrop.ledger.parts import Part, StagedChunk
from prefdrop_cli.story.standing import DOING, REMEDIES, Standing, Subject, Surroundings, standing
from prefdrop_cli.story.steps import Trace, trace
from prefdrop_cli.story.telling import happenings

DEFINITION = json.loads(
    (Path(__file__).parents[3] / "statemachine/import.asl.json").read_text(encoding="utf-8")
)
BEGAN = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def an_import(**more: Any) -> Import:
    return Import(
        **{
            "import_id": "imp-1",
            "feed": "people",
            "bucket": "b",
            "key": "inbox/people/p.csv",
            "version_id": "v1",
            "bytes": 1000,
            "execution_arn": "arn:e",
            "registered_at": "2026-01-15T10:30:00.500Z",
            "updated_at": "2026-01-15T10:31:00.000Z",
            **more,
        }
    )


def a_part(**more: Any) -> Part:
    place = {"offset": 0, "row": 0}
    return Part(**{"number": 1, "state": "staging", "start": place, "end": place, **more})


def how(record: Import, state: str = "", part: Part | None = None, **around: Any) -> Standing:
    surroundings = Surroundings(**{"execution_status": "RUNNING", **around})
    since = "2026-01-15T10:30:30.000Z"
    return standing(Subject(record, part, surroundings), Trace(state=state, since=since))


def entered(name: str, seconds: int) -> dict[str, Any]:
    return {
        "type": "TaskStateEntered",
        "timestamp": BEGAN + timedelta(seconds=seconds),
        "stateEnteredEventDetails": {"name": name},
    }


def test_state_that_takes_time_is_put_into_words(subtests: pytest.Subtests) -> None:
    for state in [n for n, s in DEFINITION["States"].items() if s["Type"] in ("Task", "Wait")]:
        with subtests.test(state=state):
            part = Part(number=1, state="staging", start={}, end={})

            progress = how(an_import(), state, part)

            assert state in DOING
            assert progress.now.endswith(".")
            assert progress.next.endswith(".")
            assert progress.since == "2026-01-15T10:30:30.000Z"


def test_a_queued_import_names_whom_it_waits_for() -> None:
    progress = how(an_import(status="Queued"), "TakeTurn", holder="imp-0", ahead=2)

    assert progress.now == "It waits for its turn: imp-0 has it, 2 more are ahead of it."


def test_an_exhausted_quota_says_when_a_slot_frees() -> None:
    progress = how(an_import(), "WaitForQuota", next_slot="2026-01-16T04:00:00.000Z")

    assert "until 2026-01-16T04:00:00.000Z" in progress.now
    assert "by itself" in progress.next


@pytest.mark.parametrize("state", ["WaitForVendor", "WaitForGhosts"])
def test_a_pause_that_the_vendor_asked_for_is_not_told_as_a_request_in_doubt(state: str) -> None:
    asked = how(an_import(status="Staging"), state, part=a_part())
    used_up = how(an_import(status="Staging"), state, next_slot="2026-01-15T14:00:00.000Z")

    assert "429" in asked.now
    assert "2026-01-15T14:00:00.000Z" in used_up.now
    assert "no clear answer" not in asked.now + used_up.now


def test_a_request_that_may_still_land_is_told_before_the_limit() -> None:
    record, trace = an_import(status="Staging"), Trace(state="WaitForVendor")
    around = Surroundings(execution_status="RUNNING", next_slot="2026-01-15T14:00:00.000Z")
    later = int((datetime.now(UTC) + timedelta(minutes=5)).timestamp() * 1000)

    doubtful = standing(Subject(record, a_part(), around, in_doubt=True), trace)
    under_way = standing(Subject(record, a_part(lease_until=later), around), trace)

    assert "no clear answer" in doubtful.now
    assert "no clear answer" in under_way.now


def test_a_held_import_names_the_gate_its_end_and_both_ways_out() -> None:
    record = an_import(status="Held", gate="Too many.", hold_until="2026-01-15T11:30:00.000Z")

    progress = how(record, "AwaitApproval")

    assert "Too many." in progress.now
    assert "2026-01-15T11:30:00.000Z" in progress.now
    assert "imports approve imp-1" in progress.next
    assert "imports cancel imp-1" in progress.next


def test_an_import_whose_execution_was_aborted_says_how_to_go_on() -> None:
    progress = how(an_import(status="Staging"), "StageChunks", execution_status="ABORTED")

    assert "its execution is ABORTED while the import is Staging" in progress.now
    assert "imports retry imp-1" in progress.next


def test_a_failed_import_says_why_and_what_to_do() -> None:
    failure = Failure("Forbidden", "The user may not import.", "Ask for the permission.")

    progress = how(
        an_import(status="Failed", error=failure, finished_at="2026-01-15T10:32:00.000Z")
    )

    assert progress.now == "It failed: Forbidden: The user may not import."
    assert progress.next.startswith("Ask for the permission. ")
    assert "imports retry imp-1" in progress.next


def test_remedy_of_each_code_is_whole_and_names_a_command(subtests: pytest.Subtests) -> None:
    for code in REMEDIES:
        with subtests.test(code=code):
            failure = Failure(code, "It did not work.", "Try `prefdrop imports retry`.")

            progress = how(an_import(status="Failed", error=failure), secret="arn:secret")

            commands = re.findall(r"`(prefdrop [^`]+)`", progress.next)
            assert commands
            assert not [c for c in commands if c.endswith(("imports retry", "--feed"))]
            assert "{" not in progress.next.replace('{"auth"', "")


def test_an_import_that_does_not_add_up_says_what_does_not() -> None:
    progress = how(an_import(status="Unreconciled"), cause="Two records are missing.")

    assert progress.now == "It has ended Unreconciled: Two records are missing."
    assert "prefdrop drop FILE --feed people" in progress.next


def test_an_import_that_waits_for_a_worker_before_it_does_not_blame_the_quota() -> None:
    progress = how(
        an_import(), "WaitForQuota", holder="imp-1", not_before="2026-01-15T10:33:00.000Z"
    )

    assert "2026-01-15T10:33:00.000Z" in progress.now
    assert "limit" not in progress.now


def test_steps_are_told_with_how_often_when_and_what_failed() -> None:
    failed = {
        "type": "LambdaFunctionFailed",
        "timestamp": BEGAN,
        "lambdaFunctionFailedEventDetails": {"error": "NoAnswer", "cause": "..."},
    }

    progress = trace([entered("StageChunks", 0), failed, failed, entered("StageChunks", 60)])

    (span,) = progress.spans
    assert (span.name, span.times, span.failures) == ("StageChunks", 2, {"NoAnswer": 2})
    assert span.first == "2026-01-15T10:30:00.000Z"
    assert (progress.state, progress.since) == ("StageChunks", "2026-01-15T10:31:00.000Z")


@pytest.mark.parametrize(
    ("kind", "words", "coming"),
    [
        ("away", "answers no call", "continues by itself"),
        ("credentials", "refuses the stack's credentials", "aws secretsmanager put-secret-value"),
        ("throttled", "asked for a pause", "continues by itself"),
        ("call", "answers other calls", "after 15 minutes"),
    ],
)
def test_wait_for_the_vendor_is_explained(kind: WaitingFor, words: str, coming: str) -> None:
    since = "2026-01-15T10:30:00.000Z"
    progress = how(
        an_import(status="Staging", waiting=Waiting(kind, since, text="HTTP 503.")), "WaitForQuota"
    )

    assert words in progress.now
    assert "HTTP 503." in progress.now
    assert progress.since == since
    assert coming in progress.next


def test_an_import_behind_a_held_one_says_that_somebody_has_to_decide_on_that() -> None:
    progress = how(an_import(status="Queued"), "TakeTurn", holder="imp-0", holder_held=True)

    assert "imp-0 has it, and a gate holds that one" in progress.now
    assert "`prefdrop imports show imp-0`" in progress.next


def test_a_part_that_the_vendor_gave_no_token_is_not_told_as_if_it_had() -> None:
    moment = "2026-01-15T10:30:01.000Z"
    failure = Failure("NotAuthorized", "MyPreferences answered 401.", "")
    record = an_import(
        status="Failed", error=failure, started_at=moment, finished_at="2026-01-15T10:30:02.000Z"
    )

    progress = happenings(record, [a_part(started_at=moment)], {})

    assert [one.what for one in progress[1:]] == [
        "had its turn and began",
        "part 1: begun",
        "ended Failed: NotAuthorized",
    ]


def test_happenings_come_in_time_order_with_smooth_chunks_as_one() -> None:
    part = Part(
        number=1, state="torn", start={}, end={}, given_up="The counts differ.", staged=20,
        started_at="2026-01-15T10:30:01.000Z",
    )  # fmt: skip
    moment = round(BEGAN.timestamp() * 1000) + 2000
    chunks = [a_chunk(n, moment + n, attempts=2 if n == 3 else 1) for n in (1, 2, 3)]

    progress = happenings(an_import(dropped_at="2026-01-15T10:30:00Z"), [part], {1: chunks})

    assert [one.what for one in progress] == [
        "p.csv was dropped",
        "registered as an import of feed people",
        "part 1: begun",
        "part 1: 2 chunks staged until 10:30:02, 20 records, 400 bytes",
        "part 1: chunk 3 (10 records) staged, sent 2 times",
        "part 1: given up: The counts differ.",
    ]


def a_chunk(number: int, posted_at: int, *, attempts: int) -> StagedChunk:
    return StagedChunk(
        number=number, state="settled", start={}, end={}, first_sequence=1, records=10, rows=10,
        rejected_local=0, bytes=200, sha256="", received_before=0, posted_at=posted_at,
        attempts=attempts,
    )  # fmt: skip
