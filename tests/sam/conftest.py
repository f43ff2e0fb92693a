"""The built functions in containers, against moto and the sandbox on this machine.

Everything here needs a container engine. Where there is none, the tests are skipped with the
reason; with `PREFDROP_SAM_REQUIRED` set, that is an error.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.sam.engine import Engine, why_not
from tests.sam.relays import HOST_NAME, make_certificate, relay
from tests.sam.running import SamLocal
from tests.workbench import Workbench, workbench

CA_FILE = "ca.pem"


@pytest.fixture(scope="session")
def engine() -> Engine:
    reason = why_not()
    if reason and os.environ.get("PREFDROP_SAM_REQUIRED"):
        pytest.fail(f"PREFDROP_SAM_REQUIRED is set, but {reason}")
    if reason:
        pytest.skip(reason)
    return Engine()


@pytest.fixture(scope="session")
def built(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as `sam build` leaves it, with its artefacts beside it."""
    return engine.build(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def bench(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The local stack that stands in for AWS, with its sandbox."""
    with workbench(tmp_path_factory.mktemp("stack")) as running:
        running.push_feed()
        yield running


@pytest.fixture(scope="session")
def sam(
    engine: Engine, built: Path, bench: Workbench, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SamLocal]:
    """The built functions with the stack's environment, seen from inside a container."""
    logs = tmp_path_factory.mktemp("sam-logs")
    tls, certificate = make_certificate(logs, engine.host_address)
    with ExitStack() as relays:
        aws = relays.enter_context(relay(engine.host_address, _port(bench.stack.endpoint)))
        vendor = relays.enter_context(relay(engine.host_address, _port(bench.sandbox.url), tls))
        template = _localised(engine, built, bench, aws, vendor, certificate)
        yield SamLocal(engine, template, logs)


def _localised(
    engine: Engine, built: Path, bench: Workbench, aws: int, vendor: int, certificate: Path
) -> Path:
    """The built template with each function's environment as it is on the local stack."""
    template: dict[str, Any] = yaml_parse(built.read_text())
    template["Parameters"]["Architecture"]["Default"] = engine.architecture
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        shutil.copy(certificate, built.parent / properties["CodeUri"] / CA_FILE)
        properties["Environment"] = {"Variables": _environment(bench, logical_id, aws, vendor)}
    file = built.with_name("localised.json")
    file.write_text(json.dumps(template, default=str))
    return file


def _environment(bench: Workbench, logical_id: str, aws: int, vendor: int) -> dict[str, str]:
    deployed = bench.stack.function(logical_id).environment
    ours = {name: value for name, value in deployed.items() if name.startswith("PREFDROP_")}
    path = urlsplit(bench.sandbox.url).path
    return ours | {
        "PREFDROP_BASE_URL": f"https://{HOST_NAME}:{vendor}{path}",
        "REQUESTS_CA_BUNDLE": f"/var/task/{CA_FILE}",
        "AWS_ENDPOINT_URL": f"http://{HOST_NAME}:{aws}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port
