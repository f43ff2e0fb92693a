"""A bulk import through the client, from its beginning to its exceptions."""

from __future__ import annotations

import json

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client
from tests.integration.clients.people import MATCHED, bring, person


def test_a_refused_record_is_named_among_the_exceptions_of_its_import(client: Client) -> None:
    good, bad = person(1), person(2)
    bad["Emails"][0]["EmailAddress"] = "person.2@localhost.test"
    body = {assumptions.NAMES["stage.records"].value: [good, bad]}

    token = client.imports.initiate(MATCHED).access_token
    staged = client.imports.stage(token, json.dumps(body).encode(), timeout=30)
    page = client.imports.exceptions(token)

    assert (staged.validation_successful, staged.validation_failed) == (1, 1)
    assert [one.sequence for one in page.records] == [2]
    assert page.records[0].reasons


def test_an_executed_import_ends_with_its_records_processed(client: Client) -> None:
    bring(client, person(1), person(2), person(3))

    assert len(client.profiles.search_by_email("person.2@example.test")) == 1
