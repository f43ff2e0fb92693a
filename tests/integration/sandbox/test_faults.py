"""Which calls a fault strikes, what of a struck request is applied, and what its sender sees."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from prefdrop_local.sandbox.process import SandboxFailedError, start_sandbox
from tests.integration.sandbox.caller import Json, Vendor
from tests.workbench import PATIENCE

Contact = Callable[..., Json]

TIMEOUT = 0.3
"""Seconds after which a caller here gives up on a server that stays silent."""


def strike(vendor: Vendor, *rules: Json, seed: int = 7) -> None:
    """Put rules in force."""
    vendor.admin("PUT", "faults", json={"seed": seed, "rules": rules})


def rule(kind: str, route: str = "import.stage", **options: Any) -> Json:
    """One fault rule, without a schedule unless it is given one."""
    return {"route": route, "kind": kind, **options}


def statuses(vendor: Vendor, token: str, calls: int) -> list[int]:
    """Answers to that many status calls."""
    return [vendor.imports("GET", f"/{token}/Status").status_code for _ in range(calls)]


def strikes(vendor: Vendor) -> list[tuple[int, int]]:
    """Calls and strikes of each rule."""
    return [(item["calls"], item["strikes"]) for item in vendor.admin("GET", "faults")["rules"]]


def entry(vendor: Vendor, route: str = "import.stage") -> Json:
    """The books' last entry of a route."""
    return [item for item in vendor.books()["requests"] if item["route"] == route][-1]


def was_reset(lost: pytest.ExceptionInfo[requests.ConnectionError]) -> bool:
    """Whether the connection ended by a reset and not in an orderly way."""
    return "ConnectionResetError" in repr(lost.value)


class Raw:
    """A request sent by hand, piece by piece, to stage some records."""

    def __init__(self, vendor: Vendor, token: str, length: int) -> None:
        address = urlsplit(vendor.process.url)
        path = f"{address.path}Async/{vendor.client_id}/Import/{token}/Stage"
        self.socket = socket.create_connection((str(address.hostname), int(address.port or 0)))
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {vendor.header()}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
        )


def test_rule_with_a_schedule_strikes_its_calls(subtests: pytest.Subtests, vendor: Vendor) -> None:
    for schedule, struck in [
        ({}, "XXXXXX"),
        ({"nth": 2}, ".X...."),
        ({"nth": [1, 3]}, "X.X..."),
        ({"from": 3}, "..XXXX"),
        ({"from": 2, "to": 4}, ".XXX.."),
        ({"every": 3}, "..X..X"),
        ({"from": 3, "every": 2}, "...X.X"),
        ({"times": 2}, "XX...."),
        ({"every": 2, "times": 1}, ".X...."),
        ({"chance": 1}, "XXXXXX"),
        ({"chance": 0}, "......"),
        ({"method": "GET", "nth": 1}, "X....."),
        ({"method": "POST"}, "......"),
    ]:
        with subtests.test(schedule=schedule):
            token = vendor.initiate()
            strike(vendor, rule("status", "import.status", status=503, **schedule))

            answers = statuses(vendor, token, 6)

            assert "".join("X" if status == 503 else "." for status in answers) == struck
            assert strikes(vendor)[0][1] == struck.count("X")


def test_calls_that_overlap_are_not_struck_more_often_than_asked_for(vendor: Vendor) -> None:
    token = vendor.initiate()
    strike(vendor, rule("latency", "import.status", seconds=0.05, times=1),
           rule("status", "import.status", status=503, times=3))  # fmt: skip
    answers: list[int] = []

    def call() -> None:
        answers.extend(statuses(Vendor(vendor.process), token, 2))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert sorted(answers) == [200] * 9 + [503] * 3
    assert strikes(vendor) == [(12, 1), (12, 3)]


def test_chance_falls_the_same_way_for_the_same_seed(vendor: Vendor) -> None:
    token = vendor.initiate()
    fallen = []
    for seed in (7, 7, 8):
        strike(vendor, rule("status", "import.status", status=500, chance=0.5), seed=seed)
        fallen.append(statuses(vendor, token, 20))

    assert fallen[0] == fallen[1]
    assert fallen[0] != fallen[2]
    assert 200 in fallen[0]
    assert 500 in fallen[0]


def test_a_rule_counts_only_calls_of_its_route(vendor: Vendor, contact: Contact) -> None:
    strike(
        vendor,
        rule("status", "import.execute", status=503, nth=1),
        rule("status", "import.*", status=500, nth=3),
    )

    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    answers = [vendor.imports("POST", f"/{token}/Execute").status_code for _ in range(2)]

    assert answers == [503, 200]
    assert strikes(vendor) == [(2, 1), (4, 0)]


