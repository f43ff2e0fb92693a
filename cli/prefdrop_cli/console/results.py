"""What an import left in the bucket: its report as a page, and its rejected rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from prefdrop.ledger.objects import ObjectMissing
from prefdrop_cli.console.answers import Answer, Asked
from prefdrop_cli.deployments import Deployment

BLOCK = 1 << 16
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A report carries its own style; whatever else it might hold runs nothing and reaches nothing."""


def report_page(deployment: Deployment, asked: Asked) -> Answer:
    """`report.html` of an import, as it lies in the bucket."""
    found = deployment.imports.get(asked.named["import_id"])
    if not found.report_key:
        raise _nothing("report", found.import_id)
    key = str(PurePosixPath(found.report_key).with_suffix(".html"))
    return Answer(
        content_type="text/html; charset=utf-8",
        body=deployment.objects.read(key).body,
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


def rejects(deployment: Deployment, asked: Asked) -> Answer:
    """The rejected rows as a file to save."""
    found = deployment.imports.get(asked.named["import_id"])
    if not found.rejects_key:
        raise _nothing("rejects", found.import_id)
    stored = _open(deployment, found.rejects_key)
    name = f"{found.import_id}-{PurePosixPath(found.rejects_key).name}"
    return Answer(
        content_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
        stream=_blocks(stored["Body"]),
        length=stored["ContentLength"],
    )


def _open(deployment: Deployment, key: str) -> Any:
    try:
        return deployment.s3.get_object(Bucket=deployment.bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
        raise ObjectMissing(
            f"s3://{deployment.bucket}/{key} is not there.",
            hint="Was it deleted, or has it expired?",
        ) from None


def _blocks(body: Any) -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(BLOCK)


def _nothing(what: str, import_id: str) -> ObjectMissing:
    return ObjectMissing(
        f"Import {import_id} has no {what}.", hint="It may still be under way, or need none."
    )
