"""Everything that can go wrong between this client and MyPreferences.

    PrefdropError
    └── MyPreferencesError
        ├── Terminal
        │   ├── Misconfigured        the client was given settings that cannot work
        │   ├── AnswerTooLarge       a list of events is larger than we take
        │   └── Refused              the vendor said no; nothing was applied
        │       ├── BadRequest       400 or 422: something in the request is not valid
        │       ├── RouteRefused     405, 415, ...: the route takes no request like this at all
        │       ├── NotAuthorized    401, on a route without an access token
        │       ├── TokenRefused     401, on a route with an import's or export's access token
        │       ├── WrongCredentials the OAuth token API does not accept the credentials
        │       ├── Forbidden        403
        │       │   └── TooManyMatches   403 to a search that more than 50 profiles match
        │       ├── NotFound         404
        │       ├── Conflict         409
        │       ├── TooLarge         413, or IIS's 404.13
        │       └── Redirected       3xx: redirects are never followed
        └── Transient
            ├── TooManyRequests      429; nothing was applied
            ├── NotSent              surely not applied: no byte of the request left this machine
            └── Unclear              the request may or may not have been applied
                ├── NoAnswer         time-out, reset or lost connection after the request left
                ├── ServerError      5xx, and 408
                └── GarbledAnswer    2xx whose body is cut or is not what the route answers

The vendor has no idempotency key (O-19), so the line between "surely not applied" and "unclear"
decides whether a request may be sent again. Whatever cannot be proved is unclear.

No text holds an access token, a secret or a signature. The vendor's own words are kept in
`vendor_message`; they are part of the text only where they cannot quote a person's data.
"""

from __future__ import annotations

import mypreferences_assumptions as assumptions
from prefdrop.errors import PrefdropError, Terminal, Transient

ASSUMPTIONS = "docs/vendor-assumptions.md"
ASSUMED_ROUTES = f"{ASSUMPTIONS}, O-3"


class MyPreferencesError(PrefdropError):
    """Base of all errors of this package.

    `route` is the name of the operation (`import.stage`), `status` the HTTP status or None when
    no answer came, `vendor_message` the vendor's explanation as it came, shortened, never shown.
    """

    default_hint = ""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        route: str = "",
        status: int | None = None,
        vendor_message: str = "",
    ) -> None:
        super().__init__(message, hint=hint or self.hint_for(route))
        self.route = route
        self.status = status
        self.vendor_message = vendor_message

    @classmethod
    def hint_for(cls, route: str) -> str:
        """What to do next when this happens on `route`."""
        known = assumptions.ROUTES.get(route)
        if known is None or known.number is None:
            return cls.default_hint
        return cls.default_hint.replace(ASSUMED_ROUTES, f"{ASSUMPTIONS}, {known.number}")

    @property
    def request(self) -> str:
        """Method and path of the operation as the table of assumptions writes them, its
        placeholders not filled in; the operation's name where the table does not hold it."""
        route = assumptions.ROUTES.get(self.route)
        return f"{route.method} {route.path}" if route else self.route


class Misconfigured(MyPreferencesError, Terminal):
    """A base URL, a route, a credential or a request field cannot be right; nothing was sent."""


class AnswerTooLarge(MyPreferencesError, Terminal):
    """What was asked for is more than we take in one answer; the rest of it was not read."""

    default_hint = "Ask for less at once, for example for a shorter time."


class Refused(MyPreferencesError, Terminal):
    """The vendor answered no. The request was not applied and would be refused again."""


class BadRequest(Refused):
    """Something in the request is malformed or invalid (400 or 422)."""

    default_hint = "Correct the request; the vendor's explanation is kept with this error."


class RouteRefused(Refused):
    """The route takes no request of this kind, whatever it holds (405, 415 and every other 4xx)."""

    default_hint = (
        f"The route or its method differs from what we assume ({ASSUMED_ROUTES}), or something on"
        f" the way to the vendor answers in its place. Check the base URL and the setting `routes`."
    )


