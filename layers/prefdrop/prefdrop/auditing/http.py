"""An HTTP API's request and answer, as its payload format 2.0 hands them over."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec


class Request(NamedTuple):
    """One request. Header names are lower-case; `key` is the last segment of the path.

    `body` is None when it was to be base64 and is not.
    """

    method: str
    key: str
    source_ip: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None

    def __repr__(self) -> str:
        """Without key, headers and body: none of them may reach a log."""
        return f"Request(method={self.method!r})"

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response(NamedTuple):
    """One answer; `body` is JSON if it is not text."""

    status: int
    body: Mapping[str, Any] | str = ""
    headers: Mapping[str, str] = {}

    def payload(self) -> dict[str, Any]:
        """The answer as the HTTP API wants it from a function."""
        text = isinstance(self.body, str)
        kind = "text/plain; charset=utf-8" if text else "application/json"
        return {
            "statusCode": self.status,
            "headers": {
                "content-type": kind,
                "cache-control": "no-store",
                "x-content-type-options": "nosniff",
                **self.headers,
            },
            "body": self.body if text else msgspec.json.encode(self.body).decode(),
        }


def request_of(event: Mapping[str, Any]) -> Request:
    """Read a function's event; whatever is missing from it reads as empty."""
    http = _members(_members(event.get("requestContext")).get("http"))
    headers = _texts(event.get("headers"))
    return Request(
        method=str(http.get("method", "")).upper(),
        key=_texts(event.get("pathParameters")).get("key", ""),
        source_ip=str(http.get("sourceIp", "")),
        headers={name.lower(): value for name, value in headers.items()},
        query=_texts(event.get("queryStringParameters")),
        body=_body(event),
    )


def _members(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> dict[str, str]:
    return {str(name): str(text) for name, text in _members(value).items()}


def _body(event: Mapping[str, Any]) -> bytes | None:
    text = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
