"""A download that S3 cuts goes on at the byte it came to, over real connections."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from prefdrop.ledger import objects
from prefdrop.ledger.export_files import ExportFiles
from prefdrop.ledger.objects import ObjectCut
from tests.tiers import second_tier

BODY = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(20_000))
"""640 kB in which no two places look the same."""
KEY = "inbox/people/people.csv"
CUT_AFTER = 100_000


class S3(ThreadingHTTPServer):
    """One object; each GET ends after `after` bytes, in the `manner` of a bad connection."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.body, self.after, self.manner = BODY, CUT_AFTER, "closed"
        self.ranges: list[str] = []
        self.let_go = threading.Event()
        self.ignores_ranges = False

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"'

    def handle_error(self, *_: Any) -> None:
        """Connections that break are what this server is for."""


class _Answer(BaseHTTPRequestHandler):
    server: S3
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.ranges.append(wanted)
        if self.headers.get("If-Match", self.server.etag) != self.server.etag:
            self._answer(412, b"")
            return
        body = self.server.body
        if not wanted or self.server.ignores_ranges:
            self._answer(200, body)
            return
        first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted).groups()  # type: ignore[union-attr]
        end = min(int(last) + 1 if last else len(body), len(body))
        span = f"bytes {first}-{end - 1}/{len(body)}"
        self._answer(206, body[int(first) : end], ("Content-Range", span))

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in [("ETag", self.server.etag), ("Content-Length", f"{len(body)}")]:
            self.send_header(name, value)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: self.server.after])
        if len(body) > self.server.after:
            self._break()

    def _break(self) -> None:
        self.close_connection = True
        if self.server.manner == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif self.server.manner == "silent":
            self.server.let_go.wait()

    def log_message(self, *_: Any) -> None:
        """Requests are kept in `ranges`."""


@pytest.fixture
def s3() -> Iterator[S3]:
    with S3() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.let_go.set()
        server.shutdown()


@pytest.fixture
def files(s3: S3, monkeypatch: pytest.MonkeyPatch) -> ExportFiles:
    monkeypatch.setattr(objects, "FIRST_PAUSE", 0)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3.server_address[1]}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(read_timeout=2),  # so long each silent connection is waited for
    )
    return ExportFiles(client, "bucket")


def read_stream(files: ExportFiles, offset: int = 0) -> bytes:
    with files.open_at(KEY, "", offset, len(BODY)) as stream:
        return stream.read()


def read_fetched(files: ExportFiles) -> bytes:
    import io

    into = io.BytesIO()
    files.fetch(KEY, into)
    return into.getvalue()


READERS = {
    "stream": read_stream,
    "read": lambda files: files.read(KEY).body,
    "fetch": read_fetched,
    "blocks": lambda files: b"".join(files.blocks(KEY, 300_000)),
}


@pytest.mark.parametrize("manner", ["closed", "reset", "silent"])
def test_download_cut_in_any_manner_arrives_whole(s3: S3, files: ExportFiles, manner: str) -> None:
    s3.manner, s3.after = manner, 400_000

    assert read_stream(files, 7) == BODY[7:]
    assert len(s3.ranges) > 1


@pytest.mark.parametrize("reader", READERS)
def test_cut_download_arrives_whole_by_every_reader(
    s3: S3, files: ExportFiles, reader: str
) -> None:
    assert READERS[reader](files) == BODY


def test_cut_ends_arrive_whole(s3: S3, files: ExportFiles) -> None:
    assert files.ends(KEY, 300_000) == (BODY[:300_000], BODY[-300_000:])


@pytest.mark.parametrize("after", [5_000, 300])
def test_download_cut_within_a_block_makes_progress(s3: S3, files: ExportFiles, after: int) -> None:
    s3.body, s3.after, s3.manner = BODY[: 20 * after], after, "reset"

    assert files.read(KEY).body == s3.body


def test_reading_no_byte_opens_no_further_connection(s3: S3, files: ExportFiles) -> None:
    with files.open(KEY) as body:
        assert body.read(0) == b""
    assert len(s3.ranges) == 1


def test_download_without_progress_raises_object_cut(s3: S3, files: ExportFiles) -> None:
    s3.after = 0

    with pytest.raises(ObjectCut, match=f"at byte 0 of {len(BODY)}"):
        files.read(KEY)
    assert len(s3.ranges) >= 1 + objects.STANDSTILLS


def test_object_replaced_during_a_cut_is_not_mixed(s3: S3, files: ExportFiles) -> None:
    with closing(files.open_at(KEY, "", 0, len(BODY))) as stream:
        stream.read(10)
        s3.body = BODY[::-1]
        with pytest.raises(ClientError, match="412"):
            stream.read()


def test_answer_without_the_wanted_range_is_refused(s3: S3, files: ExportFiles) -> None:
    s3.ignores_ranges = True

    with pytest.raises(ObjectCut, match="without the range"):
        read_stream(files, 7)
    assert read_is_refused_after_a_cut(files)


def read_is_refused_after_a_cut(files: ExportFiles) -> bool:
    with pytest.raises(ObjectCut, match=f"without the range bytes={CUT_AFTER}-"):
        files.read(KEY)
    return True


@second_tier("every place of a cut in a small object; the manners are the short form")
def test_cut_at_any_byte_loses_and_doubles_nothing(s3: S3, files: ExportFiles) -> None:
    s3.body = BODY[:600]
    for s3.after in range(16, 600, 37):
        for s3.manner in ("closed", "reset"):
            assert files.read(KEY).body == s3.body, (s3.after, s3.manner)
