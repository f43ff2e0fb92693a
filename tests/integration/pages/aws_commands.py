"""The AWS CLI's commands, as far as the pages show them, done with boto3 on the local stack.

Options become parameters by botocore's own models of the services, so a name, a value's form or a
member that AWS does not know fails as it would at AWS.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jmespath
from botocore import xform_name
from botocore.model import OperationModel, Shape

OF_THE_CLI = {"query", "output", "max-items"}
SOON = {"Delay": 1, "MaxAttempts": 3}
Clients = Callable[[str], Any]


class AwsCommand:
    """One command line; `names` are what a reader puts for the page's."""

    def __init__(self, text: str, clients: Clients, folder: Path, names: Mapping[str, str]) -> None:
        self._clients = clients
        self._folder = folder
        self._names = names
        words = [self._put(word) for word in shlex.split(self._with_inner(text))]
        self.service, self.operation, *self._rest = words[1:]
        self.options = self._options()

    def run(self) -> Any:
        """Do it; the answer, narrowed by `--query`. Raises what botocore raises."""
        if self.service == "s3":
            return self._copy_or_list()
        client = self._clients({"s3api": "s3"}.get(self.service, self.service))
        if self.operation == "wait":
            name = self._rest[0].replace("-", "_")
            models = client.meta.service_model
            params = self._params(models.operation_model("DescribeTable"))
            # On moto it has happened, or never will.
            return client.get_waiter(name).wait(**params, WaiterConfig=SOON)
        model = self._model(client)
        answer = getattr(client, xform_name(model.name))(**self._params(model))
        return jmespath.search(self.options["query"], answer) if "query" in self.options else answer

    def _with_inner(self, text: str) -> str:
        """With what each `"$(…)"` prints in its place."""

        def printed(found: re.Match[str]) -> str:
            answer = AwsCommand(found[1], self._clients, self._folder, self._names).run()
            return shlex.quote(answer if isinstance(answer, str) else json.dumps(answer))

        return re.sub(r'"\$\((.*?)\)"', printed, text)

    def _put(self, word: str) -> str:
        for name, value in self._names.items():
            word = re.sub(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", value, word)
        return word

    def _options(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        rest = list(self._rest)
        while rest:
            word = rest.pop(0)
            if word.startswith("--"):
                has_value = rest and not rest[0].startswith("--")
                given[word[2:]] = rest.pop(0) if has_value else not word.startswith("--no-")
        return given

    def _model(self, client: Any) -> OperationModel:
        models = client.meta.service_model
        (name,) = (n for n in models.operation_names if xform_name(n, "-") == self.operation)
        model: OperationModel = models.operation_model(name)
        return model

    def _params(self, model: OperationModel) -> dict[str, Any]:
        if "cli-input-json" in self.options:
            whole: dict[str, Any] = json.loads(self._text(self.options["cli-input-json"]))
            return whole
        members = {xform_name(name, "-"): name for name in model.input_shape.members}
        given = {n: v for n, v in self.options.items() if n not in OF_THE_CLI}
        told = {members[n.removeprefix("no-")]: v for n, v in given.items()}
        return {n: self._value(v, model.input_shape.members[n]) for n, v in told.items()}

    def _value(self, given: Any, shape: Shape) -> Any:
        if isinstance(given, bool):
            return given
        text = self._text(given)
        if shape.type_name == "structure" and not text.startswith("{"):
            pairs = [pair.partition("=") for pair in text.split(",")]
            return {name: self._value(value, shape.members[name]) for name, _, value in pairs}
        if shape.type_name in ("structure", "list", "map"):
            return json.loads(text)
        if shape.type_name == "boolean":
            return text == "true"
        return int(text) if shape.type_name in ("integer", "long") else text

    def _text(self, given: str) -> str:
        if not given.startswith("file://"):
            return given
        return (self._folder / given.removeprefix("file://")).read_text(encoding="utf-8")

    def _copy_or_list(self) -> Any:
        s3, places = self._clients("s3"), [w for w in self._rest if not w.startswith("--")]
        if self.operation == "cp":
            source, bucket, prefix = places[0], *_place(places[1])
            return s3.upload_file(str(self._folder / source), bucket, prefix + Path(source).name)
        bucket, prefix = _place(places[0])
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        if self.operation == "ls":
            return [one["Key"] for one in found]
        assert self.operation == "sync", self.operation
        to, _ = _place(places[1])
        for one in found:
            source = {"Bucket": bucket, "Key": one["Key"]}
            s3.copy_object(Bucket=to, Key=one["Key"], CopySource=source)
        return None


def _place(url: str) -> tuple[str, str]:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return bucket, prefix
