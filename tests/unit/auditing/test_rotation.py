"""Keys and secrets are changed while events come in, and no event is lost over it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest
from botocore.exceptions import ClientError

from prefdrop.auditing.webhook_secret import SecretCache, WebhookSecret, WrongWebhookSecret
from tests.unit.auditing.receiver import (
    KEY,
    Receiver,
    event,
    forget,
    metric_values,
    scan,
    signature_headers,
)
from tests.workbench import PATIENCE

FIRST = "path-key-that-came-first"
SECOND = "path-key-that-came-second"


class Clock:
    """Seconds that pass when a test says so."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Secret:
    """The secret's text, and how often it was read."""

    def __init__(self) -> None:
        self.text = json.dumps({"key": FIRST})
        self.readings = 0
        self.fails = False

    def __call__(self) -> str:
        self.readings += 1
        if self.fails:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue")
        return self.text


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secret() -> Secret:
    return Secret()


@pytest.fixture
def cache(secret: Secret, clock: Clock) -> SecretCache:
    return SecretCache(secret, clock)


def test_the_secret_is_read_once_for_many_requests(cache: SecretCache, secret: Secret) -> None:
    assert {cache.current().key for _ in range(100)} == {FIRST}
    assert secret.readings == 1


def test_unknown_credentials_have_it_read_again_but_not_each_of_them(
    cache: SecretCache, secret: Secret, clock: Clock
) -> None:
    known = cache.current()
    secret.text = json.dumps({"key": SECOND})

    answers = [cache.refreshed(known)]
    known = cache.current()
    answers += [cache.refreshed(known) for _ in range(99)]

    assert answers[0] == WebhookSecret(key=SECOND)
    assert answers[1:] == [None] * 99
    assert secret.readings == 6
    clock.now += 1
    assert [cache.refreshed(known) for _ in range(100)] == [None] * 100
    assert secret.readings == 7


def test_a_right_new_key_is_known_even_if_the_minute_passes_while_it_is_looked_for(
    cache: SecretCache, secret: Secret, clock: Clock
) -> None:
    clock.now += 59.999
    known = cache.current()
    clock.now += 59.999
    secret.text = json.dumps({"key": SECOND, "previous_key": FIRST})
    assert SECOND not in cache.current().keys

    clock.now += 0.002

    assert cache.refreshed(known) == WebhookSecret(key=SECOND, previous_key=FIRST)


def test_a_stranger_does_not_use_up_the_reading_that_a_rotation_needs(receiver: Receiver) -> None:
    receiver.send(event("e-1"), key="a stranger's")
    receiver.set_secret(key="new-path-key-0002", previous_key=KEY)

    assert receiver.send(event("e-1"), key="new-path-key-0002")["statusCode"] == 200


def test_a_key_that_was_taken_out_stops_working_within_a_minute(
    cache: SecretCache, secret: Secret, clock: Clock
) -> None:
    cache.current()
    secret.text = json.dumps({"key": SECOND})

    clock.now += 61

    assert cache.current().keys == [SECOND]


def test_a_secret_that_cannot_be_read_again_stays_valid(
    cache: SecretCache, secret: Secret, clock: Clock
) -> None:
    cache.current()
    secret.fails = True

    clock.now += 61

    assert [cache.current().key for _ in range(10)] == [FIRST] * 10
    assert secret.readings == 2


def test_secret_of_another_shape_is_reported(subtests: pytest.Subtests) -> None:
    for text in ["", "key", "[]", "{}", '{"key": 7}', '{"key": "a", "shared_secrets": "b"}']:
        secret = SecretCache(partial(str, text))
        with subtests.test(text=text), pytest.raises(WrongWebhookSecret, match=r"docs/events\.md"):
            secret.current()


SLIPS = {
    "a misspelt member": {"signing_secret": ["whsec_b2xk"]},
    "an empty shared secret": {"shared_secrets": ["right", ""]},
    "a blank signing secret": {"signing_secrets": [" "]},
    "a secret with a line's end": {"shared_secrets": ["right\n"]},
    "a signing secret that is no base64": {"signing_secrets": ["whsec_b2x?"]},
    "a header without a secret": {"shared_secret_header": "x-key"},
    "a header that is none": {"shared_secret_header": "x key", "shared_secrets": ["right"]},
    "a key of base64": {"key": "ab/cd+efghijklmnop=="},
    "a key that can be guessed": {"key": "secret"},
    "no key": {"key": ""},
    "a previous key of base64": {"previous_key": "ab/cd+efghijklmnop=="},
}


