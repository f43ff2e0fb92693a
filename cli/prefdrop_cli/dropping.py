"""Putting feeds and files where the workflow looks for them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from prefdrop.importing.drop import INBOX, Drop
from prefdrop_cli.deployments import Deployment
from prefdrop_cli.preflight import read_feed

SINGLE_PUT_BYTES = 5 * 1024**3
"""The largest object that S3 takes in one request; one request's answer names the version."""


class Dropped(msgspec.Struct, frozen=True):
    """One dropped file: the object version, and the import that comes of it."""

    import_id: str
    """The id of the import that comes of it."""
    bucket: str
    """The stack's bucket."""
    key: str
    """`inbox/<feed>/<name>`."""
    version_id: str
    """The object's version."""


def drop_file(deployment: Deployment, file: Path, feed: str) -> Dropped:
    """Upload `file` into the feed's inbox."""
    bucket, key, size = deployment.bucket, f"{INBOX}{feed}/{file.name}", file.stat().st_size
    if size <= SINGLE_PUT_BYTES:
        with file.open("rb") as body:
            answer = deployment.s3.put_object(Bucket=bucket, Key=key, Body=body)
    else:
        deployment.s3.upload_file(str(file), bucket, key)
        answer = deployment.s3.head_object(Bucket=bucket, Key=key)
    version = answer["VersionId"]
    drop = Drop(bucket, key, version, size, sequencer="", dropped_at="")
    return Dropped(drop.import_id, bucket, key, version)


def push_feed(deployment: Deployment, path: Path) -> str:
    """Check the feed at `path` and put it into the bucket; returns its key."""
    key = f"feeds/{read_feed(path).name}.toml"
    deployment.objects.write(key, path.read_bytes(), content_type="application/toml")
    return key
