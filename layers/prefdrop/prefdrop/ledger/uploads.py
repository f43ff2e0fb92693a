"""An object that grows over several invocations: S3 cannot append, so it is a multipart upload.

What does not fill a part yet is carried in a small working object between invocations. An object
that never fills a part is written at once in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from prefdrop.errors import Transient
from prefdrop.ledger.objects import ObjectStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 8 << 20
"""S3 takes no part below 5 MiB but the last, and no more than 10,000 parts."""


class UploadGone(Transient):
    """The upload was completed or aborted meanwhile; the object has to be written anew."""


class Upload(msgspec.Struct):
    """Where a growing object stands: enough to go on in another invocation."""

    key: str
    content_type: str
    carry_key: str = ""
    """Object that holds what does not fill a part yet; each state of the upload has its own."""
    upload_id: str = ""
    tags: list[str] = []
    """ETags of the parts that are uploaded, in their order."""


class GrowingObject:
    """Appends to an object; `save` between invocations, `finish` in the end."""

    def __init__(self, client: S3Client, objects: ObjectStore, upload: Upload) -> None:
        self._client = client
        self._objects = objects
        self._upload = upload
        self._buffer = bytearray()
        if upload.carry_key:
            self._buffer += objects.read(upload.carry_key).body

    def write(self, block: bytes) -> None:
        """Append a block."""
        self._buffer += block
        if len(self._buffer) >= PART_BYTES:
            self._upload_part()

    def mark(self) -> tuple[Upload, bytes]:
        """Return where the object is now, for `rewind`."""
        upload = msgspec.structs.replace(self._upload, tags=list(self._upload.tags))
        return upload, bytes(self._buffer)

    def rewind(self, mark: tuple[Upload, bytes]) -> None:
        """Forget what was written after `mark`; a part uploaded since then is replaced later."""
        self._upload, self._buffer = mark[0], bytearray(mark[1])

    def save(self, carry_key: str) -> Upload:
        """Carry the rest over to the next invocation, in an object of its own."""
        self._objects.write(carry_key, bytes(self._buffer))
        return msgspec.structs.replace(
            self._upload, carry_key=carry_key, tags=list(self._upload.tags)
        )

    def finish(self) -> None:
        """Make the object whole and visible."""
        if not self._upload.tags:
            self._objects.write(
                self._upload.key, bytes(self._buffer), content_type=self._upload.content_type
            )
            return
        if self._buffer:
            self._upload_part()
        numbered = enumerate(self._upload.tags, start=1)
        self._send(
            self._client.complete_multipart_upload,
            Bucket=self._objects.bucket,
            Key=self._upload.key,
            UploadId=self._upload.upload_id,
            MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": n} for n, tag in numbered]},
        )

    def _upload_part(self) -> None:
        if not self._upload.upload_id:
            begun = self._client.create_multipart_upload(
                Bucket=self._objects.bucket,
                Key=self._upload.key,
                ContentType=self._upload.content_type,
            )
            self._upload.upload_id = begun["UploadId"]
        number = len(self._upload.tags) + 1
        answer = self._send(
            self._client.upload_part,
            Bucket=self._objects.bucket,
            Key=self._upload.key,
            UploadId=self._upload.upload_id,
            PartNumber=number,
            Body=bytes(self._buffer),
        )
        self._upload.tags.append(answer["ETag"])
        self._buffer.clear()

    def _send(self, call: Callable[..., Any], **request: Any) -> Any:
        try:
            return call(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise
            raise UploadGone(
                f"The upload of {self._upload.key} has ended.", hint="It is begun anew."
            ) from None