class NotAuthorized(Refused):
    """The credentials were refused, and again after authenticating anew (401)."""

    default_hint = (
        "Check the user id, the secret and this machine's clock, and that the user is active in"
        " the account."
    )


class TokenRefused(Refused):
    """The access token of an import or export is unknown or expired (401 on a route that names it).

    The vendor answers wrong credentials alike, so these are worth a look when a fresh token is
    refused too.
    """

    default_hint = "The import's token has expired or is unknown; begin the import again."

    @classmethod
    def hint_for(cls, route: str) -> str:
        """What to do next when this happens on `route`."""
        if route.startswith("export."):
            return "The export's token has expired or is unknown; initiate the export again."
        return cls.default_hint


class WrongCredentials(Refused):
    """The OAuth token API refused the client credentials or the scope."""

    default_hint = (
        "Check oauth_client_id, oauth_client_secret, user_id and the client id, each for this"
        " environment (Staging or Production)."
    )


class Forbidden(Refused):
    """The API user lacks a permission, or a search matched too many profiles (403)."""

    default_hint = "Ask the account's administrator for the permission of the API user's group."


class TooManyMatches(Forbidden):
    """More than 50 profiles match a search, so the vendor answers none of them (403).

    It is told from a missing permission by the vendor's words.
    """

    default_hint = "Narrow the search, for example by a type, a postal code or a name."


class NotFound(Refused):
    """The path, the client id or something named in the request does not exist (404)."""

    default_hint = (
        f"Check the client id and the base URL. If both are right, the route differs from what"
        f" we assume ({ASSUMED_ROUTES}); override it in the setting `routes`."
    )


class Conflict(Refused):
    """Something with the same identity exists already (409)."""

    default_hint = "Use the one that exists, or choose another identity."


class TooLarge(Refused):
    """The request body is over the vendor's size limit (413)."""

    default_hint = "Send fewer records in one request."


class Redirected(Refused):
    """The vendor answered with a redirect (3xx), which this client never follows.

    A followed redirect would send a stage request twice, or credentials to another host.
    """

    default_hint = "Set the base URL to the address that answers without a redirect."


class TooManyRequests(MyPreferencesError, Transient):
    """A limit is reached (429). The request was not applied.

    `retry_after` is the wait in seconds that the vendor asks for, or None if it names none.
    """

    default_hint = "Wait until the rolling 24-hour limit frees a slot."

    def __init__(
        self, message: str, *, retry_after: float | None = None, **details: object
    ) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.retry_after = retry_after


class NotSent(MyPreferencesError, Transient):
    """No byte of the request left this machine: it is sure that it was not applied."""

    default_hint = "Check the host name, the network, the proxy and the TLS certificates."


class Unclear(MyPreferencesError, Transient):
    """The request may or may not have been applied: find out before sending it again."""

    default_hint = (
        "It is unknown whether the request was applied; read what it was to change before it is"
        " sent again."
    )

    @classmethod
    def hint_for(cls, route: str) -> str:
        """What to do next when this happens on `route`."""
        known = assumptions.ROUTES.get(route)
        if known is not None and known.method == "GET":
            return "It was a read, so it may be done again at any time."
        if route.startswith("import."):
            return "It is unknown whether the request was applied; read the import's status."
        if route.endswith(".initiate"):
            return "Initiate the export again; one that nobody retrieves ends by itself."
        return cls.default_hint


class NoAnswer(Unclear):
    """The request left, and no whole answer came: time-out, reset or lost connection."""


class ServerError(Unclear):
    """The vendor's server failed (5xx) or gave up on receiving the request (408)."""


class GarbledAnswer(Unclear):
    """A success was answered, but its body is cut, is not JSON or lacks what the route answers."""


def unclear(error: BaseException) -> bool:
    """Whether the request that ended in `error` may or may not have been applied."""
    return isinstance(error, Unclear)
