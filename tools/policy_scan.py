"""parliament over every policy that the template makes, with example names in place of references.

parliament knows which resources and conditions each action of AWS takes, so a statement that would
never match is found. What it demands against AWS's own pages is listed here with its source. Every
policy, those that are left out here too, is compared with what is needed by `tools.permissions`.

parliament pins libraries that ours must not wait for, so it lives in an environment of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.permissions.grants import rendered
from tools.translation import Template

Policies = dict[str, dict[str, Any]]
"""Policies whose references are filled in, by a name for each that begins with its resource's."""

ALLOWED = {
    # The service reference names no resource; IAM asks for the state machine nevertheless:
    # https://github.com/aws/aws-cdk/pull/8486, and AWS's own refusal that names its ARN:
    # https://github.com/NOAA-OWP/hydrovis/issues/837
    ("RESOURCE_MISMATCH", "states:SendTaskSuccess"),
    # The service reference names no resource; DynamoDB's guide limits it to the stream:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-read-stream-only.html
    ("RESOURCE_MISMATCH", "dynamodb:ListStreams"),
    # parliament knows express executions only; the service reference has both kinds:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    ("RESOURCE_MISMATCH", "states:DescribeExecution"),
}
"""What may be found: the kind of finding, and the action that it is about."""

LEFT_OUT = ("AssumeRolePolicyDocument", "KeyPolicy")
"""Policies of trust name no resource, and the policy of a key means itself by `*`."""


SPOILED = "Spoiled"
"""Scanned along: where parliament finds nothing wrong with it, its silence says nothing."""

_SPOILED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}],
}

ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "prefdrop",
    "AWS::URLSuffix": "amazonaws.com",
}

ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{{}}",
    "AWS::Events::EventBus": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{{}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{{}}-AbCdEf",
}
"""What a policy's reference to a resource of each kind comes to, given its logical id."""


class PolicyScanFailed(RuntimeError):
    """parliament did not do its work; the text says why."""


def faults(translated: Template, parliament: Path) -> list[str]:
    """Say what parliament finds beside ALLOWED, and what of ALLOWED it does not find.

    Raises PolicyScanFailed.
    """
    return compare(scan(policies(translated), parliament))


def compare(findings: list[dict[str, Any]]) -> list[str]:
    """Say which findings are not allowed, and which allowances are not needed."""
    seen, found = set(), []
    for one in findings:
        subjects = {(one["issue"], subject) for subject in _subjects(one)}
        seen |= subjects
        if not subjects or subjects - ALLOWED:
            policy = Path(one["location"]["filepath"]).stem
            found.append(f"{one['issue']} {policy}: {one['title']}: {one['detail']}")
    return [
        *sorted(found),
        *(
            f"{issue} of {subject} is allowed, and parliament does not find it"
            for issue, subject in sorted(ALLOWED - seen)
        ),
    ]


def _subjects(finding: dict[str, Any]) -> set[str]:
    """Return the actions that a finding about resources names; other findings name none."""
    detail = finding["detail"]
    return {one["action"] for one in detail} if finding["issue"] == "RESOURCE_MISMATCH" else set()


def policies(translated: Template) -> Policies:
    """Return every policy of a translated template but those of LEFT_OUT."""
    resources = translated["Resources"]
    return {
        f"{name}-{place}": _resolved(policy, resources)
        for name, resource in resources.items()
        for place, policy in enumerate(_written(resource.get("Properties", {})))
    }


def _written(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _written(one)
    elif isinstance(value, dict):
        if "Statement" in value:
            yield value
        for member, one in value.items():
            if member not in ("Statement", *LEFT_OUT):
                yield from _written(one)


def _resolved(value: Any, resources: dict[str, Any]) -> Any:
    """A value with example names in place of its references."""
    if isinstance(value, list):
        return [_resolved(one, resources) for one in value]
    if isinstance(value, dict) and not value.keys() & {"Ref", "Fn::Sub", "Fn::GetAtt"}:
        return {member: _resolved(one, resources) for member, one in value.items()}
    if isinstance(value, bool | int):
        return rendered(value)
    return re.sub(
        r"\$\{([\w:]+)\.?(\w*)\}", lambda m: _name(m[1], m[2], resources), rendered(value)
    )


def _name(reference: str, attribute: str, resources: dict[str, Any]) -> str:
    if reference in PSEUDO:
        return PSEUDO[reference]
    arn = ARNS[resources[reference]["Type"]].format(reference.lower())
    # A real stream's label has colons, which parliament takes for further parts of the ARN.
    return f"{arn}/stream/2026-01-15" if attribute == "StreamArn" else arn


def scan(given: Policies, parliament: Path) -> list[dict[str, Any]]:
    """Have parliament check policies; raises PolicyScanFailed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, policy in {**given, SPOILED: _SPOILED}.items():
            Path(folder, f"{name}.json").write_text(json.dumps(policy), encoding="utf-8")
        ended = subprocess.run(
            [str(parliament.absolute()), "--directory", folder, "--json"],
            env={"PATH": os.environ.get("PATH", ""), "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        found = [json.loads(line) for line in ended.stdout.splitlines()]
        spoiled = [one for one in found if Path(one["location"]["filepath"]).stem == SPOILED]
    except (ValueError, LookupError, TypeError) as error:
        said = (ended.stderr or ended.stdout).strip()[-500:]
        raise PolicyScanFailed(f"parliament ended with {ended.returncode}: {said}") from error
    if not spoiled:
        said = ended.stderr.strip()[-500:]
        raise PolicyScanFailed(f"parliament finds no fault with an action that is none. {said}")
    return [one for one in found if one not in spoiled]
