"""S3 cuts downloads, as it does on AWS: a body ends early and its connection is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

_SIGNED_FOR_S3 = "/s3/aws4_request"


class Cuts:
    """Serves `application`; each GET of S3 ends after `after` bytes of its body, 0 for none."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.after = 0
        self.made = 0
        """Downloads that were cut."""

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        signed_for_s3 = _SIGNED_FOR_S3 in environ.get("HTTP_AUTHORIZATION", "")
        if not self.after or environ["REQUEST_METHOD"] != "GET" or not signed_for_s3:
            return answer
        body = b"".join(answer)
        # The header still promises all of it. The server closes each connection after its answer.
        self.made += len(body) > self.after
        return [body[: self.after]]
