"""Single requests to the vendor whose refusals are as telling as its answers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

import mypreferences_assumptions as table
from prefdrop.mypreferences.answers import UNREADABLE, Answer, any_case, vendor_message
from prefdrop.mypreferences.errors import NotSent, ServerError
from prefdrop.mypreferences.exchange import Exchange, Request
from prefdrop.mypreferences.refusals import OAUTH_TOKEN, accepted
from prefdrop.mypreferences.routes import Routes, Target
from prefdrop_cli.doctor.vendor_account import SECONDS, VendorAccount

NOWHERE = "PrefdropDoctorNoSuchThing"
"""What no account has, as a route, a type, a segment or a tag."""

NOBODY = "nobody.prefdrop-doctor@example.invalid"
NO_NUMBER = "+1 555 555 0100"
"""Whom a search is for that is to find nobody."""

EXAMPLES = {
    "accessToken": "0",
    "profileId": "0",
    "subscriptionId": "0",
    "userId": "0",
    "eventId": "00000000-0000-0000-0000-000000000000",
    "customFieldKind": table.NAMES["custom_field_kind.text"].value,
    "programTypeId": "Marketing",
}
"""Values of placeholders: of those ids no account has one, the others every account has."""

PATIENCE = 3
"""Requests in a row that may stay without an answer; each takes its time."""

UPLOAD_SECONDS = 300.0
"""For a body of the largest size."""


class Likeness(NamedTuple):
    """What stays the same of an answer when only the name changes that nobody knows."""

    status: int
    media_type: str
    words: str


class Prober:
    """Sends requests as the account's user and answers whatever came; each read is sent once."""

    def __init__(self, account: VendorAccount) -> None:
        self.account = account
        self._auth = account.auth()
        self._routes = Routes(
            account.base_url,
            account.client_id,
            integration_url=account.integration_url,
            overrides=account.routes,
        )
        self._exchange = Exchange()
        self._read: dict[str, Answer] = {}
        self._let_in = False
        self._silent = 0

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def path_of(self, route: str) -> str:
        """The path of a route, with its placeholders."""
        return self.account.routes.get(route) or table.ROUTES[route].path

    def get(self, path: str, *, query: str = "") -> Answer:
        """Read `path`, which is relative to the base; raises MyPreferencesError without answer."""
        asked = f"{path}?{query}" if query else path
        if asked not in self._read:
            self._read[asked] = settled(self.ask("GET", path, query=query))
        return self._read[asked]

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | None = None,
        authorization: str | None = None,
    ) -> Answer:
        """Send one request, with `authorization` in the place of the user's own header."""
        target = self._routes.raw(method, path)
        if query:
            target = target._replace(url=f"{target.url}?{query}")
        request = Request("doctor", target, _seconds(body), body)
        if authorization is not None:
            return self._send(request, authorization)
        answer = self._send(request, self._auth.header(self._fetch))
        if answer.status == 401 and not self._let_in:
            # By the vendor's clock it may be valid; later a 401 is about what was asked for.
            self._auth.renew(answer.date)
            answer = self._send(request, self._auth.header(self._fetch))
        self._let_in = self._let_in or answer.status != 401
        return answer

    def outside(self, method: str, path: str, *, body: bytes | None = None) -> Answer:
        """A request without credentials to `path`, which is relative to the host."""
        parts = urlsplit(self.account.base_url)
        target = Target(method, f"{parts.scheme}://{parts.netloc}/{path.lstrip('/')}")
        form = "application/x-www-form-urlencoded"
        return settled(self._send(Request("doctor", target, SECONDS, body, content_type=form), ""))

    def _fetch(self, url: str, authorization: str, form: bytes) -> Answer:
        request = Request(
            OAUTH_TOKEN,
            Target("POST", url),
            SECONDS,
            form,
            content_type="application/x-www-form-urlencoded",
        )
        answer = self._send(request, authorization)
        return accepted(request, answer, (authorization.rpartition(" ")[2],))

    def _send(self, request: Request, authorization: str) -> Answer:
        if self._silent >= PATIENCE:
            raise NotSent(
                f"It was not asked: the vendor gave no answer {PATIENCE} times in a row.",
                route=request.route,
            )
        self._silent += 1
        answer = self._exchange(request, authorization, time.monotonic() + request.timeout)
        self._silent = 0
        return answer


def settled(answer: Answer) -> Answer:
    """`answer`, if it tells anything; raises ServerError for what another moment may answer."""
    if answer.status == 429 or answer.status >= 500:
        raise ServerError(f"The vendor answered {answer.status} just then.", status=answer.status)
    return answer


def _seconds(body: bytes | None) -> float:
    return UPLOAD_SECONDS if body and len(body) > 1_000_000 else SECONDS


def filled(path: str) -> str:
    """`path` with an example in each placeholder but the account's."""
    for name in re.findall(r"\{(\w+)\}", path):
        if name != "clientId":
            path = path.replace(f"{{{name}}}", quote(EXAMPLES.get(name, NOWHERE), safe=""))
    return path


def unknown_beside(path: str) -> str:
    """A path of the same shape that no server knows: its last fixed word is another one."""
    parts = path.split("/")
    last = max(at for at, part in enumerate(parts) if not part.startswith("{"))
    parts[last] = NOWHERE
    return "/".join(parts)


def likeness(answer: Answer, paths: Iterable[str]) -> Likeness:
    """What is left of an answer without the words of the paths that were asked for."""
    words = vendor_message(answer.body)
    words = re.sub(r"https?://\S+", "*", words)
    for path in paths:
        for part in (path, *path.split("/")):
            words = words.replace(part, "*") if len(part) > 1 else words
    words = re.sub(r"[0-9a-fA-F-]{16,}|\d+", "#", words)
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Likeness(answer.status, media_type, words)


def alike(one: Answer, path: str, other: Answer, other_path: str) -> bool:
    """Whether the vendor answered both paths as if they were the same to it."""
    paths = (path, other_path)
    return likeness(one, paths) == likeness(other, paths)


def members(answer: Answer) -> dict[str, Any]:
    """The members of a JSON object under small letters; nothing of anything else."""
    decoded = decoded_json(answer)
    return any_case(decoded) if isinstance(decoded, dict) else {}


def decoded_json(answer: Answer) -> Any:
    """The body as JSON, or None."""
    try:
        return msgspec.json.decode(answer.body.removeprefix(b"\xef\xbb\xbf"))
    except UNREADABLE:
        return None


def items_of(answer: Answer) -> list[dict[str, Any]]:
    """The objects of the only collection in an answer, whatever its name."""
    decoded = decoded_json(answer)
    if isinstance(decoded, dict):
        decoded = next((value for value in decoded.values() if isinstance(value, list)), [])
    return [item for item in decoded or () if isinstance(item, dict)]


def first_text(answer: Answer, name: str) -> str:
    """The member `name` of the first item that has it, or nothing."""
    return next((text for item in items_of(answer) if (text := text_of(item, name))), "")


def text_of(item: dict[str, Any], name: str) -> str:
    """A member of an item, written in any case, as text."""
    return str(any_case(item).get(name.lower()) or "")
