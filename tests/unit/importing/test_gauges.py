"""How full queue and quota are is told as metrics whenever somebody looks at them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from prefdrop.importing import initiate_part, sweep_turns
from prefdrop.importing.refusals import make_sure_of_quota
from prefdrop.ledger.parts import Part
from prefdrop.ledger.quota import QuotaUse
from prefdrop.ledger.turns import Ticket, Turn

HOLDER = "arn:aws:states:us-east-1:123456789012:execution:prefdrop-import:holder"


def _ticket(execution: str) -> Ticket:
    return Ticket(execution=execution, import_id="imp-1", dropped_at="", sequencer="", taken_at=1)


def _full(used: int) -> Any:
    marks: list[str] = []
    use = QuotaUse(used, 200 - used, None)
    return SimpleNamespace(use=lambda: use, mark=lambda: marks.append("one"))


def test_the_sweeper_tells_how_many_imports_wait_behind_the_holder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    holder = Turn(execution=HOLDER, import_id="imp-1", acknowledged=True)
    queue = [_ticket(HOLDER), _ticket("second"), _ticket("third")]
    services: Any = SimpleNamespace(
        imports=SimpleNamespace(list=lambda *_, **__: iter(()), find=lambda _: None),
        turns=SimpleNamespace(queue=lambda: queue, holder=lambda: holder),
        step_functions=SimpleNamespace(
            describe_execution=lambda **_: {"status": "RUNNING"},
            exceptions=SimpleNamespace(ExecutionDoesNotExist=KeyError),
        ),
    )

    sweep_turns.run(services, {}, None)  # type: ignore[arg-type]

    assert '"ImportsWaiting":[2.0]' in capsys.readouterr().out


def test_an_import_that_asks_the_vendor_tells_how_much_of_the_limit_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = SimpleNamespace(chunks=lambda *_, **__: iter([SimpleNamespace(records=1)]))
    monkeypatch.setattr(initiate_part, "pinned_feed", lambda *_: None)
    monkeypatch.setattr(initiate_part, "source_of", lambda *_: source)
    monkeypatch.setattr(initiate_part, "_bound_destruction", lambda *_: None)
    settings = SimpleNamespace(chunk_bytes=1_000, quota_unit="import", longest_wait_seconds=900)
    services: Any = SimpleNamespace(quota=_full(200), settings=settings)
    dropped = "2026-01-15T10:00:00+00:00"
    record: Any = SimpleNamespace(
        chunk_bytes=0, initiate_after=0, registered_at=dropped, dropped_at=dropped
    )
    part = Part(number=1, state="staging", attempt=1, start={"row": 0, "byte": 0},
                end={"row": 0, "byte": 0}, started_at="")  # fmt: skip

    answered = initiate_part._initiate(services, record, part)

    assert answered["next"] == "wait"
    assert '"QuotaUsed":[200.0]' in capsys.readouterr().out


def test_a_stage_request_tells_it_where_the_vendor_counts_requests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    staging: Any = SimpleNamespace(
        settings=SimpleNamespace(quota_unit="request"), services=SimpleNamespace(quota=_full(150))
    )

    make_sure_of_quota(staging)

    assert '"QuotaUsed":[150.0]' in capsys.readouterr().out
