"""A whole import whose every step runs in a container, as `sam build` packed it."""

from __future__ import annotations

import re

from prefdrop_local.stack.lambdas.pool import Function
from tests.workbench import ROOT, Workbench, people
from tools.sam_local.running import SamLocal, call_lambda

ROWS = people(200) + "C-900,Cy,no-address,Y\nC-901,Di,refused@localhost.test,N\n"
STEPS = re.findall(r"\$\{(\w+)Arn\}", (ROOT / "statemachine/import.asl.json").read_text("utf-8"))
BESIDE_THE_WAY = {"AwaitApprovalFunction", "RecordFailureFunction"}


def test_an_import_runs_whole_in_the_built_functions(sam: SamLocal, bench: Workbench) -> None:
    called: set[str] = set()

    with sam.serving("start-lambda") as address:

        def in_its_container(function: Function, payload: bytes) -> bytes:
            called.add(function.logical_id)
            return call_lambda(address, function.logical_id, payload)

        end = bench.stack.have_invoked(in_its_container)
        try:
            report = bench.run(ROWS)
        finally:
            end()

    assert set(STEPS) - called == BESIDE_THE_WAY
    assert report["status"] == "CompletedWithRejects"
    assert report["reconciled"] is True
    assert (report["rows_read"], report["rejected_local"], report["processed"]) == (202, 1, 200)
    assert [reject["_stage"] for reject in bench.rejects(report)] == ["local", "validation"]
    assert len(bench.profiles()) == 200
