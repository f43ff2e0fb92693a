"""Starts the emulator of `make test-cloud`, with what it lacks of AWS bridged.

Each function here is one bridge: its docstring says what AWS does and the emulator does not. The
emulator's own Python runs this file (`.venv-cloud`), so it imports nothing of the project. A bridge
whose place in the emulator has moved fails at the start.
"""

from __future__ import annotations

import inspect
import json
import re
import string
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import (
    apigateway,
    dynamodb,
    eventbridge,
    lambda_svc,
    s3,
    secretsmanager,
    stepfunctions,
)
from ministack.services.cloudformation import provisioners

Json = dict[str, Any]

_version: ContextVar[str] = ContextVar("version", default="")
_error_type: ContextVar[str] = ContextVar("error_type", default="")
_waiting_token: ContextVar[str] = ContextVar("waiting_token", default="")


def name_the_object_version() -> None:
    """S3's events to EventBridge name the version of the object."""
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    def fired(*arguments: Any, **named: Any) -> None:
        given = inspect.signature(fire).bind(*arguments, **named).arguments
        _version.set(given.get("version_id") or "")
        fire(*arguments, **named)

    def dispatched(event: Json, *rest: Any, **named: Any) -> Any:
        if event["Source"] == "aws.s3" and _version.get():
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = _version.get()
            event = event | {"Detail": json.dumps(detail)}
        return dispatch(event, *rest, **named)

    s3._fire_s3_event = fired
    eventbridge._dispatch_event = dispatched


