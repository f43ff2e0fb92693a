"""The JSON Schema of a feed: `python -m tools.feed_schema` writes `docs/feed.schema.json`.

Editors complete and check a feed with it. Keys, types, choices and bounds come from the definitions
that feeds are loaded with, descriptions from the tables of `docs/feeds.md`. What only the mapping
as a whole shows (a path that contradicts another, a match key that no column fills) is left to
`prefdrop feeds check`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec

from prefdrop.feeds import Column, GatesPart, ImportPart, SourcePart
from prefdrop.feeds.vendor_record import Kind

DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = DOCS / "feed.schema.json"

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The dialect's name, as every schema carries it; nothing is fetched from there."""
_STEP = r'[A-Za-z_]\w*(\[([A-Za-z_]\w*=("[^"]+"|[^\]"]+)|\d*)\])?'
_PATH = rf"^{_STEP}(\.{_STEP})*$"
_NO_KINDS = {"any"}
_SECTIONS: dict[type[msgspec.Struct], str] = {
    ImportPart: "## `[import]`",
    SourcePart: "## `[source]`",
    GatesPart: "## `[gates]`",
    Column: "### Options",
}
_DESCRIPTIONS: dict[type[msgspec.Struct], str] = {
    ImportPart: "What the vendor is told, and what guards the import.",
    SourcePart: "How the file is written.",
    GatesPart: "What stops an import between staging and execute.",
    Column: "One target of a column, with its options.",
}
_NAMES = {"type": "array", "items": {"type": "string"}}
_CELLS_ARE_MAPPED = {
    "if": {
        "required": ["source"],
        "properties": {
            "source": {"required": ["format"], "properties": {"format": {"enum": ["csv", "tsv"]}}}
        },
    },
    "then": {"required": ["columns"], "properties": {"columns": {"minProperties": 1}}},
}
"""Only a JSON source may carry vendor records as they are."""
_CONTRADICTIONS = (("default", "empty"), ("values", "datetime"), ("type", "datetime"))