def test_of_several_rules_that_are_due_the_first_strikes(vendor: Vendor) -> None:
    token = vendor.initiate()
    strike(
        vendor,
        rule("status", "import.status", status=500, nth=2),
        rule("status", "import.status", status=503, to=2),
    )

    assert statuses(vendor, token, 3) == [503, 500, 200]
    assert strikes(vendor) == [(3, 1), (3, 1)]


def test_a_poisonous_record_strikes_each_request_that_holds_it(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    strike(vendor, rule("status", status=400, body_contains='"C-2"'))

    answers = [
        vendor.send(token, [contact(name) for name in names]).status_code
        for names in (("C-1", "C-2"), ("C-1",), ("C-2",), ("C-20",))
    ]

    assert answers == [400, 200, 400, 200]
    assert strikes(vendor) == [(2, 2)]
    assert vendor.status(token)["TotalRecordsReceived"] == 2


def test_rules_are_replaced_with_their_counts_and_cleared(vendor: Vendor) -> None:
    token = vendor.initiate()
    second = rule("status", "import.status", status=503, nth=2)
    for _ in range(2):
        strike(vendor, second)
        assert statuses(vendor, token, 2) == [200, 503]

    assert vendor.admin("GET", "faults") == {
        "seed": 7, "rules": [{**second, "calls": 2, "strikes": 1}], "held": 0, "held_requests": [],
    }  # fmt: skip
    assert vendor.admin("DELETE", "faults")["rules"] == []
    strike(vendor, rule("status", "*", status=503))
    vendor.reset()
    assert vendor.admin("GET", "faults")["rules"] == []


def test_rule_that_is_wrong_is_refused_by_name(subtests: pytest.Subtests, vendor: Vendor) -> None:
    for wrong, named in [
        ({"rules": [{"route": "import.stage", "kind": "explode"}]}, "explode"),
        ({"rules": [{"route": "import.stag", "kind": "reset_after"}]}, "import.stag"),
        ({"rules": [rule("reset_after", nht=1)]}, "nht"),
        ({"rules": [rule("reset_after", nth=0)]}, "rules[0].nth"),
        ({"rules": [rule("status")]}, "status"),
        ({"rules": [rule("status", status=200)]}, "300"),
        ({"rules": [rule("status", status=599)]}, "599"),
        ({"rules": [rule("away")]}, "seconds or calls"),
        ({"rules": [rule("away", seconds=1, calls=1)]}, "seconds or calls"),
        ({"rules": [rule("late", seconds=1, before="import.stage")]}, "before"),
        ({"rules": [rule("late", before="import.*")]}, "import.execute"),
        ({"rules": [rule("shuffle")]}, "import.exceptions"),
        ({"rules": [rule("reset_before", after_bytes=1, body_contains="x")]}, "after_bytes"),
        ({"rules": [], "sead": 1}, "sead"),
        ([], "object"),
    ]:
        with subtests.test(wrong=wrong):
            strike(vendor, rule("garbage"))

            answer = requests.put(vendor.process.admin_url + "faults", json=wrong, timeout=60)

            assert answer.status_code == 400
            assert named in answer.json()["Message"]
            assert [item["kind"] for item in vendor.admin("GET", "faults")["rules"]] == ["garbage"]


def test_rules_can_be_given_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps({"rules": [rule("status", "oauth.token", status=503, nth=1)]}))

    with start_sandbox(faults=file) as process:
        url = process.admin_url.replace("_sandbox/", "oauth2/token")
        answers = [requests.post(url, timeout=60).status_code for _ in range(2)]

    assert answers == [503, 400]


@pytest.mark.parametrize("text", [None, "{", '{"rules": [{"kind": "no"}]}'])
def test_a_wrong_file_of_rules_ends_the_start_with_a_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str | None
) -> None:
    file = tmp_path / "faults.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(SandboxFailedError):
        start_sandbox(faults=file)

    printed = capfd.readouterr().err
    assert "faults" in printed
    assert "Traceback" not in printed


def test_rule_with_a_status_answers_it_and_applies_nothing(
    subtests: pytest.Subtests, vendor: Vendor, contact: Contact
) -> None:
    for status in [400, 401, 404, 413, 429, 500, 503]:
        with subtests.test(status=status):
            token = vendor.initiate()
            strike(vendor, rule("status", status=status))

            answer = vendor.send(token, [contact("C-1")])

            assert answer.status_code == status
            assert answer.json()["Message"]
            assert "Retry-After" not in answer.headers
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)
            assert vendor.status(token)["TotalRecordsReceived"] == 0
            noted = entry(vendor)
            assert (noted["fault"], noted["status"], noted["applied"]) == ("status", status, False)


