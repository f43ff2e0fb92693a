"""User management of the client against the sandbox, and what only a raw call reaches."""

from __future__ import annotations

import json

import pytest

from prefdrop.mypreferences import Client, Conflict, Forbidden, NotFound, User
from tests.integration.clients.conftest import Connect

NEW = User(
    user_name="new.user",
    first_name="Ana",
    last_name="Ruiz",
    email="ana@example.test",
    user_groups=("Customer care",),
    source_group_id=1,
    default_landing_page="Dashboard",
    is_sso=True,
    is_active=True,
)


def test_a_user_is_created_listed_and_updated(client: Client) -> None:
    created = client.users.create(NEW)
    listed = {user.user_name: user for user in client.users.list()}
    assert created.user_id is not None
    client.users.update(created.user_id, {**NEW.members(), "LastName": "Okafor"})
    again = {user.user_name: user for user in client.users.list()}

    assert created.submitted_time
    assert listed["new.user"].user_id == created.user_id
    assert again["new.user"].last_name == "Okafor"
    with pytest.raises(Conflict):
        client.users.create(NEW)


def test_creating_an_inactive_user_activates_the_one_there_is(client: Client) -> None:
    first = client.users.create(NEW)
    assert first.user_id is not None
    client.users.update(first.user_id, {**NEW.members(), "IsActive": False})

    again = client.users.create(NEW)

    assert again.user_id == first.user_id


def test_only_administrators_manage_users(connect: Connect) -> None:
    with pytest.raises(Forbidden):
        connect("demo.no.administrator").users.list()


def test_a_user_that_there_is_not_cannot_be_updated(client: Client) -> None:
    with pytest.raises(NotFound):
        client.users.update(987_654, NEW)


def test_what_is_not_modelled_is_reached_by_a_raw_call(client: Client) -> None:
    created = client.request("POST", "{clientId}/Profile", body=b'{"DefaultLocale": "es_US"}')
    number = json.loads(created.body)["ProfileId"]

    answer = client.request("GET", f"{{clientId}}/Profile/{number}")

    assert answer.status == 200
    assert answer.json()["DefaultLocale"] == "es_US"