def test_slip_in_the_secret_keeps_the_checks_in_force(
    subtests: pytest.Subtests, aws: None, told: Callable[[], str]
) -> None:
    """The old values stay in force and an error is logged; a new instance has no values at all."""
    for name, slip in SLIPS.items():
        with subtests.test(name):
            forget()
            told()
            receiver = Receiver()
            receiver.set_secret(shared_secrets=["right"])
            knows = {"x-webhook-secret": "right"}
            receiver.send(event("e-1"), headers=knows)
            receiver.set_secret(**slip)

            refused = receiver.send(event("stranger's"))
            taken = receiver.send(event("e-2"), headers=knows)
            started_anew = Receiver().send(event("e-3"), headers=knows)

            statuses = [answer["statusCode"] for answer in (refused, taken, started_anew)]
            assert statuses == [401, 200, 503]
            assert {item["pk"] for item in scan("audit")} == {"e-1", "e-2"}
            log = told()
            assert '"level":"ERROR"' in log
            assert sum(metric_values(log, "WebhookSecretUnusable")) == 2
            assert "right" not in log.replace("put a right value", "")


def test_a_secret_that_never_could_be_read_has_the_sender_come_again(aws: None) -> None:
    answer = Receiver(PREFDROP_WEBHOOK_SECRET="missing").send(event("e-1"))

    assert answer["statusCode"] == 503


def test_a_new_key_works_at_its_first_use(receiver: Receiver) -> None:
    receiver.send(event("e-1"))
    receiver.set_secret(key="new-path-key-0002", previous_key=KEY)

    answers = [receiver.send(event(f"e-{n}"), key="new-path-key-0002") for n in (2, 3)]

    assert [answer["statusCode"] for answer in answers] == [200, 200]


def test_no_event_is_lost_while_key_and_secrets_are_changed_under_traffic(
    receiver: Receiver,
) -> None:
    """The vendor's subscription has the old key until it is changed, and the new one from then."""
    old = {"key": KEY, "shared_secrets": ["old"], "signing_secrets": ["whsec_b2xk"]}
    new = {"key": "new-path-key-0002", "shared_secrets": ["new"], "signing_secrets": ["whsec_bmV3"]}
    both = {
        "key": new["key"],
        "previous_key": KEY,
        "shared_secrets": ["new", "old"],
        "signing_secrets": ["whsec_bmV3", "whsec_b2xk"],
    }
    receiver.set_secret(**old)
    traffic = Traffic(receiver, old)

    with traffic:
        traffic.let_pass(30)
        receiver.set_secret(**both)
        traffic.let_pass(30)
        traffic.knows = new
        traffic.let_pass(30)
        receiver.set_secret(**new)
        traffic.let_pass(30)

    assert set(traffic.answers) == {200}
    assert {item["pk"] for item in scan("audit")} == set(traffic.sent)


class Traffic:
    """A sender that signs with what it knows, and never repeats."""

    def __init__(self, receiver: Receiver, knows: dict) -> None:
        self.knows = knows
        self.answers: list[int] = []
        self.sent: list[str] = []
        self._receiver = receiver
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._passed = threading.Condition()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def let_pass(self, requests: int) -> None:
        """Wait until so many more requests were answered."""
        with self._passed:
            goal = len(self.answers) + requests
            assert self._passed.wait_for(lambda: len(self.answers) >= goal, timeout=PATIENCE)

    def _run(self) -> None:
        for number in count():
            if self._stop.is_set():
                return
            knows, body = self.knows, json.dumps(event(f"e-{number}"))
            headers = signature_headers(body, knows["signing_secrets"][0])
            headers["x-webhook-secret"] = knows["shared_secrets"][0]
            answer = self._receiver.send(body, key=knows["key"], headers=headers)
            with self._passed:
                self.sent.append(f"e-{number}")
                self.answers.append(answer["statusCode"])
                self._passed.notify_all()
