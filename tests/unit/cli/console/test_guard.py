"""The console answers a browser of this machine that was given the token, and nobody else."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from prefdrop_cli.console.server import ConsoleServer
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.exits import WrongUse
from tests.unit.cli.console.visitor import Visitor
from tests.workbench import PATIENCE

STATIC = Path(__file__).parents[4] / "cli/prefdrop_cli/console/static"


def test_the_printed_address_lets_a_browser_in_and_the_cookie_keeps_it_in(
    stranger: Visitor,
) -> None:
    answer = stranger.let_in()

    assert answer.status == 200
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(
        answer.headers["Set-Cookie"].split("; ")
    )
    assert stranger.get("/").status == 200
    assert stranger.get("/api/place").status == 200


def test_a_browser_without_the_token_sees_nothing_but_where_to_find_it(stranger: Visitor) -> None:
    page, script, question = map(stranger.get, ("/", "/main.js", "/api/imports"))

    assert [page.status, script.status, question.status] == [401, 401, 401]
    assert b"prefdrop console" in page.body
    assert script.body == page.body
    assert question.json()["error"]["code"] == "Locked"


def test_token_that_is_wrong_is_refused(subtests: pytest.Subtests, stranger: Visitor) -> None:
    for token in ["", "wrong", "\u2603", "%ff%fe", "a" * 5000]:
        with subtests.test(token=token):
            answer = stranger.get(f"/?token={token.encode('ascii', 'ignore').decode()}")

            assert answer.status == 401
            assert "Set-Cookie" not in answer.headers


def test_the_token_opens_the_page_only_and_is_no_way_around_the_cookie(stranger: Visitor) -> None:
    query = stranger.opening.partition("?")[2]

    assert stranger.get(f"/api/place?{query}").status == 401
    assert stranger.get(f"/main.js?{query}").status == 401


def test_cookie_that_is_wrong_is_refused(subtests: pytest.Subtests, stranger: Visitor) -> None:
    for cookie in ["prefdrop_console={}", "x", "=", 'a="', "\xff=1; b"]:
        with subtests.test(cookie=cookie):
            assert stranger.get("/api/place", Cookie=cookie).status == 401


def test_what_a_browser_is_started_with_lets_one_in_once(
    server: ConsoleServer, stranger: Visitor
) -> None:
    target = "/?" + server.guard.opening_once().partition("?")[2]

    first, second = stranger.get(target), stranger.get(target)

    assert first.status == 200
    assert "Set-Cookie" in first.headers
    assert second.status == 401


def test_request_to_another_host_name_gets_nothing(
    subtests: pytest.Subtests, visitor: Visitor
) -> None:
    for host in [
        "rebound.example.test",
        "rebound.example.test:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.example.test",
        "[::1]:{port}",
        "",
        None,
    ]:
        with subtests.test(host=host):
            named = None if host is None else host.format(port=visitor.port)

            page, question = visitor.get("/", Host=named), visitor.get("/api/place", Host=named)

            assert [page.status, question.status] == [403, 403]
            assert question.json()["error"]["code"] == "WrongHost"


def test_target_with_foreign_host_gets_nothing(visitor: Visitor) -> None:
    assert visitor.get("http://rebound.example.test/main.js").status == 403


def test_target_that_is_no_url_is_answered_as_json(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = visitor.get("http://[")

    assert (answer.status, answer.json()["error"]["code"]) == (400, "NotARequest")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert capsys.readouterr().err == ""


def test_query_with_too_many_members_is_refused(visitor: Visitor) -> None:
    assert visitor.get("/api/place?" + "a=1&" * 20).status == 400


def test_two_hosts_are_none(visitor: Visitor) -> None:
    own = f"127.0.0.1:{visitor.port}"

    assert visitor.get("/api/place", Host=[own, "rebound.example.test"]).status == 403


def test_request_of_another_page_gets_nothing(subtests: pytest.Subtests, visitor: Visitor) -> None:
    for headers in [
        {"Origin": "https://page.example.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ]:
        with subtests.test(headers=headers):
            answer = visitor.get("/api/place", **headers)

            assert answer.status == 403
            assert answer.json()["error"]["code"] == "OtherPage"


def test_a_link_on_another_page_opens_the_console_only_with_the_token(stranger: Visitor) -> None:
    bare = stranger.get("/", Sec_Fetch_Site="cross-site")
    target = "/?" + stranger.opening.partition("?")[2]

    assert bare.status == 401
    assert stranger.get(target, Sec_Fetch_Site="cross-site").status == 200


def test_request_with_another_method_than_get_is_refused(
    subtests: pytest.Subtests, visitor: Visitor
) -> None:
    for method in ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]:
        with subtests.test(method=method):
            answer = visitor.send(method, "/api/imports")

            assert answer.status == 405
            assert answer.headers["Allow"] == "GET"
            assert answer.headers["Connection"] == "close"


def test_what_is_sent_along_with_a_question_is_not_taken_for_the_next_one(
    visitor: Visitor,
) -> None:
    hidden = b"GET /api/place HTTP/1.1\r\n\r\n"
    head = (
        f"GET /main.js HTTP/1.1\r\nHost: 127.0.0.1:{visitor.port}\r\nCookie: {visitor.cookie}\r\n"
        f"Content-Length: {len(hidden)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", visitor.port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode() + hidden)
        answers = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answers.count(b"HTTP/1.1 ") == 1


def test_path_that_leads_out_of_the_pages_is_not_found(
    subtests: pytest.Subtests, visitor: Visitor
) -> None:
    for target in [
        "/../server.py",
        "/static/../../server.py",
        "/..%2fserver.py",
        "/%2e%2e/%2e%2e/pyproject.toml",
        "/..\\server.py",
        "//etc/passwd",
        "/index.html",
        "/main.js/",
        "/main.js%00.html",
        "*",
    ]:
        with subtests.test(target=target):
            answer = visitor.get(target)

            assert answer.status == 404
            assert set(answer.json()) == {"error"}


def test_what_is_no_request_is_answered_as_json_that_quotes_nothing_of_it(
    visitor: Visitor,
) -> None:
    with socket.create_connection(("127.0.0.1", visitor.port), timeout=PATIENCE) as connection:
        connection.sendall(b"<script>alert(1)</script> / HTTP/9.9\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert b"application/json" in answer
    assert b"script" not in answer.partition(b"\r\n\r\n")[2]


def test_answer_of_any_kind_may_not_be_kept_framed_or_guessed(
    subtests: pytest.Subtests, visitor: Visitor
) -> None:
    for method, target, known in [
        ("GET", "/", True),
        ("GET", "/main.js", True),
        ("GET", "/api/place", True),
        ("GET", "/api/imports/imp-9", True),
        ("GET", "/api/nothing", True),
        ("GET", "/nothing", True),
        ("GET", "/", False),
        ("GET", "/api/place", False),
        ("POST", "/", True),
    ]:
        with subtests.test(method=method, target=target, known=known):
            answer = visitor.send(method, target, **({} if known else {"Cookie": None}))

            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer.headers["Server"] == "prefdrop"
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_console_listens_on_this_machine_only(server: ConsoleServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_each_start_has_a_token_of_its_own(alone: Deployment) -> None:
    with ConsoleServer(alone) as one, ConsoleServer(alone) as other:
        tokens = [server.guard.opening.partition("token=")[2] for server in (one, other)]

    assert tokens[0] != tokens[1]
    assert all(len(token) >= 43 for token in tokens)


def test_a_port_that_is_taken_is_wrong_use(server: ConsoleServer, alone: Deployment) -> None:
    with pytest.raises(WrongUse, match="cannot be listened on"):
        ConsoleServer(alone, server.port)


def test_nothing_of_a_request_is_logged(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    visitor.get("/api/events?profile=9100001")
    visitor.get("/nothing")

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_the_page_has_no_script_or_style_within_and_fetches_nothing_from_elsewhere() -> None:
    pages = {file.name: file.read_text(encoding="utf-8") for file in STATIC.iterdir()}

    for name, text in pages.items():
        links = set(re.findall(r"https?://[^\s\"']+", text)) - {"http://www.w3.org/2000/svg"}
        assert links == set(), name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    html = pages["index.html"] + pages["locked.html"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_every_module_that_the_page_imports_is_served(visitor: Visitor) -> None:
    imported = {
        name
        for file in STATIC.glob("*.js")
        for name in re.findall(r'from "\./([^"]+)"', file.read_text(encoding="utf-8"))
    }

    answers = {name: visitor.get(f"/{name}") for name in imported | {"main.js", "style.css"}}

    assert {one.status for one in answers.values()} == {200}
    scripts = {name for name, one in answers.items() if "javascript" in one.headers["Content-Type"]}
    assert scripts == imported | {"main.js"}
