"""dynalite: a DynamoDB that shares no code with moto, on a free loopback port."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_START = """
const server = require(process.argv[1])({createTableMs: 0, deleteTableMs: 0})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit()).resume()
"""
"""It ends with the program that started it, whose end closes its standard input."""

_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
"""dynalite looks for a signature and does not check it."""


class Dynalite:
    """A connection to one server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.asked = 0

    def ask(self, action: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and answer of one request."""
        self.asked += 1
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{action}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": _SIGNED,
            "X-Amz-Date": "20260101T000000Z",
        }
        self._connection.request("POST", "/", json.dumps(request), headers)
        answer = self._connection.getresponse()
        body: dict[str, Any] = json.loads(answer.read() or b"{}")
        return answer.status, body


@contextmanager
def running(modules: Path) -> Iterator[Dynalite]:
    """Start the dynalite that npm installed into `modules`, and stop it."""
    command = ["node", "-e", _START, str((modules / "dynalite").resolve())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline()
            if not port:
                raise SystemExit("dynalite did not start: run `make test-dynalite`.")
            yield Dynalite(int(port))
        finally:
            process.stdin.close()
