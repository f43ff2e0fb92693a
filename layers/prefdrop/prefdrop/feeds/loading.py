"""Reading a feed's TOML: every error names the file, the line, the key and the remedy."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import PurePosixPath
from typing import Literal, NoReturn, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from prefdrop.feeds.definition import Column, Feed, GatesPart, ImportPart, SourcePart
from prefdrop.feeds.dialect import known_encoding
from prefdrop.feeds.errors import FeedError
from prefdrop.feeds.keylines import KeyPath, key_lines, line_of
from prefdrop.feeds.layout import Item, MappingError, build_layout, never_filled
from prefdrop.feeds.mapping_rules import check_columns, check_match_key

Part = TypeVar("Part", bound=msgspec.Struct)

_TABLES = ("import", "source", "columns", "constants", "ignore", "members", "gates")
_MEMBER_KINDS = ("text", "integer", "number", "boolean", "date")


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


class _Loader:
    def __init__(self, text: bytes, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.document = self._parse(text)

    def _parse(self, raw: bytes) -> dict[str, object]:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise FeedError(
                "the feed is not UTF-8", file=self.file, line=line, remedy="Save it as UTF-8."
            ) from None
        text = text.replace("\r\n", "\n")
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise FeedError(
                f"this is not TOML: {str(error).split(' (at')[0]}",
                file=self.file,
                line=line,
                remedy="Correct the line; texts stand in quotes, tables in brackets.",
            ) from None
        self.lines = key_lines(text)
        return document

    def fail(self, problem: str, key: KeyPath, remedy: str) -> NoReturn:
        raise FeedError(
            problem,
            file=self.file,
            line=line_of(self.lines, key),
            key=".".join(_quoted(part) for part in key),
            remedy=remedy,
        )

    def load(self) -> Feed:
        for name in self.document:
            if name not in _TABLES:
                self.fail("there is no such part of a feed", (name,), _guess(name, _TABLES))
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
            columns=self._columns(),
            constants=self._constants(),
            ignore=self._ignore(),
            members=self._members(),
            gates=self.part("gates", GatesPart),
        )
        self._check_import(feed.import_)
        self._check_source(feed)
        return self._checked_mapping(feed)

    def part(self, name: str, kind: type[Part], key: KeyPath = ()) -> Part:
        """Convert one table to its struct, naming the key that does not fit."""
        table = self._table(name)
        return self.convert(table, kind, key or (name,))

    def convert(self, table: object, kind: type[Part], key: KeyPath) -> Part:
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            problem, inner = _explain(str(error))
            self.fail(problem, key + ((inner,) if inner else ()), _remedy(kind, inner))

    def _table(self, name: str) -> dict[str, object]:
        table = self.document.get(name, {})
        if not isinstance(table, dict):
            self.fail("this must be a table", (name,), f"Write [{name}] on a line of its own.")
        return table

    def _columns(self) -> dict[str, tuple[Column, ...]]:
        columns: dict[str, tuple[Column, ...]] = {}
        for name, value in self._table("columns").items():
            targets = value if isinstance(value, list) else [value]
            columns[name] = tuple(self._column(name, target) for target in targets)
            if not targets:
                self.fail(
                    "the column goes nowhere",
                    ("columns", name),
                    "Give it a path, or list it under ignore.",
                )
        return columns

    def _column(self, name: str, target: object) -> Column:
        if isinstance(target, str):
            return Column(to=target)
        if not isinstance(target, dict):
            self.fail(
                "a column needs a path or a table with `to`",
                ("columns", name),
                'Write it like "Emails[EmailAddressType=Home].EmailAddress".',
            )
        if "to" not in target and not target.keys() & set(Column.__struct_fields__):
            self.fail(
                "this is a table of other columns",
                ("columns", name),
                f'A name with dots stands in quotes, like "{name}.{next(iter(target), "")}".',
            )
        return self.convert(target, Column, ("columns", name))

    def _constants(self) -> dict[str, str | int | float | bool]:
        constants: dict[str, str | int | float | bool] = {}
        for path, value in self._table("constants").items():
            if not isinstance(value, str | int | float | bool):
                self.fail(
                    "a constant is a text, a number, true or false",
                    ("constants", path),
                    'Put the whole path in quotes: "Consents[ConsentType=X].Locale" = "en_US".',
                )
            constants[path] = value
        return constants

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

    def _members(self) -> dict[str, str]:
        members: dict[str, str] = {}
        for path, kind in self._table("members").items():
            if kind not in _MEMBER_KINDS:
                self.fail(
                    "this is no kind of member",
                    ("members", path),
                    f"Use one of: {', '.join(_MEMBER_KINDS)}.",
                )
            members[path] = str(kind)
        return members

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
        self._check_zone(source.timezone, ("source", "timezone"))
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

    def _check_zone(self, zone: str | None, key: KeyPath) -> None:
        if zone is None:
            return
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(
                "this time zone is not known", key, 'Use an IANA name such as "America/New_York".'
            )

    def _checked_mapping(self, feed: Feed) -> Feed:
        try:
            for name, targets in feed.columns.items():
                for column in targets:
                    self._check_zone(column.timezone, ("columns", name, "timezone"))
            root = feed_layout(feed)
            check_columns(root, feed)
        except MappingError as error:
            self.fail(error.problem, error.key, error.remedy)
        return msgspec.structs.replace(feed, warnings=tuple(never_filled(root)))


_WORDS = {
    "bool": "true or false",
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "array": "a list",
    "object": "a table",
    "str | null": "a text in quotes",
    "int | null": "a whole number",
    "bool | null": "true or false",
    "object | null": "a table",
}


def _explain(message: str) -> tuple[str, str]:
    """msgspec's message as (problem, key inside the table)."""
    unknown = re.match(r"Object contains unknown field `(.*?)`", message)
    if unknown:
        return "there is no such key", unknown[1]
    missing = re.match(r"Object missing required field `(.*?)`", message)
    if missing:
        return f"the key {missing[1]} is missing", ""
    text, _, path = message.partition(" - at `$.")
    for name, word in _WORDS.items():
        text = text.replace(f"`{name}`", word)
    text = text.replace("Expected", "this must be").replace(", got", ", not")
    return text[:1].lower() + text[1:], re.split(r"[.\[`]", path)[0]


def _remedy(kind: type[msgspec.Struct], key: str) -> str:
    """What may stand for `key` of a table, or which keys it has."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    if key not in types:
        return _guess(key, list(types))
    choices = [
        choice
        for part in (types[key], *get_args(types[key]))
        if get_origin(part) is Literal
        for choice in get_args(part)
    ]
    if choices:
        return f"Use one of: {', '.join(choices)}."
    return "docs/feeds.md says what this key takes."


def _guess(name: str, known: tuple[str, ...] | list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    return f"{guess}Known here: {', '.join(known)}."


def _quoted(part: str) -> str:
    return part if re.fullmatch(r"[\w-]+", part) else f'"{part}"'
