"""S3 tells EventBridge about objects as AWS does: increasing sequencer, time as text.

moto's events always carry the same `sequencer`, a number as `time` and members in another case,
and there are two for a copy or a multipart upload.
Shape: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.s3 import notifications
from moto.s3.models import S3Backend

from prefdrop_local.stack.patching import Patches
from prefdrop_local.stack.place import ACCOUNT

_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}


class _Sequencer:
    """Hexadecimal numbers of one length that only grow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            return f"00{self._last:016X}"


def install(patches: Patches, publish: Callable[[dict[str, Any]], None]) -> None:
    """Replace the event that S3 publishes."""
    sequencer = _Sequencer()
    inside = threading.local()

    def send(_account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name))
        # moto sends one about tags with every upload, tags or not.
        if "ObjectTagging" not in name and not (_is_put(name) and getattr(inside, "larger", False)):
            publish(_event(bucket, name, key, sequencer))

    for name in ("complete_multipart_upload", "copy_object"):
        patches.set(S3Backend, name, _without_put(getattr(S3Backend, name), inside))
    patches.set(notifications, "_send_event_bridge_message", send)


def _is_put(event_name: str) -> bool:
    return event_name.endswith("ObjectCreated:Put")


def _without_put(method: Callable[..., Any], inside: threading.local) -> Callable[..., Any]:
    """moto makes these out of a put, and would tell of that too: two events for one object."""

    def larger(*args: Any, **kwargs: Any) -> Any:
        inside.larger = True
        try:
            return method(*args, **kwargs)
        finally:
            inside.larger = False

    return larger


def _event(bucket: Any, event_name: str, key: Any, sequencer: _Sequencer) -> dict[str, Any]:
    kind = event_name.rsplit(":", 1)[-1]
    item = {"key": key.name, "size": key.size, "etag": key.etag.replace('"', "")}
    if key.version_id and key.version_id != "null":
        item["version-id"] = key.version_id
    item["sequencer"] = sequencer.next()
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": item,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": _REASONS.get(kind, kind),
    }
    return {
        "source": "aws.s3",
        "detail-type": notifications._detail_type(event_name),
        "resources": [bucket.arn],
        "detail": detail,
    }
