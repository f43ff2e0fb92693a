"""Which permissions a call takes: the table that a reviewer reads.

S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
DynamoDB: https://docs.aws.amazon.com/service-authorization/latest/reference/list_dynamodb.html
Transactions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
Leading keys: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from tools.permissions.calls import Call
from tools.permissions.conditions import Request
from tools.permissions.grants import Grant, rendered
from tools.translation import Template

READ = ("kms:Decrypt",)
BOTH = ("kms:Decrypt", "kms:GenerateDataKey")


class Rule(NamedTuple):
    """What a call takes: an action on its resource, and uses of the key that encrypts it.

    `may_miss`: the code tells what is missing from what is forbidden, as S3 does only for callers
    who may list the bucket (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    S3 then takes the object's key for the prefix (https://github.com/ceph/ceph/pull/68577), and
    where it does not, `ledger/objects.py` lists that key itself.
    """

    action: str
    key: tuple[str, ...] = ()
    may_miss: bool = False


RULES = {
    # DynamoDB unlocks a table's own key for whoever calls, to write as well as to read:
    # https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
    "dynamodb BatchGetItem": Rule("dynamodb:BatchGetItem", READ),
    "dynamodb BatchWriteItem": Rule("dynamodb:BatchWriteItem", READ),
    "dynamodb DeleteItem": Rule("dynamodb:DeleteItem", READ),
    "dynamodb GetItem": Rule("dynamodb:GetItem", READ),
    "dynamodb PutItem": Rule("dynamodb:PutItem", READ),
    "dynamodb Query": Rule("dynamodb:Query", READ),
    "dynamodb UpdateItem": Rule("dynamodb:UpdateItem", READ),
    "dynamodb TransactWriteItems.ConditionCheck": Rule("dynamodb:ConditionCheckItem", READ),
    "dynamodb TransactWriteItems.Put": Rule("dynamodb:PutItem", READ),
    "dynamodb TransactWriteItems.Update": Rule("dynamodb:UpdateItem", READ),
    # The bus is encrypted by EventBridge, which the key's own policy lets do it:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-key-policy.html
    "events PutEvents": Rule("events:PutEvents"),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: a version that is named
    # takes the action for versions, and only that.
    "s3 GetObject": Rule("s3:GetObject", READ, may_miss=True),
    "s3 GetObject (version)": Rule("s3:GetObjectVersion", READ, may_miss=True),
    # Metadata alone are not encrypted.
    "s3 HeadObject": Rule("s3:GetObject", may_miss=True),
    "s3 HeadObject (version)": Rule("s3:GetObjectVersion", may_miss=True),
    # A bucket key is decrypted to encrypt one more object with it, so who writes needs both:
    # https://repost.aws/knowledge-center/s3-bucket-access-default-encryption
    "s3 PutObject": Rule("s3:PutObject", BOTH),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html: "To perform a
    # multipart upload with encryption using a KMS key, the requester must have kms:Decrypt and
    # kms:GenerateDataKey", since what is uploaded is read again to be put together.
    "s3 CreateMultipartUpload": Rule("s3:PutObject", BOTH),
    "s3 UploadPart": Rule("s3:PutObject", BOTH),
    "s3 CompleteMultipartUpload": Rule("s3:PutObject", BOTH),
    "s3 DeleteObjects": Rule("s3:DeleteObject"),
    "s3 ListObjectsV2": Rule("s3:ListBucket"),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    "secretsmanager GetSecretValue": Rule("secretsmanager:GetSecretValue", READ),
    "stepfunctions DescribeExecution": Rule("states:DescribeExecution"),
    "stepfunctions StopExecution": Rule("states:StopExecution"),
    # The service reference names no resource for it; the state machine's ARN is what works:
    # https://github.com/aws/aws-cdk/pull/8486
    "stepfunctions SendTaskSuccess": Rule("states:SendTaskSuccess"),
    "stepfunctions StartExecution": Rule("states:StartExecution"),
}
"""By service, operation and form."""

VIA = {"dynamodb": "dynamodb", "s3": "s3", "secretsmanager": "secretsmanager"}
"""Services that use the key on behalf of their caller, as `kms:ViaService` calls them."""


class UnknownCall(ValueError):
    """A call for which the table has no rule."""


LEADING_KEYS = "dynamodb:LeadingKeys"
PREFIX = "s3:prefix"
VIA_SERVICE = "kms:ViaService"

OPERATORS = {
    LEADING_KEYS: "ForAllValues:StringLike",
    PREFIX: "StringLike",
    VIA_SERVICE: "StringEquals",
}
"""How the template compares what IAM knows of a request."""

# All keys of no request are always allowed ones; IAM's guide advises to demand that there are any:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
HAS_KEYS = f"Null {LEADING_KEYS} = false"


def needed(call: Call, role: str, template: Template) -> Iterator[Grant]:
    """The permissions that `role` needs for a call. Raises UnknownCall."""
    for request in requests(call, template):
        choices = [
            [f"{OPERATORS[key]} {key} = {value}" for value in values]
            for key, values in request.context.items()
        ]
        has_keys = {HAS_KEYS} if LEADING_KEYS in request.context else set()
        for when in product(*choices):
            yield Grant(role, request.action, request.on, when=frozenset({*when, *has_keys}))


def requests(call: Call, template: Template) -> Iterator[Request]:
    """What IAM is asked for a call: of each kind of keys and objects, `*` stands for any name.

    A transaction is recorded by its parts, since each takes the permission of its own action.
    Raises UnknownCall.
    """
    name = f"{call.service} {call.kind}"
    if name not in RULES:
        raise UnknownCall(f"{call}: actions.RULES does not say what it takes.")
    rule = RULES[name]
    resource, _, path = call.of.partition("/")
    if rule.action == "s3:ListBucket" or rule.may_miss:
        yield Request("s3:ListBucket", f"${{{resource}.Arn}}", {PREFIX: (path,)})
    if rule.action != "s3:ListBucket":
        leading = {LEADING_KEYS: call.leading} if call.leading else {}
        yield Request(rule.action, _arn(template, call, resource, path), leading)
    key = _key_of(template["Resources"][resource]["Properties"]) if rule.key else None
    if key:
        via = f"{VIA[call.service]}.${{AWS::Region}}.${{AWS::URLSuffix}}"
        for action in rule.key:
            yield Request(action, key, {VIA_SERVICE: (via,)})


def _arn(template: Template, call: Call, resource: str, path: str) -> str:
    match template["Resources"][resource]["Type"]:
        case "AWS::DynamoDB::Table":
            return f"${{{resource}.Arn}}/index/{path}" if path else f"${{{resource}.Arn}}"
        case "AWS::S3::Bucket":
            return f"${{{resource}.Arn}}/{path}"
        case "AWS::Events::EventBus":
            return f"${{{resource}.Arn}}"
        case "AWS::SecretsManager::Secret":
            return f"${{{resource}}}"
        case "AWS::StepFunctions::StateMachine":
            name = rendered(template["Resources"][resource]["Properties"]["StateMachineName"])
            ran = call.operation in ("DescribeExecution", "StopExecution")
            return arn("states", f"execution:{name}:*" if ran else f"stateMachine:{name}")
    raise UnknownCall(f"{call}: {resource} is of a kind whose ARN is not known here.")


def arn(service: str, rest: str) -> str:
    """An ARN of this account and region, as the template writes those that would go in a circle."""
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"


KEY_MEMBERS = ("KMSMasterKeyID", "KMSMasterKeyId", "KmsKeyId")


def _key_of(properties: Any) -> str | None:
    """The key that a resource is encrypted with, wherever its properties say it."""
    if isinstance(properties, list):
        return next(filter(None, map(_key_of, properties)), None)
    if not isinstance(properties, dict):
        return None
    for member in KEY_MEMBERS:
        if member in properties:
            return rendered(properties[member])
    return next(filter(None, map(_key_of, properties.values())), None)
