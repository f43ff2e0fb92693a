"""The translated template in moto's CloudFormation, and what is made of its resources here."""

from __future__ import annotations

import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.cloudformation.models import Stack, cloudformation_backends
from moto.cloudformation.parsing import clean_json
from moto.logs import models as _logs  # noqa: F401  (known to CloudFormation once imported)
from moto.s3.models import s3_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from prefdrop_local.stack.bridges import (
    http_resources,
    pipes,
    secrets as _secrets,  # noqa: F401  (likewise)
)
from prefdrop_local.stack.bridges.eventbridge import CARRIED_TARGETS
from prefdrop_local.stack.bridges.http_resources import HttpApiSpec
from prefdrop_local.stack.bridges.pipes import PipeSpec
from prefdrop_local.stack.bridges.properties import complete_bucket, complete_table
from prefdrop_local.stack.bridges.schedules import Schedule
from prefdrop_local.stack.lambdas.pool import Function
from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.place import ACCOUNT, CODE_BUCKET, PARTITION, REGION, STACK_NAME
from prefdrop_local.stack.translation import CODE_KEY, Translation

_REASONS = {"AWS::ApiGatewayV2::Stage": "requests are neither throttled nor logged"}
"""Why a resource is not carried, where its name does not say it."""
_PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY")


@dataclass(frozen=True)
class Deployment:
    """The stack as created. `carried` and `not_carried`: by logical id, the type (and why not)."""

    outputs: dict[str, str]
    functions: list[Function]
    schedules: list[Schedule]
    pipes: list[PipeSpec]
    carried: dict[str, str]
    not_carried: dict[str, str]
    physical_ids: dict[str, str]


class _Resources:
    """The created resources with their properties resolved."""

    def __init__(self, stack: Any, template: dict[str, Any]) -> None:
        self.stack = stack
        self.map = stack.resource_map
        self.template = template["Resources"]

    def of_type(self, *types: str) -> list[tuple[str, dict[str, Any]]]:
        """Logical id and resolved properties of each resource of a type, conditions applied."""
        return [
            (name, self.resolve(resource.get("Properties", {})))
            for name, resource in self.template.items()
            if resource["Type"] in types and self.wanted(resource)
        ]

    def resolve(self, value: Any) -> Any:
        return clean_json(value, self.map)

    def made(self, name: str) -> Any:
        """What moto has made of a resource; None when it does not know the type."""
        return self.map._parsed_resources.get(name)

    def physical_ids(self) -> dict[str, str]:
        made = ((name, self.made(name)) for name in self.template)
        return {
            name: one.physical_resource_id
            for name, one in made
            if hasattr(one, "physical_resource_id")
        }

    def wanted(self, resource: dict[str, Any]) -> bool:
        condition = resource.get("Condition")
        return not condition or bool(self.map.lazy_condition_map[condition])


def deploy(
    translation: Translation,
    parameters: dict[str, str],
    *,
    endpoint: str,
    serve: Callable[[HttpApiSpec], str],
    root: Path,
    logs: Path,
) -> Deployment:
    """Create the stack and the state machines that really run.

    `serve` begins to serve an HTTP API and returns its address, which takes the place of the one
    that it would have on AWS.
    """
    _put_empty_code()
    stack = _create_stack(translation.template, parameters)
    resources = _Resources(stack, translation.template)
    schedules = _schedules(resources)
    for name, properties in resources.of_type("AWS::S3::Bucket"):
        complete_bucket(resources.made(name).name, properties)
    for name, properties in resources.of_type("AWS::DynamoDB::Table"):
        complete_table(resources.made(name).name, properties)
    _create_state_machines(resources, translation)
    carried, not_carried = _carried(resources, schedules)
    addresses = _serve_apis(resources, serve)
    functions = [
        _function(resources, name, code.folders, addresses, endpoint=endpoint, root=root, logs=logs)
        for name, code in translation.code.items()
    ]
    return Deployment(
        outputs=_outputs(stack, addresses),
        functions=functions,
        schedules=schedules,
        pipes=[
            pipes.specification(name, properties)
            for name, properties in resources.of_type("AWS::Pipes::Pipe")
            if name in carried
        ],
        carried=carried,
        not_carried=not_carried,
        physical_ids=resources.physical_ids(),
    )


def _put_empty_code() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("README", "Code runs from the repository.")
    backend = s3_backends[ACCOUNT][PARTITION]
    backend.create_bucket(CODE_BUCKET, REGION)
    backend.put_object(CODE_BUCKET, CODE_KEY, archive.getvalue())


