"""ReceiveCallback: the vendor says that an export is ready; the run that waits for it wakes up.

The callback is not believed: the run asks for the status itself. So all that a caller who knows the
key can do is make it ask earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.auditing.admission import Refused, admit
from prefdrop.auditing.http import Request, Response, request_of
from prefdrop.errors import PrefdropError
from prefdrop.exporting.await_export import wake
from prefdrop.exporting.services import CallbackServices, ExportServices
from prefdrop.telemetry import logger

TAKEN = Response(204)
UNKNOWN = Response(404, {"error": "ExportUnknown"})
LATER = Response(503, {"error": "NotTaken"}, {"retry-after": "10"})


def callback(
    make_services: Callable[[], ExportServices] = CallbackServices,
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The Lambda handler; its services are made at its first call."""
    kept: list[ExportServices] = []

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.append_keys(step="receive_callback", request=context.aws_request_id)
        try:
            if not kept:
                kept.append(make_services())
            response = receive(kept[0], request_of(event))
        except Refused as refused:
            logger.warning("refused", extra={"status": refused.status, "reason": refused.reason})
            response = refused.response()
        except (PrefdropError, ClientError, BotoCoreError) as error:
            logger.error("cannot receive", extra={"code": type(error).__name__})
            response = LATER
        return response.payload()

    return handler


def receive(services: ExportServices, request: Request) -> Response:
    """Wake the run that the callback is for; raises Refused."""
    admit(request, services.callback_secret, services.sources)
    if request.method != "POST":
        raise Refused(405, "MethodNotAllowed")
    token = _token(request.body or b"")
    run = services.exports.of_token(token) if token else None
    if run is None:
        return UNKNOWN
    wake(services, services.exports.update(run, called_back=True))
    logger.info("called back", extra={"export": run.export, "run": run.run})
    return TAKEN


def _token(body: bytes) -> str:
    """The access token in a status object, whatever the case of its members; or nothing."""
    try:
        status = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ""
    if not isinstance(status, dict):
        return ""
    members = {name.lower(): value for name, value in status.items()}
    token = members.get("accesstoken")
    return str(token) if isinstance(token, str | int) and not isinstance(token, bool) else ""
