"""A call that AWS never answers ends before the function that made it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from prefdrop import aws
from prefdrop.ledger.objects import FIRST_PAUSE, STANDSTILLS
from tests.emulated_aws import ENVIRONMENT
from tools.translation import Template

SERVICES = {"dynamodb", "s3", "stepfunctions", "events", "secretsmanager"}
"""What functions make clients of."""


@pytest.fixture
def sent(template: Template, monkeypatch: pytest.MonkeyPatch) -> int:
    """The environment in which functions call AWS; returns how often it lets a call be sent."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    for name in ("AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS"):
        monkeypatch.setenv(name, variables[name])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return int(variables["AWS_MAX_ATTEMPTS"])


def longest(config: Any) -> float:
    """Seconds that one call may take by a client's settings: its attempts and the pauses between.

    The pauses are those of botocore's standard mode: up to 1, 2, 4, … seconds.
    """
    attempts = config.retries["total_max_attempts"]
    answers = attempts * (config.connect_timeout + config.read_timeout)
    return float(answers + sum(2**n for n in range(attempts - 1)))


def services_of(app: Path) -> Callable[..., Any]:
    """The class of the services that a function's handler makes at its first call."""
    spec = importlib.util.spec_from_file_location("app", app)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Callable[..., Any] = inspect.getclosurevars(module.handler).nonlocals["make_services"]
    return made


@cache
def clients_of(make_services: Callable[..., Any]) -> list[Any]:
    """The clients of AWS that services hold, as far as they have any of that kind."""
    services = make_services(ENVIRONMENT)
    names = ("_dynamodb", "_s3", "step_functions", "_secrets_manager")
    return [getattr(services, name) for name in names if hasattr(type(services), name)]


def test_call_without_an_answer_ends_before_its_function(
    template: Template, root: Path, sent: int, subtests: pytest.Subtests
) -> None:
    usual = template["Globals"]["Function"]["Timeout"]
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        services = services_of(root / properties["CodeUri"] / "app.py")
        for client in clients_of(services):
            with subtests.test(function=name, service=client.meta.service_model.service_name):
                assert client.meta.config.retries["mode"] == "standard"
                assert longest(client.meta.config) < properties.get("Timeout", usual)


def test_download_without_progress_ends_before_the_shortest_function(
    template: Template, sent: int
) -> None:
    config = aws.OBJECTS
    waits = (1 + STANDSTILLS) * (config.connect_timeout + config.read_timeout)
    pauses = sum(FIRST_PAUSE * 2**n for n in range(1, STANDSTILLS))

    assert waits + pauses < template["Globals"]["Function"]["Timeout"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_environment_sets_attempts_of_every_service(sent: int, service: str) -> None:
    client: Any = boto3.client(service, config=aws.SMALL)  # type: ignore[call-overload]

    assert client.meta.config.retries == {"total_max_attempts": sent, "mode": "standard"}


def test_every_client_of_the_library_takes_its_patience_from_one_place(root: Path) -> None:
    made: dict[str, str] = {}
    for file in sorted((root / "layers/prefdrop/prefdrop").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called == "boto3.client":
                    made[file.name] = called
                elif called == "self._client" and len(node.args) == 2:
                    made[f"{file.name}:{node.lineno}"] = ast.unparse(node.args[1])

    assert made.pop("services.py") == "boto3.client"
    assert set(made.values()) == {"self._patience", "self._patience_with_s3"}, made
    assert all(isinstance(one, Config) for one in (aws.SMALL, aws.OBJECTS, aws.CALLER_WAITS))
