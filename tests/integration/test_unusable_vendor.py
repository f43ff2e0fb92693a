"""A vendor that cannot be used ends the import with a sentence, and the turn goes on."""

from __future__ import annotations

from pathlib import Path

from prefdrop_local.stack.vendor import of_sandbox
from tests.tiers import second_tier
from tests.workbench import people, workbench

pytestmark = second_tier("a stack for each; the accidents and the fault tests are the short form")


def test_wrong_credentials_are_said_to_be_wrong_and_a_retry_goes_on_once_they_are_right(
    tmp_path: Path,
) -> None:
    with workbench(tmp_path, secret="not-the-secret") as bench:
        bench.push_feed()
        version = bench.drop(people(3))

        report = bench.report_of(version)

        assert (report["status"], report["error"]["code"]) == ("Failed", "NotAuthorized")
        assert report["error"]["hint"]
        assert bench.profiles() == []

        bench.stack.set_vendor_secret(of_sandbox(bench.sandbox))
        said = bench.prefdrop("imports", "retry", report["import_id"])
        bench.end_of(bench.import_of(version)["execution_arn"])

        assert said.returncode == 0, said.stderr
        report = bench.read_json(bench.import_of(version)["report_key"])
        assert (report["status"], report["error"]) == ("Completed", None)
        assert len(bench.profiles()) == 3


def test_a_vendor_that_nobody_can_reach_is_named_by_its_address(tmp_path: Path) -> None:
    with workbench(tmp_path) as bench:
        bench.push_feed()
        bench.sandbox.stop()

        report = bench.run(people(1))

        assert (report["status"], report["error"]["code"]) == ("Failed", "NotSent")
        assert "127.0.0.1" in report["error"]["message"]
        assert "imports retry" in report["error"]["hint"]
