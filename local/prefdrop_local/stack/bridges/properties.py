"""Properties that moto's CloudFormation leaves out when it makes a bucket or a table."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from prefdrop_local.stack.place import ACCOUNT, PARTITION, REGION


def complete_bucket(name: str, properties: dict[str, Any]) -> None:
    """Versioning and EventBridge notifications."""
    backend = s3_backends[ACCOUNT][PARTITION]
    if status := properties.get("VersioningConfiguration", {}).get("Status"):
        backend.put_bucket_versioning(name, status)
    if "EventBridgeConfiguration" in properties.get("NotificationConfiguration", {}):
        backend.put_bucket_notification_configuration(name, {"EventBridgeConfiguration": {}})


def complete_table(name: str, properties: dict[str, Any]) -> None:
    """Time to live (its attribute shows; moto deletes nothing)."""
    if specification := properties.get("TimeToLiveSpecification"):
        dynamodb_backends[ACCOUNT][REGION].update_time_to_live(name, specification)
