"""`prefdrop doctor` of a stack: each illness is named, with what to do about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from prefdrop.ledger import keys
from prefdrop.ledger.audited import AuditedEvent
from prefdrop.ledger.clock import iso_now, now_ms
from prefdrop.ledger.event_exceptions import EventException
from prefdrop.ledger.exports import ExportRun, ExportStore
from prefdrop.ledger.imports import Failure
from prefdrop.ledger.turns import Ticket
from prefdrop_cli.commands.subscriptions import webhook_address
from prefdrop_cli.doctor.examination import alarms_ringing
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.doctor.vendor import examine as examine_vendor
from tests.integration.doctor.ward import GONE, Ward
from tests.tiers import second_tier
from tests.workbench import people

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse")


def test_a_stack_that_works_is_found_well(ward: Ward) -> None:
    ward.bench.run(people(3))
    ward.bench.prefdrop("configuration", "pull")
    ward.subscribe()

    told = ward.doctor("--json")

    findings = json.loads(told.stdout)["findings"]
    assert [one for one in findings if one["verdict"] in ("bad", "doubtful")] == []
    assert told.returncode == 0


def test_something_bad_ends_with_5_and_its_remedy_stands_below_it(ward: Ward) -> None:
    ward.put_secret("VendorSecretArn", "not json")

    told = ward.doctor()

    assert told.returncode == 5
    lines = told.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("failed  vendor secret"))
    assert "VendorSecretArn" in lines[at + 1]


def test_nothing_that_is_secret_is_shown(ward: Ward) -> None:
    ward.subscribe()
    secrets = [
        *json.loads(ward._secrets["WebhookSecretArn"])["key"].split(),
        json.loads(ward._secrets["VendorSecretArn"])["secret"],
    ]

    told = ward.doctor("--json")

    assert [one for one in secrets if one in told.stdout + told.stderr] == []


# --- the vendor -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "not a JSON object"),
        ('{"auth": "pnauthinfo3", "user_id": "", "secret": ""}', "user_id"),
        ('{"auth": "kerberos"}', "auth"),
        ('{"auth": "pnauthinfo3", "user_id": "u", "secret": "s", "hash": "MD5"}', "hash"),
    ],
)
def test_a_vendor_secret_that_is_not_filled_in_is_named_by_its_member(
    ward: Ward, text: str, said: str
) -> None:
    ward.put_secret("VendorSecretArn", text)

    finding = ward.ill("vendor secret")

    assert finding.verdict == "bad"
    assert said in finding.said
    assert ward.ill("vendor").verdict == "skipped"


def test_a_wrong_secret_is_told_from_a_wrong_account(ward: Ward) -> None:
    ward.change_secret("VendorSecretArn", secret="another")

    wrong_secret = ward.ill("vendor")
    ward.put_secret("VendorSecretArn", ward._secrets["VendorSecretArn"])
    wrong_account = ward.ill("vendor", ClientId="NOBODY")
    wrong_base = ward.ill("vendor", BaseUrl=f"{ward.deployment.parameters['BaseUrl']}v9/")

    assert "the signature is wrong" in wrong_secret.said
    assert "no account NOBODY" in wrong_account.said
    assert "base URL" in wrong_base.said


def test_a_vendor_whom_nobody_answers_for_is_not_reachable(ward: Ward) -> None:
    finding = ward.ill("vendor", BaseUrl="http://127.0.0.1:1/Profiles/v4/")

    assert (finding.check, finding.verdict) == ("vendor reachable", "bad")
    assert "BaseUrl" in finding.remedy


def test_a_clock_that_differs_from_the_vendors_is_told(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefdrop.mypreferences.answers import Answer

    monkeypatch.setattr(Answer, "date", property(lambda _: datetime(2026, 1, 15, tzinfo=UTC)))

    (finding,) = (
        one
        for one in examine_vendor(Patient(ward.deployment).vendor)
        if one.check == "clock against the vendor"
    )

    assert finding.verdict == "bad"
    assert "NTP" in finding.remedy


# --- drops ------------------------------------------------------------------------------------


def test_a_bucket_that_tells_nobody_of_new_objects_is_found(ward: Ward) -> None:
    told = {"Bucket": ward.bench.bucket, "NotificationConfiguration": {}}
    ward.bench.s3.put_bucket_notification_configuration(**told)

    finding = ward.ill("bucket events")

    told["NotificationConfiguration"] = {"EventBridgeConfiguration": {}}
    ward.bench.s3.put_bucket_notification_configuration(**told)
    assert finding.verdict == "bad"
    assert "sam deploy" in finding.remedy
    assert ward.is_well("bucket events")


def test_a_rule_that_is_switched_off_is_found_and_its_remedy_switches_it_on(ward: Ward) -> None:
    name = ward.physical("DropRule")
    ward.client("events").disable_rule(Name=name)

    finding = ward.ill("drop rule")

    assert f"aws events enable-rule --name {name}" in finding.remedy
    ward.client("events").enable_rule(Name=name)
    assert ward.is_well("drop rule")


def test_what_lies_in_a_dead_letter_queue_is_named(ward: Ward) -> None:
    sqs, drops, events = (
        ward.client("sqs"), ward.physical("DropDeadLetterQueue"),
        ward.physical("EventDeadLetterQueue"),
    )  # fmt: skip
    lost = {"detail-type": "Object Created", "detail": {"object": {"key": "inbox/people/a.csv"}}}
    sqs.send_message(QueueUrl=drops, MessageBody=json.dumps(lost))
    sqs.send_message(QueueUrl=events, MessageBody=json.dumps({"detail-type": "ImportEnded"}))

    found = [one for one in ward.look("dead letters") if one.verdict == "bad"]

    assert "1 message: these drops started no import: inbox/people/a.csv" in found[0].said
    assert "prefdrop drop" in found[0].remedy
    assert "ImportEnded" in found[1].said
    for queue in (drops, events):
        sqs.purge_queue(QueueUrl=queue)
    assert ward.is_well("dead letters")


def test_a_feed_that_does_not_load_is_named_with_its_fault(ward: Ward) -> None:
    ward.bench.push_feed("[import]\nname = 3\n", "broken")

    finding = ward.ill("feeds")

    assert "feeds/broken.toml cannot be used" in finding.said
    assert "prefdrop feeds push" in finding.remedy


def test_a_bucket_without_feeds_is_worth_a_look(ward: Ward) -> None:
    ward.bench.s3.delete_object(Bucket=ward.bench.bucket, Key="feeds/people.toml")

    assert ward.ill("feeds").verdict == "doubtful"


# --- turns and imports ------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "verdict"), [(1, "doubtful"), (30, "bad")])
def test_a_turn_that_a_dead_execution_holds_is_stuck_if_nobody_sweeps(
    ward: Ward, minutes: int, verdict: str
) -> None:
    ward.hold_turn("import-1", GONE, minutes=minutes)

    finding = ward.ill("turn")

    assert finding.verdict == verdict
    assert "import-1" in finding.said
    assert "sweep" in finding.remedy


def test_a_ticket_of_a_dead_execution_is_named_by_its_import(ward: Ward) -> None:
    ward.deployment.turns.take_ticket(
        Ticket(execution=GONE, import_id="import-2", dropped_at="", sequencer="", taken_at=1)
    )

    finding = ward.ill("turn")

    assert "import-2" in finding.said
    assert "prefdrop imports retry" in finding.remedy


def test_an_import_whose_execution_ended_without_a_verdict_is_to_be_retried(ward: Ward) -> None:
    ward.register("import-3", "Staging")

    finding = ward.ill("imports under way")

    assert finding.verdict == "bad"
    assert "prefdrop imports retry import-3" in finding.remedy


@second_tier("a whole import for one check of the doctor")
def test_a_held_import_says_until_when_and_how_to_decide_it(ward: Ward) -> None:
    with ward.held_import() as held:
        finding = ward.ill("imports under way")
        unacknowledged = {"acknowledged": False, "since": now_ms() - 600_000}
        ward.change_item(keys.turn_holder(ward.deployment.parameters["ClientId"]), **unacknowledged)
        untold = ward.ill("turn")

    assert held["hold_until"] in finding.said
    assert f"prefdrop imports approve {held['import_id']}" in finding.remedy
    assert "never surely told" in untold.said


@pytest.mark.parametrize(("minutes", "verdict"), [(10, "doubtful"), (-10, "bad")])
def test_a_vendor_token_that_dies_under_an_import_is_told_in_time(
    ward: Ward, minutes: int, verdict: str
) -> None:
    with ward.held_import() as held:
        part = keys.part(held["import_id"], 1)
        before = ward.deployment.table.get(part)
        assert before is not None
        ward.change_item(part, expires=now_ms() + minutes * 60_000)
        found = [one for one in ward.look("imports under way") if one.check == "vendor tokens"]
        ward.change_item(part, expires=before["expires"])

    assert [one.verdict for one in found] == [verdict]
    assert "part 1" in found[0].said


@second_tier("a whole import for one check of the doctor")
def test_a_failed_import_is_named_until_it_was_put_right(ward: Ward) -> None:
    version = ward.bench.drop(people(2), feed="unheard")
    ward.bench.end_of(ward.bench.execution_of(version))
    failed = ward.bench.import_of(version)["import_id"]

    finding = ward.ill("imports lately")

    assert finding.verdict == "bad"
    assert "FeedMissing" in finding.said
    assert "prefdrop feeds push" in finding.remedy
    ward.bench.push_feed(name="unheard")
    assert ward.bench.prefdrop("imports", "retry", failed, "--watch").returncode == 0
    assert ward.is_well("imports lately")


def test_an_unreconciled_import_leads_to_its_story(ward: Ward) -> None:
    error = Failure("Unreconciled", "2 records are missing.")
    ward.register("import-4", "Unreconciled", error=error)

    finding = ward.ill("imports lately")

    assert "the figures do not add up" in finding.said
    assert "prefdrop imports show import-4" in finding.remedy


def test_parts_that_were_torn_are_worth_a_look(ward: Ward) -> None:
    ward.register("import-5", "Completed")
    ward.change_item(keys.part("import-5", 1), number=1, state="torn", start={}, end={})

    finding = ward.ill("imports lately")

    assert finding.check == "torn parts"
    assert "import-5" in finding.said


def test_a_limit_that_is_used_up_says_when_it_frees_a_slot(ward: Ward) -> None:
    ward.bench.run(people(2))

    finding = ward.ill("quota", QuotaLimit="1")

    assert finding.verdict == "doubtful"
    assert "until 20" in finding.said


# --- configuration, events, exports, alarms ---------------------------------------------------


def test_a_snapshot_that_is_missing_stale_or_unreadable_is_told(ward: Ward) -> None:
    ward.bench.s3.delete_object(Bucket=ward.bench.bucket, Key="configuration/snapshot.json")
    missing = ward.ill("configuration")
    ward.deployment.objects.write("configuration/snapshot.json", b"nothing")
    unreadable = ward.ill("configuration")
    ward.bench.prefdrop("configuration", "pull")
    stale = ward.ill("configuration", SnapshotDays="0")

    assert [one.verdict for one in (missing, unreadable, stale)] == ["doubtful", "bad", "doubtful"]
    assert all("configuration pull" in one.remedy for one in (missing, unreadable, stale))
    assert ward.is_well("configuration")


def test_a_subscription_is_held_to_the_stacks_address_and_its_valid_keys(ward: Ward) -> None:
    none = ward.ill("webhook subscription")
    ward.subscribe()
    well = ward.is_well("webhook subscription")
    key = json.loads(ward._secrets["WebhookSecretArn"])["key"]
    ward.change_secret("WebhookSecretArn", key="another-key-of-the-webhook", previous_key=key)
    replaced = ward.ill("webhook subscription")
    ward.change_secret("WebhookSecretArn", key="another-key-of-the-webhook")
    unknown = ward.ill("webhook subscription")

    assert well
    assert "there is none at all" in none.said
    assert replaced.verdict == "doubtful"
    assert unknown.verdict == "bad"
    assert "401" in unknown.said
    assert "prefdrop events backfill" in unknown.remedy


def test_a_paused_subscription_and_one_that_leads_elsewhere_are_told(ward: Ward) -> None:
    ward.subscribe("https://hooks.example.test/secret-path")
    elsewhere = ward.ill("webhook subscription")
    ward.subscribe(state="Paused")
    paused = ward.ill("webhook subscription")

    assert "1 subscriptions lead elsewhere" in elsewhere.said
    assert "secret-path" not in f"{elsewhere}"
    assert "is Paused" in paused.said
    assert webhook_address(ward.deployment) not in f"{paused}"


def test_a_webhook_secret_of_another_shape_is_told(ward: Ward) -> None:
    ward.put_secret("WebhookSecretArn", '{"key": 3}')

    assert ward.ill("webhook subscription").check == "webhook secret"


def test_missed_and_misunderstood_events_are_counted(ward: Ward) -> None:
    now = iso_now()
    event = AuditedEvent(event_id="e1", at=now, received_at=now, source="backfill", missed=True)
    ward.deployment.audit.put_once(event)
    ward.deployment.event_exceptions.put_once(
        EventException(code="EventNotUnderstood", reason="no id", received_at=now, source="webhook")
    )

    missed, strange = ward.ill("events missed"), ward.ill("events not kept as events")

    assert "1 of the last 1 events" in missed.said
    assert "EventNotUnderstood" in strange.said
    assert ward.deployment.audit.get("e1").missed


def test_exports_that_failed_or_cannot_be_used_are_told(ward: Ward) -> None:
    for name, text in (("bad", "nonsense"), ("nightly", GOOD_EXPORT)):
        ward.deployment.objects.write(f"exports/{name}.toml", text.encode())
    store = ExportStore(ward.deployment.table, 1)
    run = store.begin(ExportRun(export="nightly", run="20260115T000000Z", started_at=iso_now()))
    store.update(run, status="Failed", error=Failure("SegmentUnknown", "There is no segment."))

    found = ward.look("exports")

    assert "exports/bad.toml cannot be used" in found[0].said
    assert "nightly failed: SegmentUnknown" in found[1].said
    assert "prefdrop exports show nightly" in found[1].remedy


GOOD_EXPORT = '[export]\nsegment = "AllProfiles"\nmode = "full"\n[output]\nformat = "jsonl"\n'


def test_an_alarm_that_rings_is_named_as_in_the_runbook(ward: Ward) -> None:
    client = ward.client("cloudwatch")
    for name in ("one", "other"):
        client.put_metric_alarm(
            AlarmName=name, AlarmDescription="A drop was lost.", MetricName="m", Namespace="n",
            Period=60, EvaluationPeriods=1, Threshold=0, Statistic="Sum",
            ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    client.set_alarm_state(AlarmName="one", StateValue="ALARM", StateReason="a test")
    patient = Patient(ward.deployment.replace())
    alarm = "AWS::CloudWatch::Alarm"
    patient.__dict__["resources"] = {"DropLostAlarm": (alarm, "one"), "Other": (alarm, "other")}

    (finding,) = alarms_ringing(patient)

    assert finding.verdict == "bad"
    assert "DropLostAlarm" in finding.said
    assert "docs/operations.md" in finding.remedy


def test_a_stack_that_there_is_not_is_wrong_use(ward: Ward) -> None:
    assert ward.doctor("--stack", "another").returncode == 2


# --- what is asked about the vendor, with a stack ---------------------------------------------


def test_an_import_that_the_doctor_initiates_is_counted_in_the_ledger(ward: Ward) -> None:
    told = ward.doctor("--writes", "--json")

    points = {one["number"]: one["outcome"] for one in json.loads(told.stdout)["assumptions"]}
    assert points["O-5"] == "held"
    assert json.loads(ward.bench.prefdrop("quota", "--json").stdout)["used"] == 1


@second_tier("a whole import for one check of the doctor")
def test_nothing_is_written_while_an_import_has_the_turn(ward: Ward) -> None:
    with ward.held_import():
        told = ward.doctor("--writes", "--json")

        assert len(ward.bench.requests_to("import.initiate")) == 1

    assert "has the vendor account's turn" in told.stderr
    points = {one["number"]: one["outcome"] for one in json.loads(told.stdout)["assumptions"]}
    assert (points["O-3"], points["O-5"]) == ("held", "could not be told")
