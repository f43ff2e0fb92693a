"""The open points in brief, and how each is confirmed with the vendor in one request.

docs/vendor-assumptions.md says what is assumed in full; a test holds both together.
"""

from __future__ import annotations

from typing import NamedTuple


class OpenPoint(NamedTuple):
    """One open point."""

    assumption: str
    question: str
    """The one request that settles it, or what to ask the vendor's support."""


OPEN_POINTS = {
    "O-1": OpenPoint(
        "one base URL serves all routes",
        "`GET {clientId}/Programs` answers 200 at `BaseUrl`, and "
        "`GET Async/{clientId}/Export/0/Status` 401, or 404 if bulk routes lie elsewhere",
    ),
    "O-2": OpenPoint(
        "nothing is built on a Swagger description",
        "Ask support for the address of the Swagger description of your account's API",
    ),
    "O-3": OpenPoint(
        "the paths of bulk import",
        "`GET` of each path with access token 0: 401 or 405 where it is right, the web server's "
        "404 where it is not",
    ),
    "O-4": OpenPoint(
        "the paths of export",
        "`GET` of each path with access token 0: 401 or 405 where it is right, the web server's "
        "404 where it is not",
    ),
    "O-5": OpenPoint(
        "names in staged records",
        "Stage one record with every name into an import that is never executed, each with a value "
        "of the wrong type; read the exceptions: a name without one is not known",
    ),
    "O-6": OpenPoint(
        "ReasonCode belongs to the import",
        "Initiate an import with a `ReasonCode`; the answer repeats it where it belongs there",
    ),
    "O-7": OpenPoint(
        "the rolling limit: 200 imports, then 429",
        "Ask support how many requests of which kind your account may send in 24 hours, and what "
        "the next one is answered",
    ),
    "O-8": OpenPoint(
        "a body over the limit is answered 413 or 404.13",
        "Stage a body of 28,000,001 bytes without records into an import that is never executed",
    ),
    "O-9": OpenPoint(
        "pages of 1,000 are answered whole",
        "`GET` exceptions of an import with `limit=1000`; `Limit` of the answer is what it allows",
    ),
    "O-10": OpenPoint(
        "the shape of exceptions",
        "Stage a record without an address in `Emails`, twice, and read the exceptions",
    ),
    "O-11": OpenPoint(
        "Stage and Execute out of turn are refused",
        "Ask support; trying it would execute an import. Nothing relies on it",
    ),
    "O-12": OpenPoint(
        "NotHonored records were older than what is stored",
        "Ask support for which reasons a record is counted as `NotHonored`",
    ),
    "O-13": OpenPoint(
        "the OAuth token URL",
        "`POST` `grant_type=client_credentials` without credentials to the URL: a JSON object with "
        "`error` means that it is right",
    ),
    "O-14": OpenPoint(
        "timestamps are UTC and good for 15 minutes",
        "`GET {clientId}/Programs` with a header that was signed 14 minutes ago answers 200",
    ),
    "O-15": OpenPoint(
        "paths and names of events and subscriptions",
        "`GET {clientId}/Events` and `GET {clientId}/Events/Subscriptions`; compare the names with "
        "these",
    ),
    "O-16": OpenPoint(
        "how webhooks are delivered",
        "Subscribe a test address of yours, change one test profile, look at what comes",
    ),
    "O-17": OpenPoint(
        "imports emit events",
        "Import one test person and read `GET {clientId}/Events` of the last hour",
    ),
    "O-18": OpenPoint(
        "life, callback and moment of an export",
        "Ask support; `GET` the status of an export of yesterday tells how long its token lives",
    ),
    "O-19": OpenPoint(
        "there is no idempotency key",
        "Ask support whether any header lets a repeated stage request be recognised",
    ),
    "O-20": OpenPoint(
        "TLS, compression, the Date header",
        "`GET {clientId}/Programs`; look at the headers of the answer",
    ),
    "O-21": OpenPoint(
        "paths and queries of profile data",
        "`GET` of each path with profile id 0: not the web server's 404; a search for nobody shows "
        "the collection",
    ),
    "O-22": OpenPoint(
        "paths and members of the configuration",
        "`GET` of each list; compare the names with these",
    ),
    "O-23": OpenPoint(
        "paths and bodies of user management",
        "`GET {clientId}/Users` as an administrator; compare the names with these",
    ),
}
