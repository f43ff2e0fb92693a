"""The SAM template as CloudFormation, and what of it the stack needs beside that.

Runs in a process of its own, so that it overlaps with the import of moto:

    python -m prefdrop_local.stack.translation TEMPLATE
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefdrop_local.stack.place import CODE_BUCKET, REGION

CODE_KEY = "code.zip"
_CODE_URI = f"s3://{CODE_BUCKET}/{CODE_KEY}"
_NO_DEFINITION = {"StartAt": "None", "States": {"None": {"Type": "Succeed"}}}


class TemplateError(RuntimeError):
    """The template cannot be translated; the text says why."""


@dataclass(frozen=True)
class Code:
    """Where a function's code lies: its own folder, then those of its layers."""

    folders: tuple[Path, ...]


@dataclass(frozen=True)
class Translation:
    """`template` is CloudFormation; `code` and `definitions` are by logical id.

    `definitions` holds the text of each state machine with its substitutions unresolved, and
    `substitutions` their values as CloudFormation expressions.
    """

    template: dict[str, Any]
    code: dict[str, Code]
    definitions: dict[str, str]
    substitutions: dict[str, dict[str, Any]]


class TranslationProcess:
    """A translation under way."""

    def __init__(self, template: Path) -> None:
        self._template = template
        paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "prefdrop_local.stack.translation", str(template)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )

    def result(self) -> Translation:
        """Wait for the end; TemplateError when the template is not usable."""
        output, errors = self._process.communicate()
        if self._process.returncode:
            text = errors.decode(errors="replace").strip().splitlines()
            raise TemplateError(f"{self._template} cannot be deployed: {text[-1] if text else '?'}")
        raw = json.loads(output)
        return Translation(
            template=raw["template"],
            code={name: Code(tuple(map(Path, paths))) for name, paths in raw["code"].items()},
            definitions=raw["definitions"],
            substitutions=raw["substitutions"],
        )

    def stop(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


def translate(template: Path) -> dict[str, Any]:
    """The parts of a `Translation` as plain data."""
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = REGION
    from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    source = yaml_parse(template.read_text(encoding="utf-8"))
    resources = source["Resources"]
    code = _replace_code(template.parent, source)
    definitions, substitutions = _take_definitions(template.parent, resources)
    loader = ManagedPolicyLoader.__new__(ManagedPolicyLoader)
    loader.load = dict
    translated = transform(source, {}, loader)
    return {
        "template": translated,
        "code": code,
        "definitions": definitions,
        "substitutions": substitutions,
    }


def _replace_code(root: Path, source: dict[str, Any]) -> dict[str, list[str]]:
    """Point every function and layer at the empty archive; remember their folders."""
    resources = source["Resources"]
    common = source.get("Globals", {}).get("Function", {})
    layers: dict[str, str] = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            properties = resource["Properties"]
            layers[name] = str((root / properties["ContentUri"]).resolve())
            properties["ContentUri"] = _CODE_URI
    code: dict[str, list[str]] = {}
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource.setdefault("Properties", {})
        folder = properties.get("CodeUri", common.get("CodeUri", "."))
        properties["CodeUri"] = _CODE_URI
        used = [*common.get("Layers", []), *properties.get("Layers", [])]
        names = [layer["Ref"] for layer in used if isinstance(layer, dict) and "Ref" in layer]
        folders = [layers[layer] for layer in names if layer in layers]
        code[name] = [str((root / folder).resolve()), *_with_python_folder(folders)]
    return code


def _with_python_folder(layers: list[str]) -> list[str]:
    """A built layer is imported from its `python` folder, an unbuilt one from its own."""
    return [path for layer in layers for path in (f"{layer}/python", layer) if Path(path).is_dir()]


def _take_definitions(
    root: Path, resources: dict[str, Any]
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    definitions: dict[str, str] = {}
    substitutions: dict[str, dict[str, Any]] = {}
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::StateMachine":
            continue
        properties = resource["Properties"]
        if "DefinitionUri" in properties:
            text = (root / properties.pop("DefinitionUri")).read_text(encoding="utf-8")
            if not text.lstrip().startswith("{"):
                from samtranslator.yaml_helper import yaml_parse

                text = json.dumps(yaml_parse(text))
        else:
            text = json.dumps(properties["Definition"])
        definitions[name] = text
        substitutions[name] = properties.pop("DefinitionSubstitutions", {})
        properties["Definition"] = _NO_DEFINITION
    return definitions, substitutions


if __name__ == "__main__":
    try:
        print(json.dumps(translate(Path(sys.argv[1])), default=str))
    except Exception as error:
        causes = getattr(error, "causes", None) or [error]
        sys.exit("; ".join(str(getattr(cause, "message", cause)) for cause in causes))
