"""What an HTTP API gives to a function and takes from it: payload format 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from prefdrop_local.stack.place import ACCOUNT, REGION

_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")
_TEXT_SUFFIXES = ("+json", "+xml")


@dataclass(frozen=True)
class Request:
    """A request as it came in. `path` and `query` are as sent, still encoded."""

    method: str
    path: str
    query: str
    protocol: str
    source_ip: str
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What goes back. Header names are lower-case; `set-cookie` may be there several times."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)


def message(status: int, text: str) -> Answer:
    """An answer of API Gateway's own."""
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    return Answer(status, [("content-type", "application/json")], body)


def event(
    request: Request, api_id: str, route_key: str, parameters: dict[str, str]
) -> dict[str, Any]:
    """The event that the function is called with; members without a value are left out."""
    headers = _joined((name.lower(), value.strip()) for name, value in request.headers)
    cookies = headers.pop("cookie", "")
    text = _text(request.body, headers.get("content-type", ""))
    optional: dict[str, Any] = {
        "cookies": [cookie.strip() for cookie in cookies.split(";") if cookie.strip()],
        "queryStringParameters": _joined(parse_qsl(request.query, keep_blank_values=True)),
        "pathParameters": parameters,
        "body": base64.b64encode(request.body).decode() if text is None else text,
    }
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": {**headers, **_forwarded(request, headers.get("x-forwarded-for", ""))},
        "requestContext": _context(request, api_id, route_key, headers.get("user-agent", "")),
        **{name: value for name, value in optional.items() if value},
        "isBase64Encoded": text is None,
    }


def answer(returned: Any) -> Answer | None:
    """What a function returned, as an answer; None when API Gateway could not make one of it.

    Without a `statusCode` the whole value is the body of a 200.
    """
    if not isinstance(returned, dict) or "statusCode" not in returned:
        body = returned if isinstance(returned, str) else json.dumps(returned)
        return Answer(200, [("content-type", "application/json")], body.encode())
    try:
        status = int(returned["statusCode"])
        body = returned.get("body") or ""
        content = (
            base64.b64decode(body, validate=True)
            if returned.get("isBase64Encoded")
            else body.encode()
        )
        headers = _answer_headers(returned)
    except (AttributeError, TypeError, ValueError):
        return None
    return Answer(status, headers, content) if 100 <= status <= 599 else None


def _answer_headers(returned: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [
        (name.lower(), str(value)) for name, value in (returned.get("headers") or {}).items()
    ]
    headers += [("set-cookie", str(cookie)) for cookie in returned.get("cookies") or ()]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return headers


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _text(body: bytes, content_type: str) -> str | None:
    """The body as text; None when it goes to the function in base64.

    What is declared as text but is not UTF-8 goes in base64 here, so that no byte is lost.
    """
    kind = content_type.partition(";")[0].strip().lower()
    is_text = kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(_TEXT_SUFFIXES)
    if body and kind and not is_text:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _forwarded(request: Request, before: str) -> dict[str, str]:
    """The headers that API Gateway adds; `before` is who forwarded the request to it."""
    return {
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}",
        "x-forwarded-for": f"{before}, {request.source_ip}" if before else request.source_ip,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }


def _context(request: Request, api_id: str, route_key: str, agent: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "accountId": ACCOUNT,
        "apiId": api_id,
        "domainName": f"{api_id}.execute-api.{REGION}.amazonaws.com",
        "domainPrefix": api_id,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": agent,
        },
        "requestId": uuid.uuid4().hex[:16],
        "routeKey": route_key,
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
