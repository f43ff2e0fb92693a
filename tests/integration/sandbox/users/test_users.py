"""User management: administrators list, create, reactivate and update users."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.integration.sandbox.caller import Json, Vendor

SECRET = "a-secret-of-the-tests"


def _users(vendor: Vendor, method: str, path: str = "", body: Any = None) -> requests.Response:
    return vendor.call(method, f"{vendor.client_id}/Users{path}", json=body)


def _create(vendor: Vendor, name: str = "new.user", **members: Any) -> requests.Response:
    return _users(vendor, "POST", body={"UserName": name, **members})


def _listed(vendor: Vendor) -> dict[str, Json]:
    return {user["UserName"]: user for user in _users(vendor, "GET").json()["Users"]}


def _with_secret(vendor: Vendor, name: str = "new.user") -> Vendor:
    vendor.admin("PUT", f"users/{name}", json={"secret": SECRET})
    return vendor.as_user(name, SECRET)


def test_a_new_user_is_listed_with_what_was_sent(vendor: Vendor) -> None:
    answer = _create(
        vendor, FirstName="Ana", LastName="Ruiz", Email="ana@example.test",
        UserGroups=["Integrators"], SourceGroupID=2, DefaultLandingPage="DataExport", IsSSO=True,
    )  # fmt: skip

    assert answer.status_code == 201
    made = answer.json()
    assert made["SubmittedTime"]
    assert answer.headers["Location"].endswith(f"/DEMO_CLIENT/Users/{made['UserId']}")
    listed = _listed(vendor)["new.user"]
    assert listed | {
        "UserId": made["UserId"], "FirstName": "Ana", "Email": "ana@example.test",
        "UserGroups": ["Integrators"], "SourceGroupID": 2, "DefaultLandingPage": "DataExport",
        "IsSSO": True, "IsActive": True,
    } == listed  # fmt: skip


def test_a_new_user_authenticates_once_it_has_a_secret(vendor: Vendor) -> None:
    _create(vendor, UserGroups=["Integrators"])

    for secret in ("", SECRET):
        unknown = Vendor(vendor.process, "new.user", "x")
        header = unknown.header(secret=secret)
        answer = unknown.call(
            "GET", f"{vendor.client_id}/EmailTypes", headers={"Authorization": header}
        )
        assert answer.status_code == 401
    user = _with_secret(vendor)

    assert user.call("GET", f"{vendor.client_id}/EmailTypes").status_code == 200


def test_what_a_user_may_do_comes_from_its_groups(vendor: Vendor) -> None:
    _create(vendor, UserGroups=["Customer care"])
    user = _with_secret(vendor)
    import_body = {"Name": "nightly"}

    assert user.imports("POST", json=import_body).status_code == 403
    assert _users(user, "GET").status_code == 403
    created = user.call("POST", f"{vendor.client_id}/Profile", json={"CustomerType": "Prospect"})
    assert created.status_code == 201

    user_id = _listed(vendor)["new.user"]["UserId"]
    groups = ["Customer care", "administrators"]
    update = {"UserName": "new.user", "UserGroups": groups}
    assert _users(vendor, "PUT", f"/{user_id}", update).status_code == 200

    assert user.imports("POST", json=import_body).status_code == 200
    assert _users(user, "GET").status_code == 200


def test_a_profile_shows_the_source_group_of_who_made_it(vendor: Vendor) -> None:
    _create(vendor, UserGroups=["Integrators"], SourceGroupID=1)
    user = _with_secret(vendor)

    user.call("POST", f"{vendor.client_id}/Profile", json={})

    assert vendor.profile() | {"UserId": "new.user", "SourceId": "API"} == vendor.profile()


def test_an_inactive_user_of_that_name_is_active_again(vendor: Vendor) -> None:
    first = _create(vendor, UserGroups=["Integrators"]).json()["UserId"]
    user = _with_secret(vendor)
    inactive = {"UserName": "new.user", "UserGroups": ["Integrators"], "IsActive": False}
    _users(vendor, "PUT", f"/{first}", inactive)
    assert user.call("GET", f"{vendor.client_id}/EmailTypes").status_code == 401

    answer = _create(vendor, "New.User", UserGroups=["Integrators"])

    assert (answer.status_code, answer.json()["UserId"]) == (201, first)
    assert user.call("GET", f"{vendor.client_id}/EmailTypes").status_code == 200


def test_an_active_user_of_that_name_is_a_conflict(vendor: Vendor) -> None:
    assert _create(vendor, "DEMO.API.USER").status_code == 409


def test_an_id_in_the_body_of_a_new_user_means_nothing(vendor: Vendor) -> None:
    answer = _create(vendor, UserId=1)

    assert answer.json()["UserId"] not in (0, 1)
    assert _listed(vendor)["demo.api.user"]["UserId"] == 1


def test_an_update_writes_the_user_over(vendor: Vendor) -> None:
    user_id = _create(vendor, FirstName="Ana", Phone="617-555-0100").json()["UserId"]

    answer = _users(vendor, "PUT", f"/{user_id}", {"username": "new.user", "lastname": "Ruiz"})

    assert (answer.status_code, answer.json()["UserId"]) == (200, user_id)
    listed = _listed(vendor)["new.user"]
    assert (listed["FirstName"], listed["LastName"], listed["Phone"]) == ("", "Ruiz", "")


def test_user_that_does_not_fit_is_refused(subtests: pytest.Subtests, vendor: Vendor) -> None:
    for members, status in [
        ({"UserName": ""}, 400),
        ({"UserName": "with space"}, 400),
        ({"UserGroups": ["Nobody"]}, 404),
        ({"UserGroups": "Integrators"}, 400),
        ({"SourceGroupID": 99}, 404),
        ({"DefaultLandingPage": "Elsewhere"}, 400),
    ]:
        with subtests.test(members=members):
            answer = _users(vendor, "POST", body={"UserName": "new.user", **members})

            assert answer.status_code == status
            assert "new.user" not in _listed(vendor)


@pytest.mark.parametrize(("path", "status"), [("/999", 404), ("/none", 404), ("/1", 400)])
def test_an_update_needs_a_user_and_its_own_name(vendor: Vendor, path: str, status: int) -> None:
    assert _users(vendor, "PUT", path, {"UserName": "new.user"}).status_code == status


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("PUT", "/1")])
def test_only_administrators_manage_users(vendor: Vendor, method: str, path: str) -> None:
    user = vendor.as_user("demo.no.administrator", "sandbox-shared-secret-0011")

    assert _users(user, method, path, {"UserName": "demo.api.user"}).status_code == 403


def test_a_reset_brings_the_users_of_the_account_file_back(vendor: Vendor) -> None:
    _create(vendor)

    vendor.reset()

    assert "new.user" not in _listed(vendor)


def test_no_secret_is_ever_shown(vendor: Vendor) -> None:
    _create(vendor)
    _with_secret(vendor)

    shown = _users(vendor, "GET").text + str(vendor.admin("GET", "users"))

    assert SECRET not in shown
    assert "sandbox-shared-secret" not in shown


def test_an_update_that_does_not_say_it_lets_nobody_in_again(vendor: Vendor) -> None:
    number = _create(vendor, UserGroups=["Integrators"]).json()["UserId"]
    name = {"UserName": "new.user", "UserGroups": ["Integrators"]}
    _users(vendor, "PUT", f"/{number}", {**name, "IsActive": False})

    answers = [
        _users(vendor, "PUT", f"/{number}", {**name, "LastName": "Ruiz"}),
        _users(vendor, "PUT", f"/{number}", {**name, "LastName": "Ruiz", "IsActive": None}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    listed = _listed(vendor)["new.user"]
    assert (listed["LastName"], listed["IsActive"]) == ("Ruiz", False)
