"""`prefdrop doctor --first-hour`: it sees what it must, names what breaks, and leaves nothing."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.response import StreamingBody

from prefdrop_cli.commands.subscriptions import webhook_address
from prefdrop_cli.doctor import first_hour
from prefdrop_cli.doctor.findings import Finding
from prefdrop_cli.doctor.patient import ALARM, Patient, examined
from prefdrop_cli.doctor.webhook_probe import NAME, Delivery, remove_objects
from tests.integration.doctor.ward import GONE, Ward
from tests.tiers import second_tier

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what never comes be given up after a moment."""
    monkeypatch.setattr(first_hour, "PATIENCE", 0.3)


def look(ward: Ward, check: str) -> Finding:
    """What one of the six finds."""
    (finding,) = examined(check, first_hour.CHECKS[check], Patient(ward.deployment))
    return finding


def left_behind(ward: Ward) -> dict[str, Any]:
    """Everything of the stack that names the first hour, but for imports."""
    client, name = ward.client, ward.bench.bucket
    versions = client("s3").list_object_versions(Bucket=name)
    bus = ward.deployment.outputs["EventBusName"]
    rule = ward.physical("DropRule").rpartition("/")[2]
    audit = client("dynamodb").scan(TableName=ward.deployment.outputs["AuditTableName"])
    found = {
        "objects": [one["Key"] for one in versions.get("Versions", []) if NAME in one["Key"]],
        "audited": [one["Key"] for one in versions.get("Versions", []) if "audit" in one["Key"]],
        "events": [item for item in audit["Items"] if NAME in item["pk"]["S"]],
        "rules": [one for one in client("events").list_rules(EventBusName=bus)["Rules"]
                  if NAME in one["Name"]],
        "targets": [one for one in client("events").list_targets_by_rule(Rule=rule)["Targets"]
                    if NAME in one["Id"]],
        "queues": [one for one in client("sqs").list_queues().get("QueueUrls", []) if NAME in one],
    }  # fmt: skip
    return {kind: things for kind, things in found.items() if things}


def test_first_hour_on_a_sound_stack_passes_and_cleans_up(ward: Ward) -> None:
    told = ward.doctor("--first-hour", "--writes", "--json")

    findings = json.loads(told.stdout)["findings"][-6:]
    assert told.returncode == 0
    assert [one["check"] for one in findings] == list(first_hour.CHECKS)
    assert Counter(one["verdict"] for one in findings) == {"good": 4, "skipped": 2}
    assert left_behind(ward) == {}
    assert ward.is_well("dead letters")
    assert ward.bench.requests_to("import.initiate") == []


def test_first_hour_without_consent_writes_nothing(ward: Ward) -> None:
    told = ward.doctor("--first-hour")

    assert "skipped turn comes: Nothing was written" in told.stdout
    assert ward.bench.imports() == []
    assert left_behind(ward) == {}


def test_turn_held_by_an_import_skips_both_drops(ward: Ward) -> None:
    ward.hold_turn("import-1", GONE, minutes=1)

    found = look(ward, "turn comes"), look(ward, "dead letter")

    assert [one.verdict for one in found] == ["skipped"] * 2
    assert ward.bench.imports() == []
    assert "import-1" in found[0].said


def test_probe_whose_import_goes_on_keeps_its_feed(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, running = Patient(ward.deployment), SimpleNamespace(status="Queued")
    monkeypatch.setattr(first_hour, "_ended", lambda *_: running)
    with first_hour._dropped(patient, "slow.csv") as drop:
        pass

    feed = ward.deployment.objects.read(f"feeds/{NAME}.toml").body

    assert feed == first_hour.FEED.encode()
    assert ward.bench.report_of(drop.version_id)["status"] == "CompletedWithRejects"
    for folder in ("feeds", "inbox", "results"):
        remove_objects(patient, f"{folder}/{NAME}")


@second_tier("a way in which one of the six fails")
def test_drop_that_starts_nothing_fails_with_a_remedy(ward: Ward, soon: None) -> None:
    name = ward.physical("DropRule")
    ward.client("events").disable_rule(Name=name)
    try:
        turn, letter = look(ward, "turn comes"), look(ward, "dead letter")
    finally:
        ward.client("events").enable_rule(Name=name)

    assert "started no import" in turn.said
    assert "None came into DropDeadLetterQueue" in letter.said
    assert {turn.verdict, letter.verdict} == {"bad"}
    assert left_behind(ward) == {}


@second_tier("a way in which one of the six fails")
def test_other_dead_letters_stay_in_the_queue(ward: Ward) -> None:
    queue = ward.physical("DropDeadLetterQueue")
    ward.client("sqs").send_message(QueueUrl=queue, MessageBody='{"detail": {}}')

    finding = look(ward, "dead letter")

    figures = ward.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    ward.client("sqs").purge_queue(QueueUrl=queue)
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    assert finding.verdict == "good"
    assert sum(int(figures["Attributes"][name]) for name in counts) == 1


def test_probe_brings_the_shared_secret_and_no_signature(ward: Ward) -> None:
    # An unknown key has the secret read again.
    shared = {"shared_secret_header": "X-Ours", "shared_secrets": ["shared-secret-0001"]}
    ward.change_secret("WebhookSecretArn", key="another-key-of-the-webhook", **shared)
    let_in = look(ward, "large webhook body")
    signing = {"signing_secrets": ["whsec_c2lnbmluZy1zZWNyZXQtMDAwMQ=="]}
    ward.change_secret("WebhookSecretArn", key="a-third-key-of-the-webhook", **signing)

    unsigned = look(ward, "large webhook body")

    assert let_in.verdict == "good"
    assert unsigned.verdict == "skipped"
    assert "demands a signature" in unsigned.said


def test_refused_probe_names_the_status_and_no_address(ward: Ward) -> None:
    ward.change_secret("WebhookSecretArn", key="another-key-of-the-webhook")
    address = webhook_address(ward.deployment)
    outputs = {**ward.deployment.outputs, "WebhookUrl": "http://127.0.0.1:1/webhooks"}
    away = Patient(ward.deployment.replace(outputs=outputs))

    (gone,) = examined("large webhook body", first_hour.large_body, away)

    assert gone.verdict == "bad"
    assert "answered ConnectionError" in gone.said
    assert address not in f"{gone}"
    assert "another-key" not in f"{gone}"


def test_body_that_is_not_kept_whole_fails(
    ward: Ward, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Delivery, "kept", lambda _: b"{}")

    finding = look(ward, "large webhook body")

    assert finding.verdict == "bad"
    assert "does not hold what was sent" in finding.said


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [(401, "bad", "answered 401"), (413, "bad", "413"), (403, "skipped", "WebhookSources")],
)
def test_refused_probe_is_judged_by_its_status(
    ward: Ward, answer: int, verdict: str, said: str
) -> None:
    finding = Delivery(Patient(ward.deployment), "e-1", b"{}", answer).refused("odd event id")

    assert finding is not None
    assert finding.verdict == verdict
    assert said in finding.said


