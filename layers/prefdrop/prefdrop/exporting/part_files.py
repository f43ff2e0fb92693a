"""The objects of a run while they are written: formats, compression, digest.

Nothing is kept in memory but the page at hand: what is written lies in a temporary file until it is
put into the bucket. Packing runs in a thread of its own, beside the reading of the next page.
"""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import IO, Any, BinaryIO, Protocol, cast

import msgspec

from prefdrop.errors import Terminal
from prefdrop.exporting.definition import Export
from prefdrop.exporting.rows import RowWriter
from prefdrop.ledger.exports import Tally

GZIP = zlib.MAX_WBITS | 16
GZIP_LEVEL = 1
"""Records repeat themselves so much that higher levels cost far more time than they save bytes."""

PENDING = 4
"""Pages that may wait to be packed: they lie in memory."""

CONTENT_TYPES = {
    "jsonl": "application/x-ndjson",
    "jsonl.gz": "application/gzip",
    "csv": "text/csv; charset=utf-8",
    "csv.gz": "application/gzip",
    "parquet": "application/vnd.apache.parquet",
}

Records = Sequence[msgspec.Raw]
"""Records as slices of the answer that they came in: nothing is copied twice."""


class ParquetMissing(Terminal):
    """The functions' layer is built without what writes Parquet."""


class PartFile(Protocol):
    """One object in the making."""

    written: int
    """Bytes so far, before compression."""
    records: int

    def write(self, records: Records) -> None:
        """Append records as they came from the vendor."""

    def finish(self) -> BinaryIO:
        """Nothing more comes: the file, for the caller to close."""

    def discard(self) -> None:
        """Give up the file; after `finish` there is nothing to give up."""


class PartFormat:
    """Makes the part files of one export, and knows what its columns could not express."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self.extension = export.extension
        self.content_type = CONTENT_TYPES[export.extension]
        self._rows: RowWriter | None = None
        if export.output.format != "jsonl":
            self._rows = RowWriter(export)

    def new(self) -> PartFile:
        """An empty part file; raises ParquetMissing."""
        output = self._export.output
        packed = output.compression == "gzip"
        if self._rows is None:
            return _TextFile(as_lines, b"", packed=packed)
        if output.format == "parquet":
            return _ParquetFile(self._rows, tuple(self._export.columns), packed=packed)
        table = _CsvText(self._rows, output.delimiter)
        return _TextFile(table.rows, table.line(list(self._export.columns)), packed=packed)

    def take_tally(self) -> Tally:
        """What the columns could not tell since this was asked last."""
        return self._rows.take_tally() if self._rows else Tally()


def sha256_of(file: BinaryIO) -> tuple[str, int]:
    """Digest and length of a finished file."""
    file.seek(0)
    digest = hashlib.file_digest(cast(Any, file), "sha256").hexdigest()
    return digest, file.tell()


def as_lines(records: Records) -> bytes:
    """Records as lines of JSON, byte for byte as they came unless they hold line ends."""
    joined = b"".join(records)
    if b"\n" not in joined and b"\r" not in joined:
        return b"\n".join((*records, b""))
    return b"".join(_one_line(bytes(record)) + b"\n" for record in records)


def _one_line(record: bytes) -> bytes:
    try:
        return msgspec.json.format(record, indent=-1)
    except msgspec.DecodeError:  # half a character; line ends stand between values only
        return record.translate(bytes.maketrans(b"\r\n", b"  "))


class _CsvText:
    """Rows as csv, which a feed reads back: lines end with a line feed."""

    def __init__(self, rows: RowWriter, delimiter: str) -> None:
        self._rows = rows
        self._lines: list[str] = []
        # What is quoted depends on the line end, and a cell may hold a carriage return.
        self._writer = csv.writer(
            SimpleNamespace(write=self._lines.append), delimiter=delimiter, lineterminator="\r\n"
        )

    def line(self, cells: list[str]) -> bytes:
        return self._text([cells])

    def rows(self, records: Records) -> bytes:
        return self._text([self._rows.row_of(record) for record in records])

    def _text(self, rows: Sequence[Sequence[str]]) -> bytes:
        self._writer.writerows(rows)
        text = "".join([line[:-2] + "\n" for line in self._lines])
        self._lines.clear()
        return text.encode()


class _TextFile:
    """Lines of text, packed in a thread while the caller goes on."""

    def __init__(self, encode: Callable[[Records], bytes], header: bytes, *, packed: bool) -> None:
        self.written = 0
        self.records = 0
        self._encode = encode
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - the caller closes it
        self._packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP) if packed else None
        self._thread = ThreadPoolExecutor(1)
        self._pending: deque[Future[None]] = deque()
        if header:
            self._hand_over(header)

    def write(self, records: Records) -> None:
        if records:
            self._hand_over(self._encode(records))
            self.records += len(records)

    def finish(self) -> BinaryIO:
        self._wait()
        self._thread.shutdown()
        if self._packer:
            self._file.write(self._packer.flush())
        return cast(BinaryIO, self._file)

    def discard(self) -> None:
        self._thread.shutdown()
        self._file.close()

    def _hand_over(self, block: bytes) -> None:
        self._wait(PENDING - 1)
        self.written += len(block)
        self._pending.append(self._thread.submit(self._pack, block))

    def _wait(self, left: int = 0) -> None:
        """Wait until no more than so many blocks are to be packed; raises what packing raised."""
        while len(self._pending) > left:
            self._pending.popleft().result()

    def _pack(self, block: bytes) -> None:
        self._file.write(self._packer.compress(block) if self._packer else block)


class _ParquetFile:
    """A table of texts; each page of records is a row group."""

    def __init__(self, rows: RowWriter, columns: tuple[str, ...], *, packed: bool) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise ParquetMissing(
                "The export is to be written as Parquet, and pyarrow is not there.",
                hint="Build the layer with requirements-parquet.txt, or choose csv or jsonl.",
            ) from None
        self.written = 0
        self.records = 0
        self._rows = rows
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - the caller closes it
        self._table = pyarrow.table
        self._schema = pyarrow.schema([(name, pyarrow.string()) for name in columns])
        self._writer: Any = parquet.ParquetWriter(
            self._file, self._schema, compression="gzip" if packed else "none"
        )

    def write(self, records: Records) -> None:
        if records:
            rows = [self._rows.row_of(record) for record in records]
            columns = [[cell or None for cell in column] for column in zip(*rows, strict=True)]
            self._writer.write_table(self._table(columns, schema=self._schema))
            self.written += sum(len(bytes(record)) for record in records)
            self.records += len(records)

    def finish(self) -> BinaryIO:
        self._writer.close()
        return cast(BinaryIO, self._file)

    def discard(self) -> None:
        self._file.close()
