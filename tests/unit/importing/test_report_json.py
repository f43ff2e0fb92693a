"""`report.json`, to the byte: scripts read its members, and people its order."""

from __future__ import annotations

import msgspec

from prefdrop.importing.report import Verdict, compose
from prefdrop.ledger.imports import Decision, Failure, Import
from prefdrop.ledger.parts import Part

AT = "2026-01-15T10:30:00.000Z"
COUNTS = (
    '"rows_read":3,"restaged":0,"rejected_local":1,"staged":2,"validation_ok":2,'
    '"rejected_validation":0,"processed":2,"rejected_execution":0,"not_honored":0,"pending":0,'
    '"chunks":1'
)
EXPECTED = (
    '{"import_id":"imp-1","feed":"people","status":"Failed","reconciled":true,"cause":"",'
    '"source":{"bucket":"b","key":"inbox/people/p.csv","version_id":"v1","bytes":9},'
    '"configuration":{"version_id":null,"taken_at":null,"stale":false,"not_understood":[]},'
    f'{COUNTS},"vendor_requests":4,'
    '"parts":[{"number":1,"state":"finished","rows":3,"restaged":0,"rejected_local":1,"staged":2,'
    '"validation_ok":2,"rejected_validation":0,"processed":2,"rejected_execution":0,'
    '"not_honored":0,"pending":0,"vendor_status":"Completed","suspect_chunk":0,"given_up":"",'
    f'"started_at":"{AT}","executed_at":"","finished_at":"","chunks":1}}],'
    f'"registered_at":"{AT}","started_at":"{AT}","finished_at":"2026-01-15T10:30:02.500Z",'
    '"seconds":2.5,"timings":[{"step":"exceptions, rejects and report","seconds":2.5}],'
    '"settings":{"action":"Add"},'
    '"rejects":{"key":null,"count":0,"unnamed":0,"kinds":[]},'
    '"error":{"code":"SourceError","message":"It ends early.","hint":""},'
    f'"decisions":[{{"what":"retry","at":"{AT}","by":"","reason":"again"}}]}}'
)


def test_report_members_keep_their_names_and_order() -> None:
    record = Import(
        import_id="imp-1", feed="people", status="Failed", bucket="b", key="inbox/people/p.csv",
        version_id="v1", bytes=9, execution_arn="arn", registered_at=AT, dropped_at=AT,
        updated_at=AT, vendor_requests=4, error=Failure("SourceError", "It ends early."),
        decisions=(Decision("d", "retry", AT, reason="again"),),
    )  # fmt: skip
    part = Part(
        number=1, state="finished", start={}, end={}, rows=3, rejected_local=1, staged=2,
        stage_requests=1, chunks=2, validation_ok=2, processed=2, vendor_status="Completed",
        started_at=AT, token="secret",
    )  # fmt: skip
    ended = "2026-01-15T10:30:02.500Z"

    report = compose(record, [part], None, Verdict("Failed", True), ended, {"action": "Add"})

    assert msgspec.json.encode(report).decode() == EXPECTED
