"""A bucket says that it tells EventBridge, if it does. moto knows and leaves it out."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

from prefdrop_local.stack.patching import Patches


def install(patches: Patches) -> None:
    """Complete what is answered about a bucket's notifications."""
    original: Any = S3Response.get_bucket_notification

    def complete(self: Any) -> Any:
        held = self.backend.get_bucket_notification_configuration(self.bucket_name)
        serialized = self.serialized

        def with_event_bridge(result: Any) -> Any:
            if isinstance(result, ActionResult) and held and held.event_bridge is not None:
                result.result["EventBridgeConfiguration"] = {}  # type: ignore[index]
            return serialized(result)

        self.serialized = with_event_bridge
        return original(self)

    patches.set(S3Response, "get_bucket_notification", complete)
