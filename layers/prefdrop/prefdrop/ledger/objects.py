"""The bucket: sources, feeds, working files and results."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from urllib3.exceptions import HTTPError

from prefdrop.errors import Terminal, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READ_BUFFER = 1 << 20
BLOCK = 1 << 16
"""Bytes read at a time: where a connection is cut, what came of its last block is lost."""

MISSING = ("NoSuchKey", "NoSuchVersion", "404")
FORBIDDEN = ("AccessDenied", "403")
"""S3's error codes; without a body, as `HeadObject` answers, the code is the status."""
KEY_UNUSABLE = (
    "KMS.DisabledException",
    "KMS.NotFoundException",
    "KMS.KMSInvalidStateException",
)
"""Codes of KMS that S3 passes on: the key is disabled, gone, or about to be deleted."""
NO_CUSTOMER_KEY = ("InvalidRequest", "400")
"""Codes for a read without the key of an object that the sender encrypted with SSE-C."""

CUT = (HTTPClientError, IncompleteReadError, HTTPError, OSError)
"""Errors of a body that ends early. botocore lets urllib3's TLS errors through. A checksum that
does not match is none of these: those bytes were delivered whole, and wrong."""
STANDSTILLS = 3
"""Times in a row that a body is reopened without one more byte."""
FIRST_PAUSE = 0.1
"""Seconds before such a reopening; they double."""
AGAIN = "It is read again when the step is tried again."


class ObjectMissing(Terminal):
    """The bucket holds no such object, or no such version of it."""


class ObjectLocked(Terminal):
    """The object is encrypted with a key that the stack's functions may not or cannot use."""


class ObjectCut(Transient):
    """S3 ended a download early, again and again at the same byte."""


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
        with self.open(key, version_id) as body:
            return Stored(body.readall(), body.version_id)

    def open_at(self, key: str, version_id: str, offset: int, size: int) -> BinaryIO:
        """Stream an object from byte `offset` on; raises ObjectMissing.

        The stream reads on where S3 cuts it. Reading raises ObjectCut where that does not help.
        """
        if offset >= size:
            return io.BytesIO(b"")
        body = self.open(key, version_id, f"bytes={offset}-")
        return cast(BinaryIO, io.BufferedReader(body, READ_BUFFER))

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

    def open(self, key: str, version_id: str = "", wanted: str = "", **more: str) -> Body:
        """Open an object, or the range of it that is `wanted`; raises ObjectMissing."""
        address = f"s3://{self.bucket}/{key}"

        def get(wanted: str, **more: str) -> Any:
            if not wanted:
                return self._get(key, version_id, **more)
            answer = self._get(key, version_id, Range=wanted, **more)
            start = wanted.replace("=", " ").partition("-")[0]
            # Bytes of another place must never pass for these.
            if not answer.get("ContentRange", "").startswith(f"{start}-"):
                raise ObjectCut(f"S3 answered {address} without the range {wanted}.", hint=AGAIN)
            return answer

        return Body(get, get(wanted, **more), address)

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
            if lock := self._lock_of(error, key, version_id):
                raise ObjectLocked(
                    f"s3://{self.bucket}/{key} is encrypted with {lock}.",
                    hint="Drop the file again without an encryption key of your own. The bucket "
                    "encrypts it with the stack's key.",
                ) from None
            raise

    def _lock_of(self, error: ClientError, key: str, version_id: str) -> str:
        """Return which key keeps a read from its object; empty where it failed for another reason.

        S3 refuses a caller who may not use the key with the same words as one who may not read the
        object. `HeadObject` tells them apart: it takes the permission to read, but not the key.
        """
        code = error.response["Error"]["Code"]
        if code not in (*FORBIDDEN, *KEY_UNUSABLE, *NO_CUSTOMER_KEY):
            return ""
        named: Any = {"VersionId": version_id} if version_id else {}
        try:
            head = self._client.head_object(Bucket=self.bucket, Key=key, **named)
        except ClientError as refused:
            if code in NO_CUSTOMER_KEY and refused.response["Error"]["Code"] in NO_CUSTOMER_KEY:
                return "a key of its sender (SSE-C), which S3 does not keep"
            return f"a key that KMS cannot use ({code})" if code in KEY_UNUSABLE else ""
        if code in NO_CUSTOMER_KEY or "SSEKMSKeyId" not in head:
            return ""
        return f"the key {head['SSEKMSKeyId']}, which the stack cannot use ({code})"

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


class Body(io.RawIOBase):
    """The bytes of one object version; a GET that S3 cuts is made again for the rest of them.

    `get` makes one for a range, and `answer` is what the first brought. Reading raises ObjectCut
    after several GETs in a row that brought no byte.
    """

    def __init__(self, get: Callable[..., Any], answer: Any, address: str) -> None:
        self._get = get
        self._address = address
        self._body = answer["Body"]
        span, _, length = answer.get("ContentRange", "").removeprefix("bytes ").partition("/")
        self._place = int(span.partition("-")[0] or 0)
        self._end = self._place + answer["ContentLength"]
        self.length = int(length or self._end)
        """Bytes of the whole object."""
        self.version_id: str = answer.get("VersionId", "")
        self.same = {"IfMatch": answer["ETag"]}
        """Names the same content to a further GET; a version takes a permission of its own."""
        self._standstills = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 only at the end, since a buffered reader takes it for that."""
        while (most := min(len(buffer), self._end - self._place)) > 0:
            # A smaller block after a standstill: of the larger one, too little came.
            if block := self._read_some(min(most, BLOCK >> 4 * self._standstills)):
                buffer[: len(block)] = block
                self._place += len(block)
                self._standstills = 0
                return len(block)
            self._reopen()
        return 0

    def _read_some(self, most: int) -> bytes:
        """Read up to `most` bytes; none where the connection is cut."""
        try:
            block: bytes = self._body.read(most)
        except CUT:
            return b""
        return block

    def _reopen(self) -> None:
        if self._standstills == STANDSTILLS:
            place = f"byte {self._place} of {self.length}"
            raise ObjectCut(f"S3 cut {self._address} at {place}, and no more came.", hint=AGAIN)
        if self._standstills:
            time.sleep(FIRST_PAUSE * 2**self._standstills)
        self._standstills += 1
        self._body.close()
        self._body = self._get(f"bytes={self._place}-{self._end - 1}", **self.same)["Body"]

    def blocks(self) -> Iterator[bytes]:
        """Yield what is left in blocks, and close."""
        with self:
            yield from iter(lambda: self.read(BLOCK), b"")

    def close(self) -> None:
        self._body.close()
        super().close()
