"""Reading a feed's TOML: every error names the file, the line, the key and the remedy."""

from __future__ import annotations

from pathlib import PurePosixPath

import msgspec

from prefdrop.feeds.definition import Feed, GatesPart, ImportPart, SourcePart
from prefdrop.feeds.dialect import known_encoding
from prefdrop.feeds.layout import Item, MappingError, build_layout, never_filled
from prefdrop.feeds.mapping_rules import check_columns, check_match_key
from prefdrop.feeds.toml_tables import TomlTables, guess

_TABLES = ("import", "source", "columns", "constants", "ignore", "members", "gates")


def load_feed(text: bytes, *, file: str) -> Feed:
    """Read and check a feed. `file` is the path or key that errors name; its stem names the feed.

    Raises `FeedError` on the first thing wrong, the mapping's contradictions included.
    """
    return _Loader(text, file).load()


def feed_layout(feed: Feed) -> Item:
    """The tree that the feed's mapping builds, its match key marked."""
    root = build_layout(feed.columns, feed.constants, feed.members)
    if feed.columns:
        check_match_key(root, feed.import_)
    return root


class _Loader(TomlTables):
    """Reads the tables of one feed and checks them against each other."""

    def load(self) -> Feed:
        for name in self.document:
            if name not in _TABLES:
                self.fail("there is no such part of a feed", (name,), guess(name, _TABLES))
        for needed in ("import", "source"):
            if needed not in self.document:
                self.fail(
                    f"the part [{needed}] is missing", (), f"Add [{needed}]; see docs/feeds.md."
                )
        feed = Feed(
            name=PurePosixPath(self.file.replace("\\", "/")).stem,
            file=self.file,
            import_=self.part("import", ImportPart),
            source=self.part("source", SourcePart),
            columns=self.columns(),
            constants=self.constants(),
            ignore=self._ignore(),
            members=self.members(),
            gates=self.part("gates", GatesPart),
        )
        self._check_import(feed.import_)
        self._check_source(feed)
        return self._checked_mapping(feed)

    def _ignore(self) -> tuple[str, ...]:
        value = self.document.get("ignore", [])
        if isinstance(value, dict):
            value = value.get("columns")
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            self.fail(
                "this must be a list of column names",
                ("ignore",),
                'Write ignore = ["a", "b"] at the top, or [ignore] with columns = [...].',
            )
        return tuple(value)

    def _check_import(self, part: ImportPart) -> None:
        if (part.match_alternate_id is None) == (part.match is None):
            self.fail(
                "the feed must say by what the vendor finds a profile, and by one thing only",
                ("import",),
                'Set match_alternate_id = "<type name>", or match = "ProfileId".',
            )
        dangerous = ["action"] if part.action == "Delete" else []
        dangerous += part.refreshes
        if dangerous and not part.destructive:
            self.fail(
                f"{dangerous[0]} takes data away from profiles",
                ("import", dangerous[0]),
                "Confirm it with destructive = true and a max_records bound, or take it out.",
            )
        if part.destructive and part.max_records is None:
            self.fail(
                "a destructive feed needs a bound",
                ("import", "destructive"),
                "Add max_records: the most records one file may change.",
            )

    def _check_source(self, feed: Feed) -> None:
        source = feed.source
        delimiter = source.delimiter
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0'):
            self.fail(
                "the delimiter must be one character",
                ("source", "delimiter"),
                'For a tab write "\\t".',
            )
        if source.quote and source.quote == delimiter:
            self.fail(
                "quote and delimiter are the same", ("source", "quote"), "Change one of them."
            )
        if source.encoding is not None and known_encoding(source.encoding) is None:
            self.fail(
                "files can't be read in this encoding",
                ("source", "encoding"),
                "Use utf-8, utf-16, or one with a byte per character, such as cp1252 or latin-1.",
            )
        if source.sheet is not None and source.format != "xlsx":
            self.fail("only an Excel workbook has sheets", ("source", "sheet"), "Take it out.")
        self.check_zone(source.timezone, ("source", "timezone"))
        if source.format in ("csv", "tsv"):
            self._check_header(feed)
        elif source.format in ("parquet", "xlsx"):
            self._check_table(feed)
        elif source.names or not source.header:
            self.fail("a JSON source has no header", ("source",), "Take out header and names.")
        if feed.as_is and feed.constants:
            self.fail(
                "records that are taken as they are get no constants",
                ("constants",),
                "Map the members under [columns], or take the constants out.",
            )

    def _check_mapped(self, feed: Feed) -> None:
        if not feed.columns:
            self.fail("the feed maps no column", ("columns",), "Add [columns]; see docs/feeds.md.")

    def _check_table(self, feed: Feed) -> None:
        """A table's file says itself what the feed must say of a text."""
        self._check_mapped(feed)
        plain = SourcePart(format=feed.source.format)
        for key in ("delimiter", "quote", "encoding", "header", "names"):
            if getattr(feed.source, key) != getattr(plain, key):
                self.fail("this is for files of text", ("source", key), "Take it out.")

    def _check_header(self, feed: Feed) -> None:
        self._check_mapped(feed)
        source = feed.source
        if source.header == bool(source.names):
            self.fail(
                "names are for a file without a header, and such a file needs them",
                ("source", "header" if not source.header else "names"),
                "Set header = false together with names = [...], or neither.",
            )
        if len(set(source.names)) != len(source.names):
            self.fail("a name stands twice", ("source", "names"), "Make the names differ.")

    def _checked_mapping(self, feed: Feed) -> Feed:
        try:
            for name, targets in feed.columns.items():
                for column in targets:
                    self.check_zone(column.timezone, ("columns", name, "timezone"))
            root = feed_layout(feed)
            check_columns(root, feed)
        except MappingError as error:
            self.fail(error.problem, error.key, error.remedy)
        return msgspec.structs.replace(feed, warnings=tuple(never_filled(root)))
