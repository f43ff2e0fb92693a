"""S3 tells EventBridge about objects as AWS does: increasing sequencer, time as text.

moto's events always carry the same `sequencer`, a number as `time` and members in another case.
Shape: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.s3 import notifications

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

    def send(_account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name))
        if "ObjectTagging" not in name:  # moto sends one with every upload, tags or not
            publish(_event(bucket, name, key, sequencer))

    patches.set(notifications, "_send_event_bridge_message", send)


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