def test_a_status_can_name_its_wait_and_its_message(vendor: Vendor) -> None:
    strike(vendor, rule("status", "import.initiate", status=429, retry_after=9, message="Slower."))

    answer = vendor.imports("POST", json={"Name": "nightly"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
    assert answer.json() == {"Message": "Slower."}
    assert vendor.books()["tokens"] == []


@pytest.mark.parametrize(("page", "shown"), [("html", "<html>"), ("empty", "")])
def test_a_status_can_come_without_json(vendor: Vendor, page: str, shown: str) -> None:
    strike(vendor, rule("status", "import.initiate", status=503, page=page))

    answer = vendor.imports("POST", json={"Name": "nightly"})

    assert answer.status_code == 503
    assert answer.text[:6] == shown
    assert "json" not in answer.headers.get("Content-Type", "")


def test_latency_delays_what_is_then_answered_in_order(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("latency", seconds=0.05), rule("status", status=503, nth=1))

    answers = [vendor.send(token, [contact("C-1")]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]
    assert [item["fault"] for item in vendor.books()["requests"][1:]] == [
        "latency+status", "latency",
    ]  # fmt: skip
    assert all(answer.elapsed.total_seconds() >= 0.05 for answer in answers)


def test_a_reset_before_applies_nothing(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("reset_before"))

    with pytest.raises(requests.ConnectionError) as lost:
        vendor.send(token, [contact("C-1")])

    assert was_reset(lost)
    assert vendor.status(token)["TotalRecordsReceived"] == 0
    noted = entry(vendor)
    assert (noted["fault"], noted["status"], noted["applied"]) == ("reset_before", 0, False)
    assert noted["ended"] is None


def test_a_reset_in_mid_body_strikes_while_the_caller_sends(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    strike(vendor, rule("latency", seconds=0), rule("reset_before", after_bytes=10, nth=1))
    raw = Raw(vendor, token, length=5_000_000)
    raw.socket.sendall(b'{"UserProfilePreferences":[')

    with pytest.raises(ConnectionResetError):
        raw.socket.recv(1)

    noted = entry(vendor)
    assert (noted["fault"], noted["bytes"], noted["applied"]) == ("reset_before", 10, False)
    assert vendor.stage(token, contact("C-1"))["TotalRecordsReceived"] == 1
    assert strikes(vendor) == [(2, 1), (2, 1)]


def test_a_reset_after_applies_without_an_answer(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("reset_after"))

    with pytest.raises(requests.ConnectionError) as lost:
        vendor.send(token, [contact("C-1"), contact("C-2")])

    assert was_reset(lost)
    assert vendor.status(token)["TotalRecordsReceived"] == 2
    noted = entry(vendor)
    assert (noted["fault"], noted["status"], noted["applied"]) == ("reset_after", 200, True)
    assert (noted["sequence"], noted["records"], noted["late"]) == (1, 2, False)
    assert noted["started"] <= noted["applied_at"]


@pytest.mark.parametrize(
    ("kind", "route", "state"),
    [
        ("reset_before", "import.execute", "Staging"),
        ("reset_after", "import.execute", "Completed"),
        ("garbage", "import.execute", "Completed"),
        ("cut", "import.execute", "Completed"),
    ],
)
def test_an_execute_without_an_answer_has_happened_or_has_not(
    vendor: Vendor, contact: Contact, kind: str, route: str, state: str
) -> None:
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    strike(vendor, rule(kind, route))

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError,
                        requests.JSONDecodeError)):  # fmt: skip
        vendor.execute(token)

    assert vendor.status(token)["Status"] == state


def test_an_initiate_without_an_answer_leaves_an_orphan(vendor: Vendor) -> None:
    strike(vendor, rule("reset_after", "import.initiate", nth=1))

    with pytest.raises(requests.ConnectionError):
        vendor.initiate()
    token = vendor.initiate()

    orphan, begun = vendor.books()["tokens"]
    assert (orphan["state"], begun["token"]) == ("Initiated", token)
    assert entry(vendor, "import.initiate")["fault"] == ""


@pytest.mark.parametrize(("kind", "received"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_timeout_stays_silent_until_the_caller_gives_up(
    vendor: Vendor, contact: Contact, kind: str, received: int
) -> None:
    token = vendor.initiate()
    strike(vendor, rule(kind))

    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{vendor.process.url}Async/{vendor.client_id}/Import/{token}/Stage",
            json={"UserProfilePreferences": [contact("C-1")]},
            headers={"Authorization": vendor.header()}, timeout=TIMEOUT,
        )  # fmt: skip

    noted: Json = {}
    until = time.monotonic() + PATIENCE
    while (noted.get("fault"), noted.get("applied")) != (kind, bool(received)):
        assert time.monotonic() < until, noted
        # The caller may have given up before the sandbox had come to its request.
        noted = next((e for e in vendor.books()["requests"] if e["route"] == "import.stage"), {})
    assert vendor.status(token)["TotalRecordsReceived"] == received
    assert noted["ended"] is None


def test_a_timeout_ends_after_its_seconds(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("timeout_after", seconds=0.05))

    with pytest.raises(requests.ConnectionError) as lost:
        vendor.send(token, [contact("C-1")])

    assert was_reset(lost)


def test_a_reset_of_the_sandbox_lets_go_of_who_waits(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("timeout_before", nth=1), rule("latency", seconds=60, nth=2))
    lost: list[requests.ConnectionError] = []

    def send() -> None:
        try:
            Vendor(vendor.process).send(token, [contact("C-1")])
        except requests.ConnectionError as error:
            lost.append(error)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for count, thread in enumerate(threads, 1):
        thread.start()
        while strikes(vendor)[0][0] < count:
            continue

    vendor.reset()
    for thread in threads:
        thread.join(PATIENCE)

    assert len(lost) == 2
    assert vendor.books()["requests"] == []


def test_a_cut_answer_ends_before_its_length(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("cut"))

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        vendor.send(token, [contact("C-1")])

    assert vendor.status(token)["TotalRecordsReceived"] == 1
    assert entry(vendor)["fault"] == "cut"


def test_a_cut_can_leave_the_length_right_and_the_json_broken(
    vendor: Vendor, contact: Contact
) -> None:
    token = vendor.initiate()
    strike(vendor, rule("cut", matching_length=True))

    answer = vendor.send(token, [contact("C-1")])

    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(answer.content))
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert vendor.status(token)["TotalRecordsReceived"] == 1


def test_garbage_takes_the_place_of_the_answer(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    strike(vendor, rule("garbage"))

    answer = vendor.send(token, [contact("C-1")])

    assert (answer.status_code, answer.text[:6]) == (200, "<html>")
    assert vendor.status(token)["TotalRecordsReceived"] == 1


def test_a_token_can_expire_before_a_request(vendor: Vendor, contact: Contact) -> None:
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    strike(vendor, rule("expire_token", nth=2))

    answers = [vendor.send(token, [contact("C-2")]).status_code for _ in range(3)]

    assert answers == [200, 401, 401]
    assert statuses(vendor, token, 1) == [401]
    [totals] = vendor.books()["tokens"]
    assert totals["received"] == 2
    assert [item["fault"] for item in vendor.books()["requests"]][-4:] == [
        "", "expire_token", "", "",
    ]  # fmt: skip
    assert vendor.initiate() != token


def test_an_import_goes_on_though_its_token_expired(vendor: Vendor, contact: Contact) -> None:
    vendor.switch(queued_seconds=10)
    vendor.stop_clock()
    token = vendor.initiate()
    vendor.stage(token, contact("C-1"))
    vendor.execute(token)
    strike(vendor, rule("expire_token", "import.status", nth=1))

    assert statuses(vendor, token, 1) == [401]
    vendor.advance(seconds=20)

    assert vendor.books()["tokens"][0]["processed"] == 1


@pytest.mark.parametrize("status", [404, 500])
def test_a_status_can_stay_away_for_some_calls(vendor: Vendor, status: int) -> None:
    token = vendor.initiate()
    strike(vendor, rule("away", "import.status", status=status, calls=3, nth=2))

    assert statuses(vendor, token, 6) == [200, status, status, status, 200, 200]


def test_a_status_can_stay_away_for_some_time(vendor: Vendor) -> None:
    token = vendor.initiate()
    vendor.stop_clock()
    strike(vendor, rule("away", "import.status", seconds=30, nth=1))

    answers = statuses(vendor, token, 2)
    vendor.advance(seconds=29)
    answers += statuses(vendor, token, 1)
    vendor.advance(seconds=1)
    answers += statuses(vendor, token, 2)

    assert answers == [404, 404, 404, 200, 200]


def test_the_end_can_be_told_in_other_words_and_letters(vendor: Vendor, contact: Contact) -> None:
    token = str(vendor.run(contact("C-1"))["token"])
    strike(
        vendor,
        rule("word", "import.status", word="Complete", nth=[1, 3]),
        rule("word", "import.status", members="odd", nth=[2, 3]),
        rule("word", "import.*", members="lower", nth=4),
    )

    answers = [vendor.imports("GET", f"/{token}/Status").json() for _ in range(4)]

    assert answers[0]["Status"] == "Complete"
    assert answers[1]["sTATUS"] == "Completed"
    assert answers[2]["sTATUS"] == "Complete"
    assert answers[3]["totalrecordsreceived"] == 1
    assert entry(vendor, "import.status")["fault"] == "word"
