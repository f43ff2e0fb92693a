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


@contextmanager
def localised(
    engine: Engine,
    built: Path,
    stack: LocalStack,
    vendor_url: str,
    folder: Path,
    handlers: Mapping[str, str] | None = None,
) -> Iterator[SamLocal]:
    """The built functions with the stack's settings. `folder` takes logs and a certificate.

    `handlers` replaces the handlers of functions, by logical id.
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
        template = _template(engine, built, stack, seen, certificate)
        for logical_id, handler in (handlers or {}).items():
            template["Resources"][logical_id]["Properties"]["Handler"] = handler
        file = built.with_name("localised.json")
        file.write_text(json.dumps(template, default=str))
        yield SamLocal(engine, file, folder)


def _template(
    engine: Engine, built: Path, stack: LocalStack, seen: dict[str, str], certificate: Path
) -> dict[str, Any]:
    """The built template with each function's environment as it is on the local stack."""
    template: dict[str, Any] = yaml_parse(built.read_text())
    template["Parameters"]["Architecture"]["Default"] = engine.architecture
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        shutil.copy(certificate, built.parent / properties["CodeUri"] / CA_FILE)
        deployed = stack.function(logical_id).environment
        ours = {name: value for name, value in deployed.items() if name.startswith("PREFDROP_")}
        properties["Environment"] = {"Variables": ours | seen}
    return template


def _port(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise ValueError(f"{url} names no port")
    return port
