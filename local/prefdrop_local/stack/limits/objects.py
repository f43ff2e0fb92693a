"""S3's limits that moto does not check.

Keys: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
Metadata: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from typing import Any

from moto.s3 import responses, utils
from moto.s3.exceptions import MalformedXML, S3ClientError
from moto.s3.responses import S3Response

from prefdrop_local.stack.patching import Patches

MOST_KEY_BYTES = 1024
MOST_METADATA_BYTES = 2048
MOST_DELETED = 1000
_METADATA = "x-amz-meta-"


class KeyTooLongError(S3ClientError):
    """An object's key has more bytes than S3 takes."""

    code = "KeyTooLongError"
    message = "Your key is too long"


class MetadataTooLarge(S3ClientError):
    """An object's own metadata has more bytes than S3 takes."""

    code = "MetadataTooLarge"
    message = "Your metadata headers exceed the maximum allowed metadata size"


def install(patches: Patches) -> None:
    """Check keys, metadata, and how many objects are deleted at once."""
    key_name = S3Response.parse_key_name
    metadata_of = utils.metadata_from_headers
    delete = S3Response._bucket_response_delete_keys

    def checked_key(response: Any) -> str:
        name = key_name(response)
        if len(name.encode()) > MOST_KEY_BYTES:
            # Or moto looks for it in a model of S3 that clients have changed.
            response.data.setdefault("Action", "PutObject")
            raise KeyTooLongError()
        return name

    def checked_metadata(headers: Any) -> Any:
        metadata = metadata_of(headers)
        own = (item for item in metadata.items() if item[0].lower().startswith(_METADATA))
        size = sum(len((k[len(_METADATA) :] + str(v)).encode()) for k, v in own)
        if size > MOST_METADATA_BYTES:
            raise MetadataTooLarge()
        return metadata

    def checked_delete(response: Any, *args: Any, **kwargs: Any) -> Any:
        body = response.body if isinstance(response.body, bytes) else response.body.encode()
        if body.count(b"<Object>") > MOST_DELETED:
            raise MalformedXML()
        return delete(response, *args, **kwargs)

    patches.set(S3Response, "parse_key_name", checked_key)
    patches.set(responses, "metadata_from_headers", checked_metadata)
    patches.set(S3Response, "_bucket_response_delete_keys", checked_delete)
