"""Where requests go is data: the table of assumptions, a stack's settings and the account."""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter

import msgspec
import pytest

import mypreferences_assumptions as assumptions
from prefdrop.mypreferences import Client, Misconfigured
from prefdrop.mypreferences.routes import Routes, routes_in
from tests.unit.mypreferences.scripted_vendor import ScriptedVendor, answer

BASE = "https://pm.example.test/Profiles/v4"
STATUS = {"AccessToken": 1, "Status": "Queued", "TotalRecordsReceived": 0}


def test_route_of_the_table_is_filled_in(subtests: pytest.Subtests) -> None:
    for name in assumptions.ROUTES:
        with subtests.test(name=name):
            route = assumptions.ROUTES[name]
            placeholders = {field for _, field, _, _ in Formatter().parse(route.path) if field}
            values = {field: f"{field}/1 é" for field in placeholders - {"clientId"}}

            target = Routes(BASE, "ACME CORP").target(name, **values)

            assert target.method == route.method
            expected = route.path.replace("{clientId}", "ACME%20CORP")
            for field in values:
                expected = expected.replace(f"{{{field}}}", f"{field}%2F1%20%C3%A9")
            assert target.url == f"{BASE}/{expected}"


def test_a_route_can_be_replaced_by_a_setting(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    client = make_client(routes={"import.stage": "Async/{clientId}/Import/{accessToken}"})
    vendor.script(answer(200, STATUS))

    client.imports.stage("704418", b"{}", timeout=5)

    assert vendor.received[0].path == "/Profiles/v4/Async/DEMO_CLIENT/Import/704418"


def test_the_integration_api_may_have_a_base_of_its_own(
    vendor: ScriptedVendor, make_client: Callable[..., Client]
) -> None:
    client = make_client(
        base_url="https://pm.example.test/Profiles/v4/",
        integration_url=f"http://{vendor.host}/Integration",
    )
    vendor.script(answer(200, STATUS), answer(200))

    client.imports.status("1")
    client.request("GET", "Async/{clientId}/Anything")

    assert [request.path for request in vendor.received] == [
        "/Integration/Async/DEMO_CLIENT/Import/1/Status",
        "/Integration/Async/DEMO_CLIENT/Anything",
    ]


def test_route_replacement_that_cannot_work_is_refused(subtests: pytest.Subtests) -> None:
    for routes in [
        {"import.stag": "Async/{clientId}/Import"},
        {"import.stage": "Async/{clientId}/Import"},
        {"import.stage": "Async/{clientId}/Import/{token}/Stage"},
        {"import.stage": "Async/{clientId}/Import/{accessToken}/{}"},
        {"import.stage": "Async/{clientId/Import/{accessToken}"},
        {"import.stage": "https://elsewhere.example.test/{clientId}/{accessToken}"},
    ]:
        with subtests.test(routes=routes):
            with pytest.raises(Misconfigured, match="setting `routes`") as raised:
                Routes(BASE, "DEMO_CLIENT", overrides=routes)

            assert raised.value.hint


def test_routes_come_from_the_setting_or_the_object_it_names() -> None:
    body = b'{"import.execute": "Async/{clientId}/Run/{accessToken}"}'

    assert routes_in(body.decode(), _no_object) == msgspec.json.decode(body)
    assert routes_in("{}", _no_object) == {}
    assert routes_in(KEY, {KEY: body}.__getitem__) == msgspec.json.decode(body)


def test_object_that_holds_no_routes_is_refused_by_its_name(subtests: pytest.Subtests) -> None:
    for body in (b"", b"{", b"[]", b'{"import.stage": 1}', b'{"a": "\xff"}', b"\xff\xfe{\0}\0"):
        with subtests.test(body=body):
            with pytest.raises(Misconfigured, match=f"object {KEY} of the bucket") as raised:
                routes_in(KEY, {KEY: body}.__getitem__)

            assert "deploy" in raised.value.hint


def test_setting_that_holds_no_routes_is_refused() -> None:
    with pytest.raises(Misconfigured, match="setting `routes` is not a JSON object"):
        routes_in("{", _no_object)


def _no_object(key: str) -> bytes:
    raise AssertionError(key)


KEY = "configuration/routes-1.json"


def test_base_url_that_may_not_get_credentials_is_refused(subtests: pytest.Subtests) -> None:
    for url in [
        "",
        "pm.example.test/Profiles",
        "ftp://pm.example.test/",
        "https:///Profiles",
        "http://pm.example.test/Profiles/v4/",
        "http://127.0.0.1.example.test/",
        "https://user:key@pm.example.test/",
        "https://pm.example.test/?key=1",
    ]:
        with subtests.test(url=url):
            with pytest.raises(Misconfigured, match="base_url") as raised:
                Routes(url, "DEMO_CLIENT")

            assert "key" not in raised.value.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_plain_http_is_for_this_machine_only(host: str) -> None:
    assert Routes(f"http://{host}:8080/v4", "C").base_url == f"http://{host}:8080/v4/"


def test_an_empty_client_id_or_token_is_refused() -> None:
    with pytest.raises(Misconfigured, match="client id"):
        Routes(BASE, " ")
    with pytest.raises(Misconfigured, match="access token"):
        Routes(BASE, "C").target("import.status", accessToken="")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_would_lead_to_another_path_is_refused(value: str) -> None:
    with pytest.raises(Misconfigured, match="segmentName") as raised:
        Routes(BASE, "C").target("export.segment.initiate", segmentName=value)

    assert raised.value.hint
