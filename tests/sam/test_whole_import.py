"""A whole import whose every step runs in a container, as `sam build` packed it."""

from __future__ import annotations

from tests.workbench import Workbench, people
from tools.sam_local.running import SamLocal, call_lambda

ROWS = people(200) + "C-900,Cy,no-address,Y\nC-901,Di,refused@localhost.test,N\n"


def test_an_import_runs_whole_in_the_built_functions(sam: SamLocal, bench: Workbench) -> None:
    with sam.serving("start-lambda") as address:
        end = bench.stack.have_invoked(
            lambda function, payload: call_lambda(address, function.logical_id, payload)
        )
        try:
            report = bench.run(ROWS)
        finally:
            end()

    assert report["status"] == "CompletedWithRejects"
    assert report["reconciled"] is True
    assert (report["rows_read"], report["rejected_local"], report["processed"]) == (202, 1, 200)
    assert [reject["_stage"] for reject in bench.rejects(report)] == ["local", "validation"]
    assert len(bench.profiles()) == 200
