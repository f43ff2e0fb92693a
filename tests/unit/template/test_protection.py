"""What keeps people's data in: encryption, and no right that nobody needs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.unit.template.roles import all_statements, statements_of
from tools.translation import Template

KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}


@pytest.fixture
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def test_everything_that_holds_data_is_encrypted_with_the_stacks_own_key(resources):
    bucket = resources["Bucket"]["Properties"]["BucketEncryption"]
    rule = bucket["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]

    assert rule == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    # Without a key of the bucket's own, each object that is read or written is a request to KMS.
    assert bucket["ServerSideEncryptionConfiguration"][0]["BucketKeyEnabled"] is True
    for resource in resources.values():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::DynamoDB::Table":
                assert properties["SSESpecification"]["KMSMasterKeyId"] == KEY
            case "AWS::SQS::Queue":
                assert properties["KmsMasterKeyId"] == KEY
            case "AWS::SNS::Topic":
                assert properties["KmsMasterKeyId"] == {"Ref": "DataKey"}
            case "AWS::SecretsManager::Secret" | "AWS::Logs::LogGroup":
                assert properties["KmsKeyId"] == KEY
            case "AWS::Events::EventBus":
                assert properties["KmsKeyIdentifier"] == KEY


def test_the_bucket_is_private_versioned_and_reached_over_tls_only(resources):
    bucket = resources["Bucket"]["Properties"]
    policy = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert [s["Effect"] for s in policy] == ["Deny"]
    assert policy[0]["Condition"] == {"Bool": {"aws:SecureTransport": False}}


@pytest.mark.parametrize("machine", ["ImportStateMachine", "ExportStateMachine"])
def test_a_workflow_is_traced_and_logs_no_payload(resources, machine):
    properties = resources[machine]["Properties"]

    assert properties["Logging"]["IncludeExecutionData"] is False
    assert properties["Tracing"] == {"Enabled": True}


def test_the_pipe_logs_no_payload_and_the_bus_gets_no_event_s_content(resources):
    pipe = resources["AuditPipe"]["Properties"]
    template = pipe["TargetParameters"]["InputTemplate"]

    assert "IncludeExecutionData" not in pipe["LogConfiguration"]
    assert set(json.loads(re.sub("<[^>]+>", "0", template))) == {
        "event_id",
        "event_type",
        "entity",
        "profile_id",
        "subscription_id",
        "occurred_at",
    }


def test_access_logs_hold_the_route_and_never_the_path_with_the_key(resources):
    logged = resources["WebhookApi"]["Properties"]["AccessLogSettings"]["Format"]

    variables = set(re.findall(r"\$context\.([\w.]+)", logged))

    assert "routeKey" in variables
    assert variables.isdisjoint({"path", "protocol", "domainName", "identity.userAgent"})
    assert json.loads(logged)


def test_the_webhook_is_throttled(resources):
    settings = resources["WebhookApi"]["Properties"]["DefaultRouteSettings"]

    assert settings == {
        "ThrottlingRateLimit": {"Ref": "WebhookRate"},
        "ThrottlingBurstLimit": {"Ref": "WebhookBurst"},
    }


def test_no_function_may_do_anything_to_everything(resources):
    for name, statement in all_statements(resources):
        assert not any("*" in action for action in _actions(statement)), name
        if statement.get("Sid") not in ("LogDelivery", "Traces"):
            assert statement["Resource"] != "*", name


def test_no_role_has_a_policy_that_this_template_does_not_show(resources, translated):
    """SAM gives a role that it makes itself the right to write to every log of the account."""
    roles = {n for n, r in translated["Resources"].items() if r["Type"] == "AWS::IAM::Role"}

    assert roles == {n for n, r in resources.items() if r["Type"] == "AWS::IAM::Role"}
    for role in roles:
        managed = resources[role]["Properties"].get("ManagedPolicyArns", [])
        assert managed in ([], [{"Ref": "LogAndTracePolicy"}]), role


def test_what_all_functions_share_is_to_log_in_one_group_and_to_send_traces(resources):
    document = resources["LogAndTracePolicy"]["Properties"]["PolicyDocument"]

    assert [(_actions(s), s["Resource"]) for s in document["Statement"]] == [
        (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["FunctionLogs", "Arn"]}),
        (["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
    ]


def _readers(resources: dict[str, Any], secret: str) -> set[str]:
    return {
        name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        for statement in statements_of(resources, name)
        if statement["Action"] == "secretsmanager:GetSecretValue"
        and statement["Resource"] == {"Ref": secret}
    }


def test_only_functions_that_talk_to_the_vendor_can_read_the_credentials(resources):
    assert _readers(resources, "VendorSecret") == {
        "BackfillEventsFunction",
        "BeginExportFunction",
        "CheckExportFunction",
        "CheckStatusFunction",
        "CollectExceptionsFunction",
        "ExecutePartFunction",
        "FinishExportFunction",
        "InitiatePartFunction",
        "PassTurnFunction",
        "RefreshConfigurationFunction",
        "RetrieveExportFunction",
        "StageChunksFunction",
        "SweepTurnsFunction",
    }


def test_only_functions_that_the_vendor_calls_or_is_told_of_know_the_webhook_s_key(resources):
    assert _readers(resources, "WebhookSecret") == {
        "BeginExportFunction",
        "ReceiveCallbackFunction",
        "ReceiveWebhookFunction",
    }


def test_a_drop_that_starts_no_import_is_kept_and_raises_an_alarm(resources):
    target = resources["DropRule"]["Properties"]["Targets"][0]
    alarm = resources["DropLostAlarm"]["Properties"]

    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DropDeadLetterQueue", "Arn"]}}
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["DropDeadLetterQueue", "QueueName"]}
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_an_event_that_the_bus_or_the_pipe_cannot_hand_on_is_kept(resources):
    queue = {"Arn": {"Fn::GetAtt": ["EventDeadLetterQueue", "Arn"]}}
    pipe = resources["AuditPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    target = resources["ResultsRule"]["Properties"]["Targets"][0]

    assert resources["EventBus"]["Properties"]["DeadLetterConfig"] == queue
    assert pipe["DeadLetterConfig"] == queue
    assert target["DeadLetterConfig"] == queue


def test_a_service_role_is_taken_on_for_this_account_only(resources):
    services = set()
    for resource in resources.values():
        if resource["Type"] == "AWS::IAM::Role":
            (trust,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            services.add(trust["Principal"]["Service"])
            if trust["Principal"]["Service"] == "lambda.amazonaws.com":
                continue  # a role is passed to a function within its account alone

            account = trust["Condition"]["StringEquals"]["aws:SourceAccount"]
            assert account == {"Ref": "AWS::AccountId"}

    assert services == {f"{s}.amazonaws.com" for s in ("events", "lambda", "pipes", "states")}


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def test_the_topic_of_results_takes_them_from_the_results_rule_only(resources):
    policy = resources["ResultsTopicPolicy"]["Properties"]["PolicyDocument"]
    allowed = [s for s in policy["Statement"] if s["Effect"] == "Allow"]

    assert [s["Condition"] for s in allowed] == [
        {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["ResultsRule", "Arn"]}}}
    ]
    (target,) = resources["ResultsRule"]["Properties"]["Targets"]
    assert "RoleArn" not in target


def test_the_topic_of_alarms_takes_them_from_this_stack_s_alarms_only(resources):
    policy = resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]
    (allowed,) = [s for s in policy["Statement"] if s["Effect"] == "Allow"]

    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    alarms = allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    assert alarms.endswith(":${AWS::AccountId}:alarm:${AWS::StackName}-*")


def test_every_topic_and_queue_and_the_bucket_refuse_what_is_not_encrypted_on_its_way(resources):
    """A policy that lies on each of them; a role's own rights do not lift a denial."""
    named = {"AWS::SNS::TopicPolicy": "Topics", "AWS::SQS::QueuePolicy": "Queues"}
    covered = {"Bucket"}
    for resource in resources.values():
        if resource["Type"] in named:
            properties = resource["Properties"]
            (denied,) = [
                s for s in properties["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"
            ]
            assert denied["Condition"] == {"Bool": {"aws:SecureTransport": False}}
            covered |= {one["Ref"] for one in properties[named[resource["Type"]]]}

    kinds = {"AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::S3::Bucket"}
    assert covered == {name for name, r in resources.items() if r["Type"] in kinds}


def test_each_stack_counts_under_its_own_name(template):
    variables = template["Globals"]["Function"]["Environment"]["Variables"]

    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
