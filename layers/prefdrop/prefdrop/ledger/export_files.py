"""The bucket as exports need it: large objects from files, ranges, versions, and taking away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from botocore.exceptions import ClientError

from prefdrop.ledger.objects import ObjectStore

DELETE_BATCH = 1000
"""Keys that one DeleteObjects takes."""


class Listed(NamedTuple):
    """One object of a listing."""

    key: str
    modified: datetime


class ExportFiles(ObjectStore):
    """The objects of one bucket, with what only exports do to them."""

    def write_file(self, key: str, body: BinaryIO, *, content_type: str) -> str:
        """Write an object from a file's beginning on, and return its version."""
        body.seek(0)
        answer = self._client.put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType=content_type
        )
        return answer.get("VersionId", "")

    def version_of(self, key: str) -> str:
        """The newest version of an object; empty where there is none."""
        return str(self._head(key).get("VersionId", ""))

    def size_of(self, key: str) -> int:
        """How many bytes an object has; 0 where there is none."""
        return int(self._head(key).get("ContentLength", 0))

    def _head(self, key: str) -> Any:
        try:
            return self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if self._is_missing(error, key):
                return {}
            raise

    def fetch(self, key: str, into: BinaryIO) -> None:
        """Copy a whole object into a file; raises ObjectMissing."""
        for block in self.open(key).blocks():
            into.write(block)

    def blocks(self, key: str, size: int) -> Iterator[bytes]:
        """An object in pieces of `size` bytes, each fetched when it is wanted.

        No connection stays open between two of them, so any number of objects can be read at once.
        """
        offset, length, same = 0, 1, dict[str, str]()
        while offset < length:
            wanted = f"bytes={offset}-{offset + size - 1}"
            with self.open(key, "", wanted, **same) as body:
                block = body.readall()
            length, same = body.length, body.same
            offset += len(block)
            yield block

    def ends(self, key: str, size: int) -> tuple[bytes, bytes]:
        """The first and the last `size` bytes of an object that has as many."""
        with self.open(key, "", f"bytes=0-{size - 1}") as first:
            start = first.readall()
        with self.open(key, "", f"bytes={first.length - size}-", **first.same) as last:
            return start, last.readall()

    def here(self, prefix: str, suffix: str) -> Iterator[Listed]:
        """The objects right under `prefix`, not those in its folders, whose key ends so."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/"):
            for entry in page.get("Contents", []):
                if entry["Key"].endswith(suffix):
                    yield Listed(entry["Key"], entry["LastModified"])

    def delete(self, keys: Iterable[str]) -> None:
        """Take objects away; those that are not there are fine."""
        wanted = [{"Key": key} for key in keys]
        for first in range(0, len(wanted), DELETE_BATCH):
            batch = wanted[first : first + DELETE_BATCH]
            self._client.delete_objects(
                Bucket=self.bucket,
                Delete={"Objects": batch, "Quiet": True},  # type: ignore[typeddict-item]
            )
