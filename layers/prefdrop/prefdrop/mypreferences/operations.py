"""What the groups of operations of one account share: sending a request by its route's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from prefdrop.mypreferences.answers import Answer
from prefdrop.mypreferences.dates import utc_text
from prefdrop.mypreferences.exchange import Request
from prefdrop.mypreferences.routes import Routes
from prefdrop.mypreferences.transport import Transport

Query = Sequence[tuple[str, object]]
"""Names and values in the order in which they are sent; None leaves a name out."""


class Operations:
    """Operations of one account. `timeout` in seconds bounds each try of a request."""

    def __init__(self, transport: Transport, routes: Routes, timeout: float) -> None:
        self._transport = transport
        self._routes = routes
        self._timeout = timeout

    def _send(
        self,
        route: str,
        *,
        query: Query = (),
        body: bytes | None = None,
        timeout: float | None = None,
        quotes_data: bool = False,
        hidden: tuple[str, ...] = (),
        largest: int | None = None,
        **values: str,
    ) -> Answer:
        """The vendor's 2xx answer to the route `route`, whose placeholders `values` fill in.

        GETs are retried on Transient errors, anything else is sent once. A change that is answered
        with neither JSON nor nothing, as by a page to sign in or of a proxy, raises GarbledAnswer:
        nobody has said that it happened. `quotes_data` says that
        the vendor's answer may quote people's data, so that no error shows its words; `hidden` are
        texts that are taken out of them. An answer of more than `largest` bytes raises
        AnswerTooLarge.
        """
        target = self._routes.target(route, **values)
        if asked := encoded(query):
            target = target._replace(url=f"{target.url}?{asked}")
        answer = self._transport.send(
            Request(
                route,
                target,
                self._timeout if timeout is None else timeout,
                body,
                access_token=values.get("accessToken", ""),
                quotes_data=quotes_data,
                hidden=hidden,
                largest=largest,
            )
        )
        if target.method != "GET" and answer.body.strip():
            answer.json()
        return answer


def address_to_hide(url: str) -> tuple[str, ...]:
    """What no error may quote of a URL that the vendor calls: whoever knows it can call, too."""
    path = "/".join(["", *url.split("/")[3:]])
    return (url, path) if len(path) > 1 else (url,)


def encoded(query: Query) -> str:
    """`query` as part of a URL.

    Booleans are `true` and `false`, moments UTC with `Z`, and lists indexed: `name[0]`.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in query:
        if isinstance(value, list | tuple):
            pairs += [(f"{name}[{at}]", _text(name, item)) for at, item in enumerate(value)]
        elif value is not None:
            pairs.append((name, _text(name, value)))
    return urlencode(pairs, safe="[]", quote_via=quote)


def _text(name: str, value: object) -> str:
    if isinstance(value, datetime):
        return utc_text(value, name)
    return str(value).lower() if isinstance(value, bool) else str(value)