def _create_stack(template: dict[str, Any], parameters: dict[str, str]) -> Any:
    patches = Patches()
    # moto repeats what it cannot make whenever resources are listed.
    warnings.filterwarnings("ignore", message="Tried to parse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is not supported is named by `not_carried`
        backend = cloudformation_backends[ACCOUNT][REGION]
        # moto would read the JSON as YAML, which takes twenty times as long.
        patches.set(Stack, "parse_template", staticmethod(json.loads))
        try:
            return backend.create_stack(STACK_NAME, json.dumps(template), parameters, tags={})
        finally:
            patches.undo()


def _create_state_machines(resources: _Resources, translation: Translation) -> None:
    backend = stepfunctions_parser_backends[ACCOUNT][REGION]
    for name, text in translation.definitions.items():
        substitutions = resources.resolve(translation.substitutions[name])
        for key, value in substitutions.items():
            text = text.replace("${" + key + "}", str(value))
        machine = resources.made(name)
        backend.create_state_machine(machine.name, text, machine.roleArn)


def _serve_apis(resources: _Resources, serve: Callable[[HttpApiSpec], str]) -> dict[str, str]:
    """Serve each HTTP API; returns its address here by the one that it would have on AWS."""
    addresses = {}
    for name, properties in resources.of_type("AWS::ApiGatewayV2::Api"):
        api_id = resources.made(name).physical_resource_id
        specification = http_resources.specification(name, api_id, properties)
        addresses[http_resources.address_on_aws(api_id)] = serve(specification)
    return addresses


def _outputs(stack: Any, addresses: dict[str, str]) -> dict[str, str]:
    """The outputs; CloudFormation's clients get to see the addresses on this machine as well."""
    made = {name: output for name, output in stack.output_map.items() if output}
    outputs = _here({name: str(output.value) for name, output in made.items()}, addresses)
    for name, output in made.items():
        output.value = outputs[name]
    return outputs


def _here(values: dict[str, str], addresses: dict[str, str]) -> dict[str, str]:
    """The values with the addresses of APIs as they are on this machine."""
    for there, here in addresses.items():
        values = {name: value.replace(there, here) for name, value in values.items()}
    return values


def _function(
    resources: _Resources,
    logical_id: str,
    folders: tuple[Path, ...],
    addresses: dict[str, str],
    *,
    endpoint: str,
    root: Path,
    logs: Path,
) -> Function:
    deployed = resources.made(logical_id)
    given = {key: str(value) for key, value in deployed.environment_vars.items()}
    return Function(
        logical_id=logical_id,
        name=deployed.function_name,
        arn=deployed.function_arn,
        handler=deployed.handler,
        seconds=float(deployed.timeout),
        memory=int(deployed.memory_size),
        paths=folders,
        environment={
            **_runtime_environment(deployed, folders[0], endpoint),
            **_log_environment(resources, logical_id),
            **_here(given, addresses),
        },
        log=logs / f"{logical_id}.log",
        root=root,
    )


def _log_environment(resources: _Resources, logical_id: str) -> dict[str, str]:
    properties = resources.template[logical_id]["Properties"]
    logging = resources.resolve(properties.get("LoggingConfig", {}))
    return {
        variable: str(logging[member])
        for variable, member in (
            ("AWS_LAMBDA_LOG_FORMAT", "LogFormat"),
            ("AWS_LAMBDA_LOG_LEVEL", "ApplicationLogLevel"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "LogGroup"),
        )
        if member in logging
    }


def _runtime_environment(deployed: Any, folder: Path, endpoint: str) -> dict[str, str]:
    passed_on = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    return {
        **passed_on,
        "NO_PROXY": "127.0.0.1,localhost",
        "TZ": ":UTC",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_SDK_UA_APP_ID": deployed.logical_resource_id,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployed.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": deployed.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{deployed.function_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(folder),
        "_HANDLER": deployed.handler,
        "PYTHONUNBUFFERED": "1",
    }


def _schedules(resources: _Resources) -> list[Schedule]:
    found: list[Schedule] = []
    for name, properties in resources.of_type("AWS::Events::Rule"):
        if expression := properties.get("ScheduleExpression"):
            rule = resources.made(name)
            found.append(Schedule(name, rule.arn, expression, tuple(properties["Targets"])))
    for name, properties in resources.of_type("AWS::Scheduler::Schedule"):
        arn = f"arn:{PARTITION}:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"
        found.append(Schedule(name, arn, properties["ScheduleExpression"], (properties["Target"],)))
    return found


def _carried(
    resources: _Resources, schedules: list[Schedule]
) -> tuple[dict[str, str], dict[str, str]]:
    carried: dict[str, str] = {}
    not_carried: dict[str, str] = {}
    fired = {schedule.logical_id: schedule for schedule in schedules}
    for name, resource in resources.template.items():
        if not resources.wanted(resource):
            continue
        kind = resource["Type"]
        if name in fired and fired[name].minutes is None:
            not_carried[name] = f"{kind}: {fired[name].expression} does not fire by itself"
        elif kind in _REASONS:
            not_carried[name] = f"{kind}: {_REASONS[kind]}"
        elif resources.made(name) is None and name not in fired:
            not_carried[name] = kind
        else:
            carried[name] = kind
    for name, properties in resources.of_type("AWS::Pipes::Pipe"):
        if reason := pipes.why_not_carried(properties):
            not_carried[name] = f"{carried.pop(name)}: {reason}"
    for name, properties in resources.of_type("AWS::Events::Rule"):
        for target in properties.get("Targets", []):
            service = target["Arn"].split(":")[2]
            if service not in CARRIED_TARGETS:
                not_carried[f"{name}/{target['Id']}"] = f"AWS::Events::Rule target of {service}"
    return carried, not_carried
