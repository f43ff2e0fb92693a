"""Makes the built template run on this machine: containers see the local stack and its sandbox."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samtranslator.yaml_helper import yaml_parse

from prefdrop_local.stack import LocalStack
from tools.sam_local.engine import Engine
from tools.sam_local.relays import HOST_NAME, make_certificate, relay
from tools.sam_local.running import SamLocal

CA_FILE = "ca.pem"
OURS = ("POWERTOOLS_", "PREFDROP_")
Template = dict[str, Any]


@contextmanager
def localised(
    engine: Engine,
    built: Path,
    stack: LocalStack,
    vendor_url: str,
    folder: Path,
    handlers: Mapping[str, str] | None = None,
) -> Iterator[SamLocal]:
    """The built functions with the stack's settings. What was built stays as it is.

    `folder` takes copies of the functions, the certificate that they trust, and logs. `handlers`
    replaces the handlers of functions, by logical id.
    """
    tls, certificate = make_certificate(folder, engine.host_address)
    with ExitStack() as relays:
        aws = relays.enter_context(relay(engine.host_address, _port(stack.endpoint)))
        vendor = relays.enter_context(relay(engine.host_address, _port(vendor_url), tls))
        seen = {
            "PREFDROP_BASE_URL": f"https://{HOST_NAME}:{vendor}{urlsplit(vendor_url).path}",
            "REQUESTS_CA_BUNDLE": f"/var/task/{CA_FILE}",
            "AWS_ENDPOINT_URL": f"http://{HOST_NAME}:{aws}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        template: Template = yaml_parse(built.read_text())
        template["Parameters"]["Architecture"]["Default"] = engine.architecture
        for _, layer in _each(template, "AWS::Serverless::LayerVersion"):
            layer["ContentUri"] = str(built.parent / layer["ContentUri"])
        for logical_id, function in _each(template, "AWS::Serverless::Function"):
            code = folder / "functions" / logical_id
            shutil.copytree(built.parent / function["CodeUri"], code)
            shutil.copy(certificate, code / CA_FILE)
            function["CodeUri"] = str(code)
            function["Environment"] = {"Variables": _settings(stack, logical_id) | seen}
            if handlers and logical_id in handlers:
                function["Handler"] = handlers[logical_id]
        file = folder / "template.json"
        file.write_text(json.dumps(template, default=str))
        yield SamLocal(engine, file, folder)


def _each(template: Template, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The resources of a type: logical ids and properties."""
    found = template["Resources"].items()
    return [(name, one["Properties"]) for name, one in found if one["Type"] == kind]


def _settings(stack: LocalStack, function: str) -> dict[str, str]:
    """What the template tells a function, as it is on the local stack."""
    deployed = stack.function(function).environment
    return {name: value for name, value in deployed.items() if name.startswith(OURS)}


def _port(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise ValueError(f"{url} names no port")
    return port
