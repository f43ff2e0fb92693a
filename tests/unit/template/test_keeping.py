"""What is kept, how long, and what brings it back or takes it away."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tools.permissions.calls import KEYS
from tools.translation import Template

TABLES = ["AuditTable", "ExceptionsTable", "ImportsTable"]
KEPT = ["AuditTable", "Bucket", "DataKey", *TABLES[1:], "VendorSecret", "WebhookSecret"]


@pytest.fixture
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def test_deleting_the_stack_keeps_what_holds_data(resources):
    kept = [n for n, r in resources.items() if r.get("DeletionPolicy", "").startswith("Retain")]

    assert sorted(kept) == KEPT
    assert all(resources[name]["UpdateReplacePolicy"] == "Retain" for name in KEPT)


def test_a_first_deployment_that_failed_leaves_no_name_taken_behind(resources):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"""
    left = {name for name, r in resources.items() if r.get("DeletionPolicy") == "Retain"}

    assert left == {*TABLES, "DataKey"}  # what refuses to be deleted, and the key to it
    for name in left:
        assert resources[name]["Properties"].keys().isdisjoint({"Name", "TableName"}), name


# CloudFormation makes a new version of a secret when its block changes, and the form or a new key
# replaces what the operator put in: imports stop, and the vendor's deliveries get 401. See
# SecretString and GenerateSecretString in
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
# Never adapt these digests; put what is new into another resource.
SECRETS = {
    "VendorSecret": "211412aee52a644be6820b4025ba639e66e1fda5c6af0d3db0f49a1074659498",
    "WebhookSecret": "e3e3ca1528f93ccf18b5eb937a921c25eb38c556a918f5bfffd894df2b229bbf",
}
"""What each secret's block was when the first stacks were deployed, as SHA-256 of its JSON."""


def test_secret_s_block_is_never_edited(subtests, resources):
    for name, digest in SECRETS.items():
        block = json.dumps(resources[name], sort_keys=True).encode()
        with subtests.test(name=name):
            assert hashlib.sha256(block).hexdigest() == digest

    kinds = [one for one, resource in resources.items() if "SecretsManager" in resource["Type"]]
    assert sorted(kinds) == sorted(SECRETS)


def test_tables_can_be_restored_and_forget_in_time(resources):
    for name in TABLES:
        table = resources[name]["Properties"]

        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_every_table_refuses_to_be_deleted_unless_the_parameter_says_otherwise(template, resources):
    protected = {"Fn::If": ["ProtectTables", True, False]}
    said = {"Fn::Equals": [{"Ref": "DeletionProtection"}, "true"]}

    assert template["Conditions"]["ProtectTables"] == said
    for name in TABLES:
        assert resources[name]["Properties"]["DeletionProtectionEnabled"] == protected, name


def test_objects_expire_by_what_they_are_and_what_people_wrote_never_does(resources):
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (conditional,) = [rule["Fn::If"] for rule in rules if "Fn::If" in rule]
    rules = [*(rule for rule in rules if "Fn::If" not in rule), conditional[1]]

    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}

    assert days == {
        "audit/": {"Ref": "AuditDays"},
        "exceptions/": {"Ref": "RetentionDays"},
        "results/": {"Ref": "RetentionDays"},
        "spool/": {"Ref": "RetentionDays"},
    }
    assert days.keys() <= {f"{key.partition('/')[0]}/" for key in KEYS}
    assert not [r for r in rules if "ExpirationInDays" in r and "Prefix" not in r]
    assert (conditional[0], conditional[2]) == ("AuditExpires", {"Ref": "AWS::NoValue"})
    assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_replaced_versions_and_broken_uploads_of_any_object_expire(resources):
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    everywhere = [rule for rule in rules if "Prefix" not in rule and "Fn::If" not in rule]

    assert [rule.keys() - {"Id", "Status"} for rule in everywhere] == [
        {"NoncurrentVersionExpiration"},
        {"AbortIncompleteMultipartUpload"},
    ]
    replaced = everywhere[0]["NoncurrentVersionExpiration"]
    assert replaced == {"NoncurrentDays": {"Ref": "RetentionDays"}}
