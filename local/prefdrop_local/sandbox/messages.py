"""A request that has been read and an answer that has not been sent yet.

The server reads and sends, the sandbox decides: what a request changes and what its caller gets
to see of it are two steps, so that each can be made to fail alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """One HTTP request. Header names are lower case; `path` is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    length: int = 0
    """Bytes of the body as sent; above `len(body)` where it was too large to be read at all."""

    @property
    def content_type(self) -> str:
        """The media type without its parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Response:
    """One HTTP answer; `body` is JSON unless the headers say otherwise."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
