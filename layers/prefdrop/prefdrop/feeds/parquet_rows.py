"""Rows of a Parquet file, read row group by row group, with the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from prefdrop.feeds.errors import SourceError
from prefdrop.feeds.tables import TableFile, TableRows, cell_text, extra, readable

_BATCH_ROWS = 4096
_BUFFER_BYTES = 256 * 1024


class ParquetRows(TableRows):
    """An iterator over rows of cells from row `start` (0-based) on; a place is a number of rows."""

    def __init__(self, opened: TableFile, start: int) -> None:
        super().__init__(start)
        self._arrow = extra("pyarrow", "parquet", opened.file)
        parquet = extra("pyarrow.parquet", "parquet", opened.file)
        self._stream = opened.seekable()
        self._file = opened.file
        try:
            self._parquet = parquet.ParquetFile(
                self._stream, buffer_size=_BUFFER_BYTES, pre_buffer=False
            )
        except (self._arrow.ArrowException, OSError) as error:
            self._refuse(error)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self._parquet.schema_arrow.names)

    def __iter__(self) -> Iterator[list[str]]:
        try:
            for batch in self._batches():
                for cells in zip(*self._columns(batch), strict=True):
                    self.start, self.end = self.end, self.end + 1
                    self.cells = readable(list(cells))
                    yield self.cells
        except (self._arrow.ArrowException, OSError) as error:
            self._refuse(error)

    def close(self) -> None:
        """Let go of the file."""
        self._parquet.close()
        self._stream.close()

    def _batches(self) -> Iterator[Any]:
        """The record batches from the start row on."""
        before, start = 0, self.end
        metadata = self._parquet.metadata
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if before + rows > start:
                for batch in self._parquet.iter_batches(
                    batch_size=_BATCH_ROWS, row_groups=[group], use_threads=False
                ):
                    skipped = min(max(start - before, 0), batch.num_rows)
                    before += batch.num_rows
                    if skipped < batch.num_rows:
                        yield batch.slice(skipped)
                # The library keeps what it has freed, and memory would creep up.
                self._arrow.default_memory_pool().release_unused()
            else:
                before += rows

    def _columns(self, batch: Any) -> list[list[str]]:
        return [self._texts(column) for column in batch.columns]

    def _texts(self, column: Any) -> list[str]:
        """The texts of a column."""
        types, kind = self._arrow.types, column.type
        zone = types.is_timestamp(kind) and kind.tz is not None
        if types.is_timestamp(kind):
            # Python's moments have microseconds; an instant with a zone is kept in UTC.
            utc = self._arrow.timestamp("us", tz="UTC") if zone else self._arrow.timestamp("us")
            column = column.cast(utc, safe=False).cast(self._arrow.timestamp("us"))
        elif types.is_time64(kind):
            column = column.cast(self._arrow.time64("us"), safe=False)
        try:
            values = column.to_pylist()
        except UnicodeDecodeError:
            # The file says that it is text, and nobody has checked it.
            values = column.cast(self._arrow.large_binary()).to_pylist()
            return [cell_text(value) for value in values]
        if types.is_string(kind) or types.is_large_string(kind):
            return [value or "" for value in values]
        if zone:
            return [cell_text(value) + "Z" if value is not None else "" for value in values]
        return [cell_text(value) for value in values]

    def _refuse(self, error: Exception) -> NoReturn:
        if isinstance(error, OSError) and error.errno is not None:
            # The storage's trouble, not the file's fault.
            raise error
        raise SourceError(
            "the Parquet file is damaged, cut short or of a kind that can't be read",
            file=self._file,
            row=self.end or None,
            remedy="Write and drop it again.",
        ) from None
