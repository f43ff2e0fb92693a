"""No access token, no secret and no record's content in the execution history or the logs."""

from __future__ import annotations

from tests.workbench import Workbench

FILE = (
    "id,first,email,news\n"
    "C-777001,Zerline,zerline.quux@example.test,Y\n"
    "C-777002,Quirin,quirin-without-address,N\n"
    "C-777003,Philine,philine@localhost.test,N\n"
)
CONTENT = ("777001", "Zerline", "quux", "777002", "Quirin", "777003", "Philine", "philine@")


def test_history_and_logs_hold_nothing_of_a_record_and_no_secret(bench: Workbench) -> None:
    """The stack of this folder logs at DEBUG."""
    assert_kept_quiet(bench)


def assert_kept_quiet(bench: Workbench) -> None:
    version = bench.drop(FILE)
    report = bench.report_of(version)

    kept = bench.history(bench.execution_of(version)) + bench.logs()

    (token,) = {r["token"] for r in bench.vendor("books")["requests"] if r["token"]}
    secrets = (
        f'"{token}"',
        f"/{token}",
        bench.sandbox.credentials["secret"],
        bench.sandbox.credentials["oauth_client_secret"],
        "Signature=",
    )
    assert report["rows_read"] == 3
    assert [word for word in (*CONTENT, *secrets) if str(word) in kept] == []


def test_the_report_holds_no_token(bench: Workbench) -> None:
    report = bench.run(FILE)

    (token,) = {r["token"] for r in bench.vendor("books")["requests"] if r["token"]}
    assert str(token) not in str(report["parts"])
