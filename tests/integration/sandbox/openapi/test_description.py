"""The sandbox answers as its OpenAPI description says, whatever it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mypreferences_assumptions import ROUTES
from prefdrop_local.sandbox.process import SandboxProcess
from tests.integration.sandbox.caller import Json, Vendor
from tests.tiers import tier_of

UPDATES = [name for name in ROUTES if name.endswith("_types.update")]


@pytest.fixture(scope="module")
def document(sandbox_process: SandboxProcess) -> Json:
    return Vendor(sandbox_process).admin("GET", "openapi.json")


@pytest.fixture(scope="module")
def described(document: Json) -> Any:
    import schemathesis  # takes seconds, which only the process of this module is to spend

    return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def conforms() -> list[Any]:
    """The checks of an answer against the description."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    return [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]


def known(vendor: Vendor, name: str) -> Json:
    """Make things for a route, and return the placeholders and query parameters that name them."""
    contact = {"AlternateIdType": "CrmContactId", "AlternateId": "C-1"}
    answer = vendor.call(
        "POST",
        f"{vendor.client_id}/Profile/AlternateId",
        params={"alternateIdType": "CrmContactId", "alternateId": "C-1"},
        json={
            "AlternateIds": [contact],
            "Emails": [{"EmailAddress": "ana@example.test"}],
            "Groups": [{"GroupType": "Region", "GroupName": "North"}],
            "ProfileTags": [{"Name": "vip"}],
        },
    )
    return {
        "profileId": answer.json()["ProfileId"],
        "alternateIdType": "CrmContactId",
        "alternateId": "C-1",
        "groupType": "Region",
        "tagName": "vip",
        "segmentName": "North",
        "segmentGroupName": "North without gold",
        "accessToken": _token(vendor, name),
    }


def _token(vendor: Vendor, name: str) -> str:
    """An import's token for routes of imports, else an export's."""
    if name.startswith("import."):
        return vendor.initiate()
    family = "SegmentGroup/North without gold" if "group" in name else "Segment/North"
    answer = vendor.call("POST", f"Async/{vendor.client_id}/Export/{family}", json={})
    return str(answer.json()["AccessToken"])


def test_every_route_of_the_table_is_described(document: Json) -> None:
    operations = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }

    assert operations == {name: (one.method, f"/{one.path}") for name, one in ROUTES.items()}


def test_the_description_is_valid_openapi(described: Any) -> None:
    described.validate()


def test_route_answers_any_request_as_described(
    subtests: pytest.Subtests,
    pytestconfig: pytest.Config,
    vendor: Vendor,
    described: Any,
    conforms: list[Any],
) -> None:
    for place, name in enumerate(ROUTES):
        # Requests that do not fit take longest to draw; every ninth route gets one.
        examples = {"positive": 1, "negative": 1} if place % 9 == 0 else {"positive": 1}
        if tier_of(pytestconfig) == "all":
            examples = {"positive": 5, "negative": 4}
        operation = described.find_operation_by_id(name)
        vendor.reset()
        there = known(vendor, name)
        for mode, most in examples.items():
            with subtests.test(route=name, mode=mode):
                assert_answers_as_described(vendor, operation, conforms, there, mode, most)


def assert_answers_as_described(
    vendor: Vendor, operation: Any, conforms: list[Any], there: Json, mode: str, most: int
) -> None:
    """Send drawn requests that fit the description or do not, and check each answer."""
    from schemathesis.generation import GenerationMode

    @settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)))
    def answered_as_described(case: Any) -> None:
        if mode == "positive":
            for values in (case.path_parameters, case.query):
                values.update((key, there[key]) for key in values.keys() & there.keys())
        case.call_and_validate(
            base_url=vendor.process.url.rstrip("/"),
            headers={"Authorization": vendor.header()},
            checks=conforms,
        )

    answered_as_described()


def test_list_that_was_read_is_taken_back_as_an_update(
    subtests: pytest.Subtests, vendor: Vendor, described: Any
) -> None:
    for name in UPDATES:
        with subtests.test(route=name):
            path = ROUTES[name].path.replace("{clientId}", vendor.client_id)
            listed = vendor.call("GET", path).json()

            answer = vendor.call("PUT", path, json=listed)

            assert answer.json() == listed
            described.find_operation_by_id(name).validate_response(answer)


def test_route_without_credentials_is_unauthorized(
    subtests: pytest.Subtests, vendor: Vendor
) -> None:
    for name, route in ROUTES.items():
        with subtests.test(route=name):
            path = route.path.replace("{clientId}", vendor.client_id)
            path = path.replace("{", "").replace("}", "")

            answer = vendor.call(route.method, path, headers={"Authorization": ""})

            assert answer.status_code == 401
