"""Pulling reads everything in every locale, and goes on where one part cannot be had."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from prefdrop.configuring.pull import pull
from prefdrop.mypreferences import (
    Client,
    Forbidden,
    NotAuthorized,
    PnAuthInfo3,
    Retries,
    ServerError,
)

NOW = datetime(2026, 1, 15, 3, tzinfo=UTC)


class Vendor:
    """A vendor that answers each part with an item, or with a status where one is set."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.usual = 200
        self.asked: list[str] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                name = parts.path.partition("/DEMO_CLIENT/")[2]
                vendor.asked.append(f"{name}?{parts.query}".rstrip("?"))
                locale = parse_qs(parts.query).get("locale", [""])[0]
                status = vendor.statuses.get(name, vendor.usual)
                body = json.dumps(vendor.items(name, locale)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def items(self, name: str, locale: str) -> dict[str, Any]:
        texts = [{"Locale": each, "Name": f"{name} in {each}"} for each in ("en_US", "es_US")]
        wanted = [text for text in texts if locale in ("", text["Locale"])]
        members = ("TypeName", "FilterId", "ProgramId", "GroupType", "GroupName", "Name")
        item = {**dict.fromkeys(members, "One"), "LocalizedFields": wanted}
        return {re.sub(r"\W", "", name): [item]}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def client(vendor: Vendor) -> Iterator[Client]:
    auth = PnAuthInfo3("DEMO_CLIENT", "demo.api.user", "example-shared-key-0001")
    url = f"http://127.0.0.1:{vendor.server.server_address[1]}/"
    with Client(url, "DEMO_CLIENT", auth, retries=Retries(sleep=lambda _: None)) as made:
        yield made


def test_every_part_is_read_in_every_locale_that_has_texts(client: Client, vendor: Vendor) -> None:
    snapshot = pull(client, "DEMO_CLIENT", NOW)

    assert (snapshot.client_id, snapshot.taken_at) == ("DEMO_CLIENT", NOW)
    assert snapshot.locales == ("en_US", "es_US")
    assert snapshot.unread == {}
    assert len(snapshot.parts) == 17
    assert len(snapshot.parts["custom_fields"]) == 4
    (spanish,) = snapshot.localized["es_US"]["filters"]
    assert [text["Locale"] for text in spanish["LocalizedFields"]] == ["es_US"]
    assert "GroupTypes/One/GroupNames" in vendor.asked


def test_kinds_and_group_types_are_noted_with_what_they_are_of(client: Client) -> None:
    snapshot = pull(client, "DEMO_CLIENT", NOW)

    kinds = [field["Kind"] for field in snapshot.parts["custom_fields"]]
    assert kinds == ["Text", "Numeric", "DateTime", "SelectList"]
    assert snapshot.parts["group_names"][0]["GroupType"] == "One"


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NotFound"), (403, "Forbidden"), (405, "RouteRefused")]
)
def test_a_part_that_cannot_be_had_is_noted_and_the_others_are_read(
    client: Client, vendor: Vendor, status: int, code: str
) -> None:
    vendor.statuses = {"Picklists": status, "CustomFields/Text": status}

    snapshot = pull(client, "DEMO_CLIENT", NOW)

    assert snapshot.unread == {"picklists": code, "custom_fields.text": code}
    assert "picklists" not in snapshot.parts
    assert snapshot.parts["filters"]


@pytest.mark.parametrize(("status", "error"), [(503, ServerError), (401, NotAuthorized)])
def test_trouble_that_is_not_one_parts_own_ends_the_pull(
    client: Client, vendor: Vendor, status: int, error: type[Exception]
) -> None:
    vendor.statuses = {"Filters": status}

    with pytest.raises(error):
        pull(client, "DEMO_CLIENT", NOW)


def test_a_user_who_may_see_nothing_makes_no_empty_snapshot(client: Client, vendor: Vendor) -> None:
    vendor.usual = 403

    with pytest.raises(Forbidden):
        pull(client, "DEMO_CLIENT", NOW)
