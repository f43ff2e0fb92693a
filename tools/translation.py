"""What CloudFormation gets to see: the template after SAM's transform.

SAM runs its transform inside AWS, so circular dependencies and generated roles are only seen there,
unless the same translator is run here. The local stack runs it anyway, to deploy the template.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from prefdrop_local.stack.translation import TranslationProcess

Template = dict[str, Any]
PARTITION = "${Partition}"


def load(path: Path) -> Template:
    """Read a template as it is written; its short forms (`!Ref`) come out as the long ones."""
    return deepcopy(_parsed(path.read_text(encoding="utf-8")))


@cache
def _parsed(text: str) -> Template:
    """Parse a template, which takes half a second, once."""
    template: Template = yaml_parse(text)
    return template


def translate(path: Path) -> Template:
    """Return the CloudFormation template that SAM makes of the one at `path`.

    Each state machine carries its definition as an object, with the partition filled in, and its
    other substitutions, so that a linter can look into it. Raises
    prefdrop_local.stack.translation.TemplateError where SAM would refuse to deploy.
    """
    translation = TranslationProcess(path).result()
    for name, definition in translation.definitions.items():
        properties = translation.template["Resources"][name]["Properties"]
        del properties["DefinitionString"]
        substitutions = translation.substitutions[name]
        # Linters know service integrations of the first partition only.
        if PARTITION in definition and substitutions.get("Partition") == {"Ref": "AWS::Partition"}:
            definition = definition.replace(PARTITION, "aws")
            del substitutions["Partition"]
        properties["Definition"] = json.loads(definition)
        properties["DefinitionSubstitutions"] = substitutions
    return translation.template
