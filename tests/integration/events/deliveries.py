"""The vendor's part, played over HTTP: deliveries to the stack's webhook, and what came of them."""

from __future__ import annotations

import json
from typing import Any

import requests

from prefdrop.ledger.table import unmarshal
from tests.workbench import PATIENCE, Workbench


class Deliveries:
    """A sender that knows the webhook's address."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        url = bench.stack.webhook_url
        assert url
        self.base, self.key = url.rsplit("/", 1)
        self._secrets = bench.stack.client("secretsmanager")
        self._first_log = len(bench.logs())

    def send(self, body: Any, *, key: str = "", method: str = "POST", **headers: str) -> Any:
        """Send a request; a body that is no text becomes JSON."""
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method,
            f"{self.base}/{key or self.key}",
            data=text.encode() if isinstance(text, str) else text,
            headers={"content-type": "application/json", **named},
            timeout=PATIENCE,
        )

    def set_secret(self, **members: Any) -> None:
        """Change the webhook's secret, as an operator does."""
        self._secrets.put_secret_value(
            SecretId=self.bench.stack.outputs["WebhookSecretArn"],
            SecretString=json.dumps({"key": self.key, **members}),
        )

    def kept(self) -> dict[str, dict[str, Any]]:
        """The items of the audit table by event id."""
        return {item["pk"]: item for item in self._scan("AuditTableName")}

    def aside(self) -> list[dict[str, Any]]:
        """What lies in the exceptions table of deliveries."""
        found = self._scan("ExceptionsTableName")
        return [item for item in found if item["pk"].startswith("EVENT#")]

    def _scan(self, output: str) -> list[dict[str, Any]]:
        pages = self.bench.dynamodb.get_paginator("scan").paginate(
            TableName=self.bench.stack.outputs[output], ConsistentRead=True
        )
        return [unmarshal(item) for page in pages for item in page["Items"]]