def feed_schema() -> dict[str, Any]:
    """The schema as a JSON value."""
    _, definitions = msgspec.json.schema_components(
        list(_SECTIONS), ref_template="#/definitions/{name}"
    )
    described = {
        kind.__name__: _described(kind, _plain(definitions[kind.__name__])) for kind in _SECTIONS
    }
    described["Column"]["properties"]["to"] = _path()
    described["Column"]["allOf"] = _column_rules()
    described["ImportPart"]["allOf"] = _import_rules()
    described["SourcePart"]["allOf"] = _source_rules()
    described["SourcePart"]["properties"]["names"]["uniqueItems"] = True
    described["SourcePart"]["properties"]["delimiter"] |= {"minLength": 1, "maxLength": 1}
    return {
        "$schema": _DIALECT,
        "title": "Prefdrop feed",
        "description": "The recipe for one kind of file. docs/feeds.md explains every key.",
        "type": "object",
        "additionalProperties": False,
        "required": ["import", "source"],
        "properties": _parts(),
        "allOf": [_CELLS_ARE_MAPPED],
        "definitions": {**described, "target": {"anyOf": [_path(), _ref("Column")]}},
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return msgspec.json.format(msgspec.json.encode(feed_schema()), indent=2).decode() + "\n"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


def _parts() -> dict[str, Any]:
    targets = {"type": "array", "minItems": 1, "items": _ref("target")}
    kinds = [kind for kind in get_args(Kind) if kind not in _NO_KINDS]
    ignored = {
        "type": "object",
        "required": ["columns"],
        "additionalProperties": False,
        "properties": {"columns": _NAMES},
    }
    return {
        "import": _ref("ImportPart"),
        "source": _ref("SourcePart"),
        "columns": {
            "description": "Each column of the file, and where it goes in the vendor's record.",
            "type": "object",
            "additionalProperties": {"anyOf": [_ref("target"), targets]},
        },
        "constants": {
            "description": "Paths, each in quotes as a whole, and the value that every row gets.",
            "type": "object",
            "propertyNames": {"pattern": _PATH},
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "ignore": {
            "description": "The columns that are left out.",
            "anyOf": [_NAMES, ignored],
        },
        "members": {
            "description": "Members that only your account has, and their kind.",
            "type": "object",
            "additionalProperties": {"enum": kinds},
        },
        "gates": _ref("GatesPart"),
    }


def _path() -> dict[str, Any]:
    return {
        "type": "string",
        "pattern": _PATH,
        "description": "A path in the vendor's record.",
        "examples": [
            "AlternateIds[AlternateIdType=CrmContactId].AlternateId",
            "Emails[EmailAddressType=Home].EmailAddress",
            "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType",
            "Consents[ConsentType=Marketing].ConsentStatus",
        ],
    }


def _import_rules() -> list[dict[str, Any]]:
    """What keys of `[import]` ask of each other."""
    flags = [name for name in ImportPart.__struct_fields__ if name.startswith("refresh_")]
    dangers: list[dict[str, Any]] = [{flag: {"const": True}} for flag in flags]
    dangers.append({"action": {"const": "Delete"}})
    confirmed = {"required": ["destructive"], "properties": {"destructive": {"const": True}}}
    one_match = {"oneOf": [{"required": ["match"]}, {"required": ["match_alternate_id"]}]}
    return [
        one_match,
        *(_when(danger, confirmed) for danger in dangers),
        _when({"destructive": {"const": True}}, {"required": ["max_records"]}),
    ]


def _source_rules() -> list[dict[str, Any]]:
    """What keys of `[source]` ask of each other."""
    headless: dict[str, Any] = {"header": {"const": False}}
    return [
        _when(headless, {"required": ["names"]}),
        {"if": {"required": ["names"]}, "then": {"required": ["header"], "properties": headless}},
        _when(
            {"format": {"enum": ["json", "jsonl"]}},
            {"properties": {"header": {"const": True}, "names": {"maxItems": 0}}},
        ),
    ]


def _column_rules() -> list[dict[str, Any]]:
    """Options of a column that contradict each other."""
    required = {"required": {"const": True}}
    optional = {"required": ["optional"], "properties": {"optional": {"const": True}}}
    return [
        *({"not": {"required": list(pair)}} for pair in _CONTRADICTIONS),
        _when(required, {"properties": {"empty": {"const": "reject"}}}),
        _when(required, {"not": {"anyOf": [{"required": ["default"]}, optional]}}),
    ]


def _when(properties: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"required": list(properties), "properties": properties}, "then": then}


def _plain(schema: Any) -> Any:
    """Without null, which TOML does not have."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        name: _plain(each) for name, each in schema.items() if (name, each) != ("default", None)
    }
    if "anyOf" in kept:
        choices = [each for each in kept.pop("anyOf") if each != {"type": "null"}]
        kept |= choices[0] if len(choices) == 1 else {"anyOf": choices}
    if "enum" in kept:
        kept["enum"] = [each for each in kept["enum"] if each is not None]
    return kept


def _described(kind: type[msgspec.Struct], schema: dict[str, Any]) -> dict[str, Any]:
    told = _descriptions(_SECTIONS[kind])
    properties = {
        name: {**each, **({"description": told[name]} if name in told else {})}
        for name, each in schema["properties"].items()
    }
    return {**schema, "description": _DESCRIPTIONS[kind], "properties": properties}


def _descriptions(section: str) -> dict[str, str]:
    """What the table of a section of `docs/feeds.md` says about each of its keys."""
    text = (DOCS / "feeds.md").read_text(encoding="utf-8").partition(f"\n{section}\n")[2]
    table = re.split(r"\n##", text, maxsplit=1)[0]
    told: dict[str, str] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) < 2:
            continue
        for name in re.findall(r"`(\w+)`", cells[0]):
            told.setdefault(name, cells[-1].replace("`", "").replace("\\|", "|"))
    return told


def main() -> int:
    """Write the schema; with `--check` only say whether the committed one is up to date."""
    text = schema_text()
    if "--check" in sys.argv[1:]:
        return int(not SCHEMA.is_file() or SCHEMA.read_text(encoding="utf-8") != text)
    SCHEMA.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
