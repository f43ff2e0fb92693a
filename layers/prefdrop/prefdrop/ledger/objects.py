"""The bucket: sources, feeds, working files and results."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from botocore.exceptions import ClientError

from prefdrop.errors import Terminal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READ_BUFFER = 1 << 20

MISSING = ("NoSuchKey", "NoSuchVersion", "404")
FORBIDDEN = ("AccessDenied", "403")
"""S3's error codes; without a body, as `HeadObject` answers, the code is the status."""


class ObjectMissing(Terminal):
    """The bucket holds no such object, or no such version of it."""


class Stored(NamedTuple):
    """One small object, read whole."""

    body: bytes
    version_id: str


class ObjectStore:
    """The objects of one bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def read(self, key: str, *, version_id: str = "") -> Stored:
        """Read a small object whole; raises ObjectMissing."""
        answer = self._get(key, version_id)
        return Stored(answer["Body"].read(), answer.get("VersionId", ""))

    def open_at(self, key: str, version_id: str, offset: int, size: int) -> BinaryIO:
        """Stream an object from byte `offset` on; raises ObjectMissing."""
        if offset >= size:
            return io.BytesIO(b"")
        answer = self._get(key, version_id, Range=f"bytes={offset}-")
        return cast(BinaryIO, io.BufferedReader(_Body(answer["Body"]), READ_BUFFER))

    def write(self, key: str, body: bytes, *, content_type: str = "application/json") -> str:
        """Write one object and return its version; writing it again replaces it."""
        answer = self._client.put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType=content_type
        )
        return answer.get("VersionId", "")

    def list(self, prefix: str) -> Iterator[str]:
        """The keys under `prefix`, in their order."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield entry["Key"]

    def _get(self, key: str, version_id: str, **more: Any) -> Any:
        if version_id:
            more["VersionId"] = version_id
        try:
            return self._client.get_object(Bucket=self.bucket, Key=key, **more)
        except ClientError as error:
            if self._is_missing(error, key, version_id):
                raise ObjectMissing(
                    f"s3://{self.bucket}/{key} is not there.",
                    hint="Was it deleted, or its version expired?",
                ) from None
            raise

    def _is_missing(self, error: ClientError, key: str, version_id: str = "") -> bool:
        """Return whether a read failed because the bucket holds no such object.

        S3 reports a missing object as forbidden to callers who may not list its key.
        """
        code = error.response["Error"]["Code"]
        # A list shows the newest version only, so it cannot tell about another one.
        if code in FORBIDDEN and not version_id:
            return not self._is_there(key)
        return code in MISSING

    def _is_there(self, key: str) -> bool:
        """Return whether a list shows the key, or True where the list is refused as well."""
        try:
            found = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        except ClientError:
            return True
        return any(entry["Key"] == key for entry in found.get("Contents", ()))


class _Body(io.RawIOBase):
    """A botocore body as a raw stream, so that a buffered reader can cut it into lines."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._body.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._body.close()
        super().close()
