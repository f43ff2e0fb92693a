"""Reading an export's TOML: every error names the file, the line, the key and the remedy."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from prefdrop.exporting.definition import (
    NAME_LENGTH,
    Export,
    ExportError,
    ExportPart,
    GatesPart,
    OutputPart,
    RestrictPart,
    SchedulePart,
)
from prefdrop.exporting.schedule import ScheduleError, slots_of
from prefdrop.feeds.definition import Feed, GatesPart as FeedGates, ImportPart, SourcePart
from prefdrop.feeds.layout import Item, MappingError, build_layout
from prefdrop.feeds.mapping_rules import check_columns
from prefdrop.feeds.toml_tables import TomlTables, guess

_TABLES = (
    "export", "schedule", "restrict", "gates", "output", "columns", "constants", "members",
)  # fmt: skip


def load_export(text: bytes, *, file: str) -> Export:
    """Read and check a definition. `file` is the path or key that errors name; its stem names it.

    Raises `ExportError` on the first thing wrong.
    """
    return _Loader(text, file).load()


def export_layout(export: Export) -> Item:
    """The tree of the record's members that the columns show."""
    return build_layout(export.columns, export.constants, export.members)


def export_feed(export: Export) -> Feed:
    """The feed that reads the export's files: its columns, and a `[source]` that says no more."""
    return Feed(
        name=export.name,
        file=export.file,
        import_=ImportPart(name=export.name, match="ProfileId"),
        source=SourcePart(format="csv", timezone=export.output.timezone),
        columns=export.columns,
        constants=export.constants,
        members=export.members,
        gates=FeedGates(),
    )


class _Loader(TomlTables):
    """Reads the tables of one definition and checks them against each other."""

    error = ExportError
    what = "definition"
    page = "docs/exports.md"

    def load(self) -> Export:
        for name in self.document:
            if name not in _TABLES:
                self.fail("there is no such part of an export", (name,), guess(name, _TABLES))
        if "export" not in self.document:
            self.fail("the part [export] is missing", (), "Add [export]; see docs/exports.md.")
        made = Export(
            name=self._name(),
            file=self.file,
            export=self.part("export", ExportPart),
            schedule=self.part("schedule", SchedulePart) if "schedule" in self.document else None,
            restrict=self.part("restrict", RestrictPart) if "restrict" in self.document else None,
            gates=self.part("gates", GatesPart),
            output=self.part("output", OutputPart),
            columns=self.columns(),
            constants=self.constants(),
            members=self.members(),
        )
        self._check_export(made.export)
        if made.schedule:
            self._check_schedule(made.schedule)
        if made.restrict:
            self._check_restrict(made.restrict)
        self._check_output(made)
        return made

    def _name(self) -> str:
        name = PurePosixPath(self.file.replace("\\", "/")).stem
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or len(name) > NAME_LENGTH:
            self.fail(
                "the file's name names the export, and it can't be used for one",
                (),
                f"Use up to {NAME_LENGTH} letters, digits, dots, dashes and underscores.",
            )
        return name

    def _check_export(self, part: ExportPart) -> None:
        if (part.segment is None) == (part.segment_group is None):
            self.fail(
                "the export must name a segment or a segment group, and one only",
                ("export",),
                'Set segment = "<name>", or segment_group = "<name>".',
            )

    def _check_schedule(self, part: SchedulePart) -> None:
        self.check_zone(part.timezone, ("schedule", "timezone"))
        try:
            slots_of(part)
        except ScheduleError as error:
            self.fail(error.problem, ("schedule", *error.key), error.remedy)

    def _check_restrict(self, part: RestrictPart) -> None:
        if bool(part.values) == bool(part.file):
            self.fail(
                "the restriction needs a list of values, or a file that holds one",
                ("restrict", "values" if part.values else "by"),
                'Set values = ["..."], or file = "lists/<name>.txt".',
            )
        if part.file and not part.file.startswith("lists/"):
            self.fail(
                "the functions may read no other objects than those under lists/",
                ("restrict", "file"),
                'Put it there: file = "lists/<name>.txt".',
            )
        if part.by == "AlternateId" and not part.type:
            self.fail("alternate ids have a type", ("restrict", "by"), 'Set type = "<type name>".')
        if part.by == "ProfileId" and part.type:
            self.fail("profile ids have no type", ("restrict", "type"), "Take it out.")

    def _check_output(self, made: Export) -> None:
        output = made.output
        self.check_zone(output.timezone, ("output", "timezone"))
        if output.format == "jsonl":
            for name in ("columns", "constants", "members"):
                if getattr(made, name):
                    self.fail(
                        "jsonl holds the vendor's records as they are",
                        (name,),
                        'Take the part out, or set format = "csv".',
                    )
            if output.expired:
                self.fail(
                    "jsonl holds the vendor's records as they are, expired or not",
                    ("output", "expired"),
                    'Take it out, or set format = "csv".',
                )
            return
        if not made.columns:
            self.fail(
                f"a {output.format} export needs columns",
                ("output", "format"),
                "Add [columns]; those of a feed will do.",
            )
        if output.delimiter in '"\r\n\0':
            self.fail("this can't part cells", ("output", "delimiter"), 'For a tab write "\\t".')
        self._check_columns(made)

    def _check_columns(self, made: Export) -> None:
        """The rules are those of a feed, so that a feed's columns can be taken over."""
        feed = export_feed(made)
        try:
            for name, targets in made.columns.items():
                for column in targets:
                    self.check_zone(column.timezone, ("columns", name, "timezone"))
            check_columns(export_layout(made), feed)
        except MappingError as error:
            self.fail(error.problem, error.key, error.remedy)


def read_values(text: bytes) -> tuple[str, ...]:
    """The values of a restriction's file: one a line, blanks around them and empty lines ignored.

    Raises `UnicodeDecodeError` when the file is not UTF-8.
    """
    lines = text.decode("utf-8-sig").splitlines()
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


def values_of(restrict: RestrictPart) -> tuple[str, ...]:
    """The values that stand in the definition itself, as texts."""
    return tuple(str(value) for value in restrict.values)