def read_ranges_of_versions() -> None:
    """A GET of a version honours its range."""
    get = s3._get_object

    def got(bucket: str, key: str, headers: Json, query: Json | None = None) -> Any:
        wanted = headers.get("range", "")
        if not wanted or not s3._qp(query or {}, "versionId", ""):
            return get(bucket, key, headers, query)
        # A checksum of the whole cannot hold for a range.
        plain = {name: headers[name] for name in headers if name != "x-amz-checksum-mode"}
        status, answered, body = get(bucket, key, plain, query)
        if status != 200:
            return status, answered, body
        bounds = s3._parse_range(wanted, len(body))
        if bounds is None:
            error = s3._xml_body(s3._range_error_xml(bucket, key))
            return 416, {"Content-Type": "application/xml"}, error
        first, last = bounds
        part = body[first : last + 1]
        span = {"Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return 206, answered | span | {"Content-Length": str(len(part))}, part

    s3._get_object = got


def name_the_error() -> None:
    """The error of a function is named by its class; retriers and catchers go by that name."""
    told = '"error": str(e), "trace"'
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    assert told in script
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(
        told, '"error": str(e), "type": type(e).__name__, "trace"'
    )
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def invoked(worker: Any, *arguments: Any, **named: Any) -> Json:
        result: Json = invoke(worker, *arguments, **named)
        _error_type.set(result.get("type") or "")
        return result

    def executed(function: Json, event: Any, request: str) -> Json:
        _error_type.set("")
        result: Json = execute(function, event, request)
        if result.get("error") and _error_type.get():
            result["body"]["errorType"] = _error_type.get()
        return result

    lambda_runtime.Worker.invoke = invoked
    lambda_svc._execute_function_warm = executed


def generate_without_punctuation() -> None:
    """A generated secret leaves out punctuation where the template says so."""
    generate = provisioners._sm_secret_string

    def generated(properties: Json) -> str:
        rules = properties.get("GenerateSecretString") or {}
        if rules.get("ExcludePunctuation"):
            rules = rules | {"ExcludeCharacters": string.punctuation}
            properties = properties | {"GenerateSecretString": rules}
        text: str = generate(properties)
        return text

    provisioners._sm_secret_string = generated


def refer_to_secrets_by_arn() -> None:
    """`Ref` of a secret is its ARN."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = (handlers[name] for name in ("create", "update", "delete"))

    def name_of(arn: str) -> str:
        name: str = secretsmanager._resolve(arn)[0]
        return name

    def created(*arguments: Any) -> tuple[str, Json]:
        _, attributes = create(*arguments)
        return attributes["Arn"], attributes

    def updated(arn: str, *arguments: Any, **named: Any) -> tuple[str, Json]:
        _, attributes = update(name_of(arn), *arguments, **named)
        return attributes["Arn"], attributes

    def deleted(arn: str, properties: Json) -> Any:
        return delete(name_of(arn), properties)

    handlers.update(create=created, update=updated, delete=deleted)


def route_by_the_body_of_an_api() -> None:
    """An HTTP API has the routes of its OpenAPI body."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handlers["create"], handlers["update"]

    def route(api: str, properties: Json) -> None:
        apigateway._routes[api], apigateway._integrations[api] = {}, {}
        for path, methods in (properties.get("Body") or {}).get("paths", {}).items():
            for method, told in methods.items():
                given = told["x-amazon-apigateway-integration"]
                function = given["uri"].partition("/functions/")[2].removesuffix("/invocations")
                made = apigateway._create_integration(api, {"integrationUri": function})
                name = "ANY" if method.startswith("x-") else method.upper()
                target = f"integrations/{json.loads(made[2])['integrationId']}"
                apigateway._create_route(api, {"routeKey": f"{name} {path}", "target": target})

    def created(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
        api, attributes = create(logical_id, properties, stack)
        route(api, properties)
        return api, attributes

    def updated(api: str, before: Json, after: Json, *rest: Any, **named: Any) -> tuple[str, Json]:
        api, attributes = update(api, before, after, *rest, **named)
        route(api, after)
        return api, attributes

    handlers.update(create=created, update=updated)


def authorise_task_tokens_by_machine() -> None:
    """An answer to a task token is authorised on the state machine that waits for it."""
    machines: dict[str, str] = {}
    wait, resource_of = stepfunctions._invoke_with_callback, iam_actions.extract_resource_arn

    def waited(resource: str, given: Json, token: str, state: Json) -> Any:
        execution = given["Payload"]["execution"]
        machines[token] = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
        _waiting_token.set(token)
        try:
            return wait(resource, given, token, state)
        finally:
            _waiting_token.set("")

    def resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any
    ) -> str:
        if service == "states" and b'"taskToken"' in (body or b""):
            return machines.get(json.loads(body)["taskToken"], "*")
        arn: str = resource_of(service, method, path, headers, body, *rest)
        return arn

    stepfunctions._invoke_with_callback = waited
    iam_actions.extract_resource_arn = resource_arn


def time_out_by_path() -> None:
    """`TimeoutSecondsPath` limits a task as `TimeoutSeconds` does."""
    execute = stepfunctions._execute_task

    def executed(state: Json, given: Any, *rest: Any) -> Any:
        path = state.get("TimeoutSecondsPath")
        if path:
            seconds = given
            for name in path.removeprefix("$.").split("."):
                seconds = seconds[name]
            state = state | {"TimeoutSeconds": seconds}
        return execute(state, given, *rest)

    stepfunctions._execute_task = executed


def fail_a_task_whose_function_fails() -> None:
    """A function that fails fails its task, also where the task would wait for a token."""
    call = stepfunctions._call_lambda

    def called(function: str, payload: Any) -> Any:
        try:
            return call(function, payload)
        except stepfunctions._ExecutionError as error:
            waiting = stepfunctions._task_tokens.get(_waiting_token.get())
            if waiting and not waiting["event"].is_set():
                waiting["error"] = {"Error": error.error, "Cause": error.cause}
                waiting["event"].set()
            raise

    stepfunctions._call_lambda = called


class _TableArn(str):
    """The ARN of a table, with the partition keys that one request of a transaction names."""

    keys: list[str]


def _of_table(name: str) -> dict[str, str]:
    """Return the partition key's attribute of a table and of each of its indexes."""
    table = dynamodb._tables[name.rpartition("/")[2]]
    schemas = {"": table["KeySchema"]}
    for index in table.get("GlobalSecondaryIndexes") or ():
        schemas[index["IndexName"]] = index["KeySchema"]
    return {
        index: next(one["AttributeName"] for one in schema if one["KeyType"] == "HASH")
        for index, schema in schemas.items()
    }


def _queried(request: Json, attribute: str) -> Iterator[str]:
    names = request.get("ExpressionAttributeNames") or {}
    for name, value in re.findall(
        r"([#\w]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or ""
    ):
        if names.get(name, name) == attribute:
            yield from request["ExpressionAttributeValues"][value].values()


def _keys_of(request: Json) -> Iterator[str]:
    """Yield the partition keys that a request names."""
    for table, asked in (request.get("RequestItems") or {}).items():
        for key in asked.get("Keys", ()) if isinstance(asked, dict) else ():
            yield from key[_of_table(table)[""]].values()
        for write in asked if isinstance(asked, list) else ():
            (change,) = write.values()
            yield from (change.get("Item") or change.get("Key"))[_of_table(table)[""]].values()
    if "TableName" in request:
        attribute = _of_table(request["TableName"])[request.get("IndexName") or ""]
        item = request.get("Key") or request.get("Item") or {}
        yield from item.get(attribute, {}).values()
        yield from _queried(request, attribute)


def weigh_leading_keys() -> None:
    """`dynamodb:LeadingKeys` holds the partition keys of a request, or of one of a transaction."""
    context_of, checks_of = (
        iam_actions.dynamodb_service_context,
        (iam_actions.dynamodb_transaction_checks),
    )
    enforce = iam_evaluator.enforce

    def context(body: bytes) -> Json:
        keys = list(_keys_of(json.loads(body or b"{}")))
        return context_of(body) | ({"dynamodb:LeadingKeys": keys} if keys else {})

    def checks(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
        found = []
        for item in json.loads(body or b"{}").get("TransactItems", ()):
            single = json.dumps({"TransactItems": [item]}).encode()
            for each, arn in checks_of(action, single, region, account):
                table = _TableArn(arn)
                table.keys = list(_keys_of(next(iter(item.values()))))
                found.append((each, table))
        return found

    def enforced(*arguments: Any, **named: Any) -> Any:
        arn = named.get("resource_arn")
        if isinstance(arn, _TableArn):
            named["service_context"] = (named.get("service_context") or {}) | {
                "dynamodb:LeadingKeys": arn.keys
            }
        return enforce(*arguments, **named)

    iam_actions.dynamodb_service_context = context
    iam_actions.dynamodb_transaction_checks = checks
    iam_evaluator.enforce = enforced


def listen_on_one_port() -> None:
    """No gap of AWS: the emulator would also take port 443 of this machine."""
    app._port_is_bindable = lambda *_: False


BRIDGES: tuple[Callable[[], None], ...] = (
    name_the_object_version,
    read_ranges_of_versions,
    name_the_error,
    generate_without_punctuation,
    refer_to_secrets_by_arn,
    route_by_the_body_of_an_api,
    authorise_task_tokens_by_machine,
    time_out_by_path,
    fail_a_task_whose_function_fails,
    weigh_leading_keys,
    listen_on_one_port,
)


def main() -> None:
    """Build each bridge, then serve until the process is ended."""
    for bridge in BRIDGES:
        bridge()
    app.main()


if __name__ == "__main__":
    main()
