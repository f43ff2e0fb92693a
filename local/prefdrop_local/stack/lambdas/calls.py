"""What functions ask of AWS, written down: which call, of which resource, never what is in it.

Where the variable `RECORD` names a folder, each process that runs functions appends to a file of
its own in it: one JSON object per line, each call in each of its forms once. Of a partition key,
only the family is kept, such as `IMPORT#*`: the rest names an import, a feed or an account.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore import handlers

RECORD = "PREFDROP_RECORD_CALLS"

NAMING = (
    "Bucket",
    "EventBusName",
    "IndexName",
    "Key",
    "Prefix",
    "SecretId",
    "TableName",
    "executionArn",
    "stateMachineArn",
)
"""Parameters that say which resource a call is about; of all others nothing is kept."""

PARTITION_KEY = "pk"
"""The attribute with the partition key in every table; an index's ends alike (`gsi1pk`)."""

EQUALS = re.compile(r"([#\w]+) = (:\w+)")

FAMILY = re.compile(r"[A-Z]+#")
"""The first part of a partition key, by which the ledger tells its kinds of items apart."""

Parameters = Mapping[str, Any]


_written: set[tuple[Path, str]] = set()
"""What this process has written down already."""


class Recorder:
    """Writes calls into a file of `folder`, each form of a call once in this process.

    Whose calls they are, and what the names of resources stand for, is in the environment of the
    process, which is a function's own, unless `made_by` says otherwise.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._function: str | None = None
        self._environment: Mapping[str, str] = os.environ
        self._by_hand = threading.local()

    def watch(self) -> None:
        """Listen to every client whose session is made in this process from now on."""
        handlers.BUILTIN_HANDLERS.append(("provide-client-params", self._asked))

    @contextmanager
    def made_by(self, function: str, environment: Mapping[str, str]) -> Iterator[None]:
        """Calls inside this block are those of a function with that environment."""
        before = self._function, self._environment
        self._function, self._environment = function, environment
        try:
            yield
        finally:
            self._function, self._environment = before

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Calls of this thread inside this block are nobody's, whatever runs beside it."""
        self._by_hand.now = True
        try:
            yield
        finally:
            self._by_hand.now = False

    def asked(self, service: str, operation: str, params: Parameters) -> None:
        """Write down one call of a function, with its parameters as boto3 takes them."""
        function = self._function or self._environment.get("AWS_SDK_UA_APP_ID")
        if not function or getattr(self._by_hand, "now", False):
            return
        for call in _calls(operation, params):
            of = {name: self._variable(value) for name, value in call.pop("of").items()}
            self._write({"function": function, "service": service, **call, "of": of})

    def _asked(self, params: Parameters, model: Any, **_: Any) -> None:
        self.asked(model.service_model.service_name, model.name, params)

    def _write(self, call: dict[str, Any]) -> None:
        line = json.dumps(call) + "\n"
        if (self._folder, line) not in _written:
            _written.add((self._folder, line))
            with (self._folder / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
                file.write(line)

    def _variable(self, value: str) -> str:
        """A name as the function's environment gives it, instead of what it is in this stack."""
        for name, given in self._environment.items():
            if given == value and name.startswith("PREFDROP_"):
                return f"${name}"
        return value


def recorder() -> Recorder | None:
    """The one that this process's environment asks for, if any."""
    folder = os.environ.get(RECORD)
    return Recorder(Path(folder)) if folder else None


def _calls(operation: str, params: Parameters) -> Iterator[dict[str, Any]]:
    """One call for each resource that is asked for together."""
    for part, of in _parts(operation, params):
        call: dict[str, Any] = {
            "operation": part,
            # The key of an item is an object; the key of an S3 object is a name.
            "of": {name: of[name] for name in NAMING if isinstance(of.get(name), str)},
        }
        if of.get("VersionId"):
            call["version"] = True
        if leading := sorted({_family(key) for key in _leading_keys(of)}):
            call["leading"] = leading
        yield call


def _leading_keys(of: Parameters) -> Iterator[str]:
    """The partition keys that one part of a call names, which are IAM's `dynamodb:LeadingKeys`."""
    for item in (of.get("Key"), of.get("Item"), *of.get("Keys", ())):
        if isinstance(item, Mapping):
            yield from _text(item.get(PARTITION_KEY))
    names, values = (of.get(f"ExpressionAttribute{what}", {}) for what in ("Names", "Values"))
    for name, value in EQUALS.findall(of.get("KeyConditionExpression", "")):
        if names.get(name, name).endswith(PARTITION_KEY):
            yield from _text(values.get(value))


def _text(value: Any) -> Iterator[str]:
    """A value that is text, as the low-level client takes it; what it would refuse is no text."""
    if isinstance(value, Mapping) and isinstance(value.get("S"), str):
        yield value["S"]


def _family(key: str) -> str:
    match = FAMILY.match(key)
    return f"{match[0]}*" if match else "*"


def _parts(operation: str, params: Parameters) -> Iterator[tuple[str, Parameters]]:
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for item in params["TransactItems"]:
                for part, of in item.items():
                    yield f"{operation}.{part}", of
        case "BatchGetItem" | "BatchWriteItem":
            for table, asked in params["RequestItems"].items():
                yield operation, {"TableName": table, "Keys": [*_keys_of_batch(asked)]}
        case "PutEvents":
            for entry in params["Entries"]:
                yield operation, entry
        case "DeleteObjects":
            for one in params["Delete"]["Objects"]:
                yield operation, {"Bucket": params["Bucket"], **one}
        case _:
            yield operation, params


def _keys_of_batch(asked: Any) -> Iterator[Parameters]:
    """What holds the keys of one table's part of a batch: keys to read, or items to write."""
    if isinstance(asked, Mapping):
        yield from asked.get("Keys", ())
        return
    for write in asked:
        for one in write.values():
            yield one.get("Item") or one.get("Key")
