"""Puts descriptions, routes and schemas together to an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mypreferences_assumptions import ROUTES
from prefdrop_local.sandbox.openapi.description import Described, Parameter, Schema, ref

_REASONS = {
    200: "Done", 201: "Created; `Location` is where it is", 204: "Done, there is nothing to say",
    400: "The request is malformed or invalid",
    401: "Credentials, or an access token, are not valid",
    403: "The user lacks a permission, or too many profiles match",
    404: "Something that the request names does not exist", 405: "The resource lacks the method",
    409: "It would clash with what there is", 413: "The body is too large",
    415: "The body is not plain JSON", 429: "The limit of 24 hours is reached",
}  # fmt: skip
_COMMON = (401, 404)
_JSON = "application/json"
_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["Message"],
    "properties": {
        "Message": {"type": "string"},
        "ModelState": {
            "type": "object",
            "description": "Place in the body → what is wrong there.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_PLACEHOLDERS: Mapping[str, Mapping[str, Any]] = {
    "profileId": {"type": "integer", "minimum": 1, "maximum": 2**53},
    "subscriptionId": {"type": "integer", "minimum": 1, "maximum": 2**53},
    "userId": {"type": "integer", "minimum": 1, "maximum": 2**53},
    "accessToken": {"type": "string", "pattern": "^[0-9]{1,15}$"},
    "eventId": {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f-]{1,27}$"},
    "customFieldKind": {"enum": ["Text", "Numeric", "DateTime", "SelectList"]},
    "programTypeId": {"enum": ["Transactional", "Marketing", "Informational", "Consent", "DNC"]},
}
_NAME: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100}


def openapi(
    url: str, client_id: str, described: Mapping[str, Described],
    schemas: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """The document for the described routes.

    `url` is the API's base; `schemas` are those that descriptions refer to by name, besides
    structs.
    """
    paths: dict[str, dict[str, Any]] = {}
    for name, one in described.items():
        route = ROUTES[name]
        operations = paths.setdefault("/" + route.path, {})
        operations[route.method.lower()] = _operation(name, one, client_id)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MyPreferences sandbox",
            "version": "4",
            "description": "What this sandbox serves. It is not the vendor's own description.",
        },
        "servers": [{"url": url.rstrip("/")}],
        "security": [{"vendor": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, **schemas, **_structs(described.values())},
            "securitySchemes": {
                "vendor": {"type": "apiKey", "in": "header", "name": "Authorization"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(name: str, one: Described, client_id: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [name.split(".")[0]],
        "summary": one.summary,
        "parameters": [*_placeholders(ROUTES[name].path, client_id), *_query(one)],
        "responses": {
            **{str(status): _answer(status, schema) for status, schema in one.answers.items()},
            **{str(status): _refusal(status) for status in sorted({*_COMMON, *one.refusals})},
        },
    }
    if number := ROUTES[name].number:
        operation["description"] = f"Path and method are assumed ({number})."
    if one.body is not None:
        content = {_JSON: {"schema": _schema(one.body)}}
        operation["requestBody"] = {"required": one.needs_body, "content": content}
    return operation


def _placeholders(path: str, client_id: str) -> list[dict[str, Any]]:
    schemas = {**_PLACEHOLDERS, "clientId": {"enum": [client_id]}}
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas.get(name, _NAME)}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query(one: Described) -> list[dict[str, Any]]:
    found = [_parameter(parameter) for parameter in one.query]
    if one.more_query:
        found.append(
            {
                "name": "others", "in": "query", "style": "form", "explode": True,
                "description": one.more_query,
                "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            }
        )  # fmt: skip
    return found


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name, "in": "query", "required": parameter.required,
        "schema": parameter.schema,
    }  # fmt: skip


def _answer(status: int, schema: Schema | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _REASONS[status]}
    if schema is not None:
        answer["content"] = {_JSON: {"schema": _schema(schema)}}
    if status == 201:
        answer["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}
    return answer


def _refusal(status: int) -> dict[str, Any]:
    content = {_JSON: {"schema": ref("Problem")}}
    return {"description": _REASONS[status], "content": content}


def _schema(schema: Schema) -> Mapping[str, Any]:
    if isinstance(schema, type):
        return ref(schema.__name__)
    return schema


def _structs(described: Iterable[Described]) -> dict[str, Any]:
    """The schemas of every struct that a description names."""
    types = {
        schema
        for one in described
        for schema in (*one.answers.values(), one.body, *one.structs)
        if isinstance(schema, type)
    }
    ordered = sorted(types, key=lambda found: found.__name__)
    template = "#/components/schemas/{name}"
    return msgspec.json.schema_components(ordered, ref_template=template)[1]