@second_tier("a way in which one of the six fails")
@pytest.mark.parametrize(("came", "said"), [("", "did not reach"), ("e 1", "made 'e 1' of")])
def test_id_that_the_bus_lacks_or_changes_fails(
    ward: Ward, soon: None, monkeypatch: pytest.MonkeyPatch, came: str, said: str
) -> None:
    monkeypatch.setattr(first_hour, "_next_id", lambda *_: came)

    finding = look(ward, "odd event id")

    assert finding.verdict == "bad"
    assert said in finding.said
    assert left_behind(ward) == {}


class Alarms:
    """CloudWatch and SNS as they answer; `summary` is what becomes of the alarm's action."""

    def __init__(self, summary: str, subscriptions: list[str]) -> None:
        self.summary = summary
        self.subscriptions = subscriptions
        self.states: list[str] = []

    def describe_alarms(self, **_: Any) -> Any:
        return {"MetricAlarms": [{"AlarmName": "prefdrop-DropLost", "StateValue": "OK"}]}

    def set_alarm_state(self, *, StateValue: str, **_: Any) -> None:  # noqa: N803
        self.states.append(StateValue)

    def describe_alarm_history(self, **_: Any) -> Any:
        items = [{"HistorySummary": self.summary}] if self.summary else []
        return {"AlarmHistoryItems": items}

    def list_subscriptions_by_topic(self, **_: Any) -> Any:
        return {"Subscriptions": [{"SubscriptionArn": one} for one in self.subscriptions]}


@pytest.mark.parametrize(
    ("summary", "subscriptions", "verdict", "said"),
    [
        ("Successfully executed action arn:topic", ["arn:mail"], "good", "1 confirmed"),
        (
            "Successfully executed action arn:topic",
            ["PendingConfirmation"],
            "doubtful",
            "confirmed",
        ),
        ("Failed to execute action arn:topic. Key", ["arn:mail"], "bad", "Failed to execute"),
        ("", ["arn:mail"], "bad", "told no one"),
    ],
)
def test_alarm_mail_is_judged_by_what_cloudwatch_did(
    ward: Ward, soon: None, summary: str, subscriptions: list[str], verdict: str, said: str
) -> None:
    alarms = Alarms(summary, subscriptions)
    patient = Patient(ward.deployment.replace(client=lambda _: alarms))
    patient.__dict__["resources"] = {"DropLostAlarm": (ALARM, "prefdrop-DropLost")}

    (finding,) = first_hour.alarm_mail(patient)

    assert (finding.verdict, alarms.states) == (verdict, ["ALARM", "OK"])
    assert said in finding.said


@pytest.mark.parametrize(("cut", "verdict"), [(False, "good"), (True, "doubtful")])
def test_download_that_stands_still_is_tried_and_removed(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, cut: bool, verdict: str
) -> None:
    monkeypatch.setattr(first_hour, "_is_here", lambda _: False)
    monkeypatch.setattr(first_hour, "LARGE", 1 << 20)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if cut:
            monkeypatch.setattr(StreamingBody, "read", broken)

    def broken(*_: Any, **__: Any) -> bytes:
        raise ResponseStreamingError(error="cut")

    monkeypatch.setattr(first_hour.time, "sleep", pause)

    finding = look(ward, "slow stage request")

    assert (finding.verdict, pauses) == (
        verdict,
        [float(ward.deployment.parameters["RequestSeconds"])],
    )
    assert left_behind(ward) == {}
