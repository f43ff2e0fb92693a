"""The one exception that ends a vendor request with an error answer."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class ProblemError(Exception):
    """The request is answered with `status` and the body `{"Message": message}`.

    With a `Content-Type` among the headers, the message is the body as it stands.
    """

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None,
        model_state: Mapping[str, list[str]] | None = None,
    ) -> None:  # fmt: skip
        """`model_state` says which place in the body is wrong, and why."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.model_state = model_state

    @property
    def body(self) -> bytes:
        """The answer's body."""
        if "Content-Type" in self.headers:
            return self.message.encode()
        places = {"ModelState": self.model_state} if self.model_state else {}
        return msgspec.json.encode({"Message": self.message, **places})


def bad_request(message: str) -> ProblemError:
    """400: malformed or invalid request; nothing was changed."""
    return ProblemError(400, message)


def not_authorized(message: str) -> ProblemError:
    """401 with the headers the vendor documents for it."""
    return ProblemError(
        401,
        message,
        {
            "Cache-Control": "no-cache",
            "WWW-Authenticate": 'PNAUTHINFO3 realm="https://pm.mypreferences.com"',
        },
    )


def forbidden(message: str) -> ProblemError:
    """403: the user lacks a permission."""
    return ProblemError(403, message)


def conflict(message: str) -> ProblemError:
    """409: it would clash with what there is."""
    return ProblemError(409, message)


def not_found(message: str) -> ProblemError:
    """404: something named in the path or the body does not exist."""
    return ProblemError(404, message)
