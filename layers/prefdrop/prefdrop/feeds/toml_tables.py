"""Tables of TOML as typed parts: every error names the file, the line, the key and the remedy."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Literal, NoReturn, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from prefdrop.feeds.definition import Column
from prefdrop.feeds.errors import FeedError
from prefdrop.feeds.keylines import KeyPath, key_lines, line_of

Part = TypeVar("Part", bound=msgspec.Struct)

_MEMBER_KINDS = ("text", "integer", "number", "boolean", "date")


class TomlTables:
    """One TOML text and its tables. What is wrong is raised as `error`."""

    error: type[FeedError] = FeedError
    what = "feed"
    page = "docs/feeds.md"
    """The page that says what each key takes."""

    def __init__(self, text: bytes, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.document = self._parse(text)

    def _parse(self, raw: bytes) -> dict[str, object]:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise self.error(
                f"the {self.what} is not UTF-8",
                file=self.file,
                line=line,
                remedy="Save it as UTF-8.",
            ) from None
        text = text.replace("\r\n", "\n")
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise self.error(
                f"this is not TOML: {str(error).split(' (at')[0]}",
                file=self.file,
                line=line,
                remedy="Correct the line; texts stand in quotes, tables in brackets.",
            ) from None
        self.lines = key_lines(text)
        return document

    def fail(self, problem: str, key: KeyPath, remedy: str) -> NoReturn:
        """Raise `error` for what stands at `key`."""
        raise self.error(
            problem,
            file=self.file,
            line=line_of(self.lines, key),
            key=".".join(_quoted(part) for part in key),
            remedy=remedy,
        )

    def part(self, name: str, kind: type[Part], key: KeyPath = ()) -> Part:
        """Convert one table to its struct, naming the key that does not fit."""
        table = self.table(name)
        return self.convert(table, kind, key or (name,))

    def convert(self, table: object, kind: type[Part], key: KeyPath) -> Part:
        """Convert a value that stands at `key` to its struct."""
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            problem, inner = _explain(str(error))
            self.fail(problem, key + ((inner,) if inner else ()), _remedy(kind, inner, self.page))

    def table(self, name: str) -> dict[str, object]:
        """One table as it stands; empty where it is not there."""
        table = self.document.get(name, {})
        if not isinstance(table, dict):
            self.fail("this must be a table", (name,), f"Write [{name}] on a line of its own.")
        return table

    def columns(self) -> dict[str, tuple[Column, ...]]:
        """`[columns]`: each column's targets."""
        columns: dict[str, tuple[Column, ...]] = {}
        for name, value in self.table("columns").items():
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

    def constants(self) -> dict[str, str | int | float | bool]:
        """`[constants]`: a value for each path."""
        constants: dict[str, str | int | float | bool] = {}
        for path, value in self.table("constants").items():
            if not isinstance(value, str | int | float | bool):
                self.fail(
                    "a constant is a text, a number, true or false",
                    ("constants", path),
                    'Put the whole path in quotes: "Consents[ConsentType=X].Locale" = "en_US".',
                )
            constants[path] = value
        return constants

    def members(self) -> dict[str, str]:
        """`[members]`: the kind of each member that this release does not know."""
        members: dict[str, str] = {}
        for path, kind in self.table("members").items():
            if kind not in _MEMBER_KINDS:
                self.fail(
                    "this is no kind of member",
                    ("members", path),
                    f"Use one of: {', '.join(_MEMBER_KINDS)}.",
                )
            members[path] = str(kind)
        return members

    def check_zone(self, zone: str | None, key: KeyPath) -> None:
        """See that a time zone, if one is named, is known."""
        if zone is None:
            return
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(
                "this time zone is not known", key, 'Use an IANA name such as "America/New_York".'
            )


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


def _remedy(kind: type[msgspec.Struct], key: str, page: str) -> str:
    """What may stand for `key` of a table, or which keys it has."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    if key not in types:
        return guess(key, list(types))
    choices = [
        choice
        for part in (types[key], *get_args(types[key]))
        if get_origin(part) is Literal
        for choice in get_args(part)
    ]
    if choices:
        return f"Use one of: {', '.join(choices)}."
    return f"{page} says what this key takes."


def guess(name: str, known: tuple[str, ...] | list[str]) -> str:
    """What may stand where `name` stands, the nearest first."""
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}Known here: {', '.join(known)}."


def _quoted(part: str) -> str:
    return part if re.fullmatch(r"[\w-]+", part) else f'"{part}"'
