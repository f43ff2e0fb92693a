"""The calls that functions make of AWS: as they are recorded, and as `calls.toml` keeps them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("calls.toml")

VARIABLES = {
    "$PREFDROP_AUDIT_TABLE": "AuditTable",
    "$PREFDROP_BUCKET": "Bucket",
    "$PREFDROP_BUS": "EventBus",
    "$PREFDROP_EXCEPTIONS_TABLE": "ExceptionsTable",
    "$PREFDROP_EXPORT_MACHINE": "ExportStateMachine",
    "$PREFDROP_IMPORTS_TABLE": "ImportsTable",
    "$PREFDROP_SECRET": "VendorSecret",
    "$PREFDROP_WEBHOOK_SECRET": "WebhookSecret",
}
"""What a function is told of by its environment: variable and logical id."""

KEYS = (
    "audit/*",
    "configuration/routes*",
    "configuration/*",
    "exceptions/*",
    "exports/*/*",
    "exports/*.toml",
    "feeds/*",
    "inbox/*",
    "lists/*",
    "results/*",
    "spool/exports/*",
    "spool/*/corrected-*",
    "spool/*/exceptions/*",
    "spool/*/local/*",
    "spool/*/rejects/*",
)
"""Kinds of objects, by which access to the bucket is granted. A key is of the first that fits."""

PREFIXES = ("exports/", *KEYS)
"""What lists are limited to. Definitions of exports are listed without what lies below them."""

MACHINES = {"prefdrop-import": "ImportStateMachine", "prefdrop-export": "ExportStateMachine"}
"""State machines by the name that they have in the local stack."""

BY_EVENT_ID = "AuditTable"
"""The table whose partition key is the vendor's event id: no family of keys to limit a role to."""

OF_THE_TOKEN = {
    "AwaitApprovalFunction": "ImportStateMachine",
    "AwaitExportFunction": "ExportStateMachine",
    "PassTurnFunction": "ImportStateMachine",
    "ReceiveCallbackFunction": "ExportStateMachine",
    "SweepTurnsFunction": "ImportStateMachine",
    "TakeTurnFunction": "ImportStateMachine",
}
"""Whose task a function ends: a token does not say of which state machine it is."""


class Call(NamedTuple):
    """A call; its form is `version` where it names a version of an object, else empty.

    `leading` are the families of partition keys that it names in DynamoDB, such as `IMPORT#*`; a
    batch may name several.
    """

    function: str
    service: str
    operation: str
    form: str
    of: str
    leading: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Its operation and form, by which `actions.RULES` has it under its service."""
        return f"{self.operation} ({self.form})" if self.form else self.operation

    @property
    def text(self) -> str:
        """As `calls.toml` has it under function and service."""
        return " ".join((self.kind, self.of, *self.leading))

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.function}: {self.service} {self.text}"


class UnknownResource(ValueError):
    """A recorded call is about something that no table here knows."""


def read(path: Path = RECORD) -> set[Call]:
    """The calls of `calls.toml`."""
    record = tomllib.loads(path.read_text("utf-8"))
    return {
        _parsed(function, service, text)
        for function, services in record.items()
        for service, texts in services.items()
        for text in texts
    }


def write(calls: Iterable[Call], path: Path = RECORD) -> None:
    """Write `calls.toml` anew."""
    lines = [
        "# What each function asks of AWS, as the tests record it: `make permissions` writes it."
    ]
    sections: dict[str, dict[str, list[str]]] = {}
    for call in sorted(set(calls)):
        sections.setdefault(call.function, {}).setdefault(call.service, []).append(call.text)
    for function, services in sections.items():
        lines += ["", f"[{function}]"]
        for service, texts in services.items():
            lines += [f"{service} = [", *(f'  "{text}",' for text in texts), "]"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def recorded(folder: Path, functions: Iterable[str]) -> set[Call]:
    """What the processes of functions have written into `folder`, without other stacks' functions.

    Raises UnknownResource.
    """
    known = frozenset(functions)
    lines = {line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()}
    raw = (json.loads(line) for line in lines)
    return {_call(one) for one in raw if one["function"] in known}


def functions(template: Path = ROOT / "template.yaml") -> list[str]:
    """The logical ids of the functions of the template, without reading all of it."""
    return re.findall(
        r"^  (\w+):\n    Type: AWS::Serverless::Function$", template.read_text(), re.M
    )


def _parsed(function: str, service: str, text: str) -> Call:
    match = re.fullmatch(r"(\S+)(?: \((.+)\))? (\S+)((?: \S+)*)", text)
    if match is None:
        raise ValueError(f"{text!r} of {function} is not: operation, (form), resource, keys")
    return Call(function, service, match[1], match[2] or "", match[3], tuple(match[4].split()))


def _call(raw: Mapping[str, Any]) -> Call:
    of = _resource(raw["function"], raw["operation"], raw["of"])
    form = "version" if raw.get("version") else ""
    call = Call(raw["function"], raw["service"], raw["operation"], form, of)
    if call.service != "dynamodb" or of == BY_EVENT_ID:
        return call
    leading = tuple(raw.get("leading", ()))
    if not leading or "*" in leading:
        raise UnknownResource(f"{call} names a partition key of no family; see ledger/keys.py")
    return call._replace(leading=leading)


def _resource(function: str, operation: str, of: Mapping[str, str]) -> str:
    match of:
        case {"TableName": table, "IndexName": index}:
            return f"{_named(table)}/{index}"
        case {"TableName": name} | {"SecretId": name} | {"EventBusName": name}:
            return _named(name)
        case {"Bucket": bucket, "Key": key}:
            return f"{_named(bucket)}/{_kind(key, KEYS)}"
        case {"Bucket": bucket, "Prefix": prefix}:
            return f"{_named(bucket)}/{_kind(prefix, PREFIXES)}"
        case {"stateMachineArn": arn} if (machine := arn.split(":")[-1]) in MACHINES:
            return MACHINES[machine]
        case {"stateMachineArn": name}:
            return _named(name)
        case {"executionArn": arn} if (machine := arn.split(":")[-2]) in MACHINES:
            return MACHINES[machine]
        case {} if operation == "SendTaskSuccess" and function in OF_THE_TOKEN:
            return OF_THE_TOKEN[function]
    raise UnknownResource(f"{function} calls {operation}, which tells no resource: {dict(of)}")


def _named(variable: str) -> str:
    if variable not in VARIABLES:
        raise UnknownResource(f"{variable} is no variable that names a resource; see VARIABLES")
    return VARIABLES[variable]


def _kind(key: str, kinds: Iterable[str]) -> str:
    if key == "$PREFDROP_ROUTES":  # a function's variable, which holds the object's key
        return "configuration/routes*"
    for kind in kinds:
        # What is listed is what a prefix begins, whose pattern is as long as the prefix at least.
        if fnmatchcase(key, kind):
            return kind
    raise UnknownResource(f"{key} is no kind of object that is known; see KEYS")
