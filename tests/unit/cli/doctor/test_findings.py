"""What the doctor says of refusals, and that it goes on after them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from prefdrop.errors import Terminal
from prefdrop.ledger import keys
from prefdrop.ledger.clock import iso, now_ms
from prefdrop.ledger.imports import Import, Status
from prefdrop.mypreferences.answers import Answer
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.doctor import imports
from prefdrop_cli.doctor.aws import clock_finding, limits
from prefdrop_cli.doctor.drops import _lying, feeds
from prefdrop_cli.doctor.findings import Finding
from prefdrop_cli.doctor.imports import lately, under_way
from prefdrop_cli.doctor.patient import Patient, examined
from prefdrop_cli.doctor.vendor import refusal_of
from tests.unit.cli.conftest import STATE_MACHINE

WORDS = {
    "scheme is invalid": "hash",
    "The date does not match an expected ISO 8601 format.": "clock",
    "The difference between issued timestamp and current time too large": "clock",
    "Missing Authorization Header": "proxies",
    "Unable to authenticate request": "user_id",
    "Something that is not documented": "user_id",
}
"""The vendor's reasons for a 401, and what the remedy of each names."""


class Unwell(Terminal):
    """A stack's own complaint."""


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ListQueues")


def test_refusal_401_of_each_reason_has_its_remedy(subtests: pytest.Subtests) -> None:
    for words in WORDS:
        with subtests.test(words=words):
            body = json.dumps({"Message": words}).encode()

            finding = refusal_of(Answer("doctor", 401, {}, body))

            assert finding.verdict == "bad"
            assert WORDS[words] in finding.remedy


@pytest.mark.parametrize(
    ("error", "verdict", "said"),
    [
        (client_error("AccessDeniedException"), "skipped", "ListQueues is denied"),
        (client_error("Throttling"), "bad", "ListQueues"),
        (EndpointConnectionError(endpoint_url="https://a.test"), "bad", "does not answer"),
        (Unwell("It aches.", hint="Rest."), "bad", "It aches."),
    ],
)
def test_a_check_that_cannot_look_is_a_finding_and_no_end(
    error: Exception, verdict: str, said: str
) -> None:
    def check(_: Any) -> Iterator[Finding]:
        raise error
        yield

    (finding,) = examined("queues", check, Patient(Deployment({}, {}, lambda _: None)))

    assert (finding.check, finding.verdict) == ("queues", verdict)
    assert said in finding.said
    assert finding.remedy


@pytest.mark.parametrize(
    ("off", "verdict", "said"),
    [(3, "good", "agrees"), (-45, "doubtful", "45 s behind"), (400, "bad", "400 s ahead")],
)
def test_a_clock_is_judged_by_how_far_it_is_off(off: float, verdict: str, said: str) -> None:
    finding = clock_finding("clock", off, "the vendor")

    assert finding.verdict == verdict
    assert said in finding.said


class Account:
    """AWS as Lambda and Service Quotas describe it; `rates` are Step Functions' per second."""

    def __init__(self, concurrency: int, **rates: float) -> None:
        self.concurrency = concurrency
        self.rates = rates

    def get_account_settings(self) -> Any:
        limit = ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
        return {"AccountLimit": dict.fromkeys(limit, self.concurrency)}

    def get_paginator(self, _: str) -> Account:
        return self

    def paginate(self, **_: str) -> Any:
        name = "{} throttle token refill rate per second"
        quotas = [{"QuotaName": name.format(k), "Value": v} for k, v in self.rates.items()]
        return [{"Quotas": [{"QuotaName": "StartExecution size", "Value": 1.0}, *quotas]}]


def limits_of(account: Any) -> dict[str, str]:
    """Each limit's verdict, by what is said of it."""
    return {one.said: one.verdict for one in limits(Patient(Deployment({}, {}, lambda _: account)))}


def test_account_with_limit_of_10_is_a_warning_with_remedy() -> None:
    account = Account(10, StartExecution=300.0, StateTransition=800.0)

    (lambda_limit, *_) = limits(Patient(Deployment({}, {}, lambda _: account)))

    assert lambda_limit.verdict == "doubtful"
    assert "may run 10 functions at once" in lambda_limit.said
    assert "--quota-code L-B99A9384 --desired-value 1000" in lambda_limit.remedy


def test_limits_of_step_functions_are_judged_one_by_one() -> None:
    found = limits_of(Account(1000, StartExecution=5.0))

    assert list(found.values()) == ["good", "doubtful", "skipped"]
    assert any("5 a second; 1,000 drops in a minute need 20" in said for said in found)


def test_limits_without_an_aws_account_are_skipped() -> None:
    class Local:
        def get_account_settings(self) -> None:
            answer: Any = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(answer, "GetAccountSettings")

    assert limits_of(Local()) == {"There is no AWS account behind this stack.": "skipped"}


def test_feed_in_bucket_of_invalid_name_is_bad(deployment: Deployment) -> None:
    deployment.objects.write("feeds/-people.toml", b"")

    (finding,) = feeds(Patient(deployment))

    assert (finding.verdict, finding.said) == (
        "bad",
        "Invalid feed name '-people': drops start no import.",
    )


def test_dead_letters_beyond_those_read_are_counted() -> None:
    event = {"detail": {"object": {"key": "inbox/people/p.csv"}}}

    assert "holds 12 messages (11 of them not read): these drops" in _lying("Q", 12, [event]).said
    assert "holds 1 message: these drops" in _lying("Q", 1, [event]).said


def test_failed_import_is_found_behind_many_that_were_mended(deployment: Deployment) -> None:
    _register(deployment, 0, "Failed", sequencer="03")
    for number in range(1, 61):
        _register(deployment, number, "Failed", sequencer="01")
    deployment.table.transact(
        *deployment.drops.executed(_an_import(0, "Completed", sequencer="02"))
    )

    found = list(lately(Patient(deployment)))

    assert [one.said.split()[1] for one in found] == ["imp-0"]


def test_many_failed_imports_are_named_up_to_a_limit_and_counted(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SHOWN", 2)
    for number in range(5):
        _register(deployment, number, "Failed")

    found = list(lately(Patient(deployment)))

    assert len(found) == 3
    assert found[-1].said == "3 more imports are Failed."


def test_torn_part_is_found_behind_many_newer_imports(deployment: Deployment) -> None:
    _register(deployment, 0, "Completed")
    key = keys.part("imp-0", 1)
    deployment.table.put(key, {"number": 1, "state": "torn", "start": {}, "end": {}})
    for number in range(1, 61):
        _register(deployment, number, "Completed")

    found = list(lately(Patient(deployment)))

    assert "torn parts" in [one.check for one in found]


def test_executions_beyond_the_limit_are_said_to_be_unchecked(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_UNDER_WAY", 2)
    for number in range(3):
        _register(deployment, number, "Queued")

    found = list(under_way(Patient(deployment)))

    assert [one.verdict for one in found] == ["bad", "bad", "doubtful"]
    assert "oldest 2" in found[-1].said


def _an_import(number: int, status: Status, **more: Any) -> Import:
    moment = iso(now_ms() + number)
    return Import(
        import_id=f"imp-{number}",
        feed="people",
        status=status,
        bucket="b",
        key="inbox/people/p.csv",
        version_id=f"v{number}",
        execution_arn=f"{STATE_MACHINE.replace('stateMachine', 'execution')}:e{number}",
        registered_at=moment,
        finished_at=moment,
        **more,
    )


def _register(deployment: Deployment, number: int, status: Status, **more: Any) -> None:
    deployment.imports.register(_an_import(number, status, **more))
