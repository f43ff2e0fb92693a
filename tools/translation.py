"""What CloudFormation gets to see: the template after SAM's transform.

SAM runs its transform inside AWS, so circular dependencies, generated roles and the state machine's
definition are only seen there, unless the same translator is run here.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

Template = dict[str, Any]

# The translator wants code to lie in S3 already, where `sam package` would put it.
PACKAGED = "s3://packaged/code"
CODE_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


class TranslationError(Exception):
    """SAM refuses the template; the message is the translator's own."""


def load(path: Path) -> Template:
    """Read a template; its short forms (`!Ref`) come out as the long ones."""
    template: Template = yaml_parse(path.read_text(encoding="utf-8"))
    return template


def definitions(template: Template, root: Path) -> dict[str, Any]:
    """Read the state machine definitions that `template` names by file, by logical id."""
    return {
        name: json.loads((root / resource["Properties"]["DefinitionUri"]).read_text("utf-8"))
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    }


def translate(path: Path, region: str) -> Template:
    """Return the CloudFormation template that SAM makes of the one at `path`.

    Each state machine carries its definition as an object, so that a linter can look into it.
    Raises TranslationError where SAM would refuse to deploy.
    """
    template = load(path)
    inlined = definitions(template, path.parent)
    for resource in template["Resources"].values():
        if resource["Type"] in CODE_PROPERTIES:
            resource["Properties"][CODE_PROPERTIES[resource["Type"]]] = PACKAGED
    translated = _transform(template, region)
    for name, definition in inlined.items():
        properties = translated["Resources"][name]["Properties"]
        del properties["DefinitionS3Location"]
        properties["Definition"] = definition
    return translated


def _transform(template: Template, region: str) -> Template:
    # The translator reads the region from the environment and nowhere else.
    with mock.patch.dict(os.environ, AWS_REGION=region, AWS_DEFAULT_REGION=region):
        try:
            translated: Template = transform(template, {}, None)
        except InvalidDocumentException as error:
            causes = "; ".join(cause.message for cause in error.causes)
            raise TranslationError(f"{error.message} {causes}") from None
    return translated
