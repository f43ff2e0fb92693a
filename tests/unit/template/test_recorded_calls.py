"""What functions ask of AWS is recorded, without what is in it; what is not on record is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore import handlers
from botocore.stub import Stubber

from prefdrop_local.stack.lambdas.calls import RECORD, Recorder
from tests.call_watch import RecordedSession, faults, is_whole
from tools.permissions import calls
from tools.permissions.calls import Call

FUNCTION = "AnnounceImportFunction"
ENVIRONMENT = {
    "PREFDROP_BUCKET": "bucket-1",
    "PREFDROP_AUDIT_TABLE": "audit-1",
    "PREFDROP_EXCEPTIONS_TABLE": "exceptions-1",
    "PREFDROP_IMPORTS_TABLE": "imports-1",
    "PREFDROP_BUS": "bus-1",
    "PREFDROP_EXPORT_MACHINE": "arn:aws:states:us-east-1:1:stateMachine:prefdrop-export",
}
ANA = {"pk": {"S": "IMPORT#Ana"}, "sk": {"S": "TURN#Ana"}}
ANAS_EVENT = {"pk": {"S": "Ana"}}


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path)
    with recorder.made_by(FUNCTION, ENVIRONMENT):
        yield recorder


def recorded(folder: Path) -> list[str]:
    return sorted(call.text for call in calls.recorded(folder, calls.functions()))


@pytest.mark.parametrize(
    ("service", "operation", "params", "texts"),
    [
        (
            "dynamodb",
            "GetItem",
            {"TableName": "imports-1", "Key": ANA},
            ["GetItem ImportsTable IMPORT#*"],
        ),
        (
            "dynamodb",
            "GetItem",
            {"TableName": "audit-1", "Key": ANAS_EVENT},
            ["GetItem AuditTable"],
        ),
        (
            "dynamodb",
            "Query",
            {
                "TableName": "imports-1",
                "KeyConditionExpression": "sk = :sk AND pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "TURN#Ana"}, ":sk": {"S": "HOLDER"}},
            },
            ["Query ImportsTable TURN#*"],
        ),
        (
            "dynamodb",
            "Query",
            {
                "TableName": "imports-1",
                "IndexName": "by-status",
                "KeyConditionExpression": "#pk = :pk",
                "ExpressionAttributeNames": {"#pk": "gsi1pk"},
                "ExpressionAttributeValues": {":pk": {"S": "STATUS#Ana"}},
            },
            ["Query ImportsTable/by-status STATUS#*"],
        ),
        (
            "dynamodb",
            "BatchWriteItem",
            {
                "RequestItems": {
                    "exceptions-1": [
                        {"PutRequest": {"Item": ANA}},
                        {"DeleteRequest": {"Key": {"pk": {"S": "EVENT#Ana"}}}},
                    ]
                }
            },
            ["BatchWriteItem ExceptionsTable EVENT#* IMPORT#*"],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"exceptions-1": {"Keys": [ANA]}, "audit-1": {"Keys": [ANAS_EVENT]}}},
            ["BatchGetItem AuditTable", "BatchGetItem ExceptionsTable IMPORT#*"],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "imports-1", "Item": ANA}},
                    {"Put": {"TableName": "imports-1", "Item": {"pk": {"S": "TURN#Ana"}}}},
                    {"ConditionCheck": {"TableName": "imports-1", "Key": ANA}},
                ]
            },
            [
                "TransactWriteItems.ConditionCheck ImportsTable IMPORT#*",
                "TransactWriteItems.Put ImportsTable IMPORT#*",
                "TransactWriteItems.Put ImportsTable TURN#*",
            ],
        ),
        (
            "s3",
            "GetObject",
            {"Bucket": "bucket-1", "Key": "inbox/people/a.csv", "VersionId": "v-Ana"},
            ["GetObject (version) Bucket/inbox/*"],
        ),
        (
            "s3",
            "DeleteObjects",
            {
                "Bucket": "bucket-1",
                "Delete": {"Objects": [{"Key": "results/a/b"}, {"Key": "feeds/a.toml"}]},
            },
            ["DeleteObjects Bucket/feeds/*", "DeleteObjects Bucket/results/*"],
        ),
        (
            "s3",
            "ListObjectsV2",
            {"Bucket": "bucket-1", "Prefix": "exports/"},
            ["ListObjectsV2 Bucket/exports/"],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"EventBusName": "bus-1", "Detail": "Ana"}]},
            ["PutEvents EventBus"],
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": ENVIRONMENT["PREFDROP_EXPORT_MACHINE"], "input": "Ana"},
            ["StartExecution ExportStateMachine"],
        ),
        (
            "stepfunctions",
            "DescribeExecution",
            {"executionArn": "arn:aws:states:us-east-1:1:execution:prefdrop-import:Ana-1"},
            ["DescribeExecution ImportStateMachine"],
        ),
    ],
)
def test_a_call_is_recorded_with_its_resource(
    recorder: Recorder,
    tmp_path: Path,
    service: str,
    operation: str,
    params: dict[str, Any],
    texts: list[str],
) -> None:
    for _ in range(2):
        recorder.asked(service, operation, params)

    assert recorded(tmp_path) == texts
    (file,) = tmp_path.iterdir()
    lines = file.read_text("utf-8")
    assert len(lines.splitlines()) == len(texts)
    assert "Ana" not in lines.replace(":Ana-1", "")


def test_every_client_of_a_process_that_is_watched_is_listened_to(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS])
    recorder.watch()
    client: Any = botocore.session.Session().create_client(
        "secretsmanager",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with Stubber(client) as stubber:
        stubber.add_response("get_secret_value", {"SecretString": "hidden"})
        client.get_secret_value(SecretId="some secret")

    (line,) = next(iter(tmp_path.iterdir())).read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "function": FUNCTION,
        "service": "secretsmanager",
        "operation": "GetSecretValue",
        "of": {"SecretId": "some secret"},
    }


def test_what_is_asked_by_hand_while_a_function_runs_is_not_its_call(
    recorder: Recorder, tmp_path: Path
) -> None:
    with recorder.by_hand():
        recorder.asked("dynamodb", "DeleteItem", {"TableName": "imports-1", "Key": ANA})

    assert list(tmp_path.iterdir()) == []


def test_a_call_that_is_not_on_record_fails_the_session_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(RECORD, raising=False)
    config = SimpleNamespace(args_source=pytest.Config.ArgsSource.ARGS, getoption=lambda *_: None)
    session: Any = SimpleNamespace(exitstatus=pytest.ExitCode.OK, config=config)
    watching = RecordedSession()
    recorder = Recorder(watching.folder)
    with recorder.made_by(FUNCTION, ENVIRONMENT):
        recorder.asked("dynamodb", "GetItem", {"TableName": "imports-1", "Key": ANA})
        recorder.asked("dynamodb", "DeleteItem", {"TableName": "imports-1", "Key": ANA})

    watching.pytest_sessionfinish(session)
    watching.pytest_unconfigure()

    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED
    assert watching.faults == [
        "not on record: AnnounceImportFunction: dynamodb DeleteItem ImportsTable IMPORT#*"
    ]


def test_a_call_that_no_test_makes_any_more_is_named_after_a_session_of_all_tests(
    recorder: Recorder, tmp_path: Path
) -> None:
    recorder.asked("dynamodb", "GetItem", {"TableName": "imports-1", "Key": ANA})

    never = faults(tmp_path, whole=True)

    assert len(never) == len(calls.read()) - 1
    assert "never made: AnnounceImportFunction: events PutEvents EventBus" in never
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    ("source", "picked", "whole"),
    [("TESTPATHS", "", True), ("TESTPATHS", "keyword", False), ("ARGS", "", False)],
)
def test_only_a_session_of_all_tests_must_make_every_call(
    source: str, picked: str, whole: bool
) -> None:
    config: Any = SimpleNamespace(
        args_source=pytest.Config.ArgsSource[source],
        getoption=lambda name, _: "some" if name == picked else None,
    )

    assert is_whole(config) == whole


def test_a_resource_that_nobody_knows_is_told(recorder: Recorder, tmp_path: Path) -> None:
    recorder.asked("s3", "PutObject", {"Bucket": "bucket-1", "Key": "elsewhere/a"})

    assert faults(tmp_path) == ["elsewhere/a is no kind of object that is known; see KEYS"]


@pytest.mark.parametrize("key", [ANAS_EVENT, {"pk": {"S": "import#Ana"}}, {"id": {"S": "Ana"}}])
def test_item_of_no_known_family_is_reported(
    recorder: Recorder, tmp_path: Path, key: dict[str, Any]
) -> None:
    recorder.asked("dynamodb", "GetItem", {"TableName": "imports-1", "Key": key})

    (fault,) = faults(tmp_path)
    assert "GetItem ImportsTable names a partition key of no family" in fault


def test_functions_of_other_stacks_are_not_asked_for(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with recorder.made_by("EchoFunction", {}):
        recorder.asked("dynamodb", "Scan", {"TableName": "any"})

    assert faults(tmp_path) == []


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = {
        Call(FUNCTION, "s3", "GetObject", "version", "Bucket/inbox/*"),
        Call(FUNCTION, "dynamodb", "Query", "", "ImportsTable/by-status", ("STATUS#*",)),
        Call(FUNCTION, "dynamodb", "BatchGetItem", "", "ExceptionsTable", ("EVENT#*", "IMPORT#*")),
    }

    calls.write(made, tmp_path / "calls.toml")

    assert calls.read(tmp_path / "calls.toml") == made
