"""The draft as the text of a feed, with a comment on everything that was guessed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from prefdrop.feeds.inference.draft import SURE_WORDS, Draft, Ignored, Mapped, Target
from prefdrop.feeds.inference.reading import Sample

FEW_ROWS = 20
_ENCODINGS = {"cp1252": "Windows-1252", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WIDTH = 98


def feed_text(name: str, draft: Draft, sample: Sample, remarks: Iterable[str] = ()) -> str:
    """The proposed feed. `name` is the vendor's; `remarks` stand at the top."""
    lines = [*_head(sample, remarks), "", *_import(name, draft), "", *_source(draft, sample), ""]
    names = [column.name for column in sample.columns]
    if draft.mapped:
        lines += ["[columns]", *_columns(names, draft)]
    lines += _constants(draft)
    lines += _ignored(
        [draft.ignored[name] for name in dict.fromkeys(names) if name in draft.ignored]
    )
    lines += [
        "[gates]",
        "# An import with more rejected rows than this stops before anything is executed.",
    ]
    lines += ["max_rejected_percent = 10", 'over_gate = "abort"']
    return "\n".join(lines) + "\n"


def _head(sample: Sample, remarks: Iterable[str]) -> Iterator[str]:
    rows = f"{'all' if sample.whole else 'the first'} {sample.rows:,} rows"
    rows = "its only row" if sample.whole and sample.rows == 1 else rows
    yield from comment(
        f"Proposed by `prefdrop feeds infer` from {rows} of {PurePath(sample.file).name}. "
        "A proposal, to be read before it is used: each guess says how sure it is (sure, likely, "
        "a guess) and why."
    )
    if not sample.records:
        yield from comment(
            "What only your account knows is made up here: the types in brackets (Home, Mobile, "
            "Marketing), filter ids, consent versions. Put the names that your account has."
        )
    if sample.rows < FEW_ROWS:
        yield from comment("So few rows are little to go by: try it on more of them.")
    for remark in remarks:
        yield from comment(remark)


def _import(name: str, draft: Draft) -> Iterator[str]:
    yield "[import]"
    yield f"name = {quoted(name)}"
    column = f"column {draft.match_column}: " if draft.match_column else ""
    yield from comment(f"{SURE_WORDS[draft.match_sure]}: {column}{draft.match_why}")
    if draft.match_alternate_id:
        yield f"match_alternate_id = {quoted(draft.match_alternate_id)}"
    else:
        yield 'match = "ProfileId"'


def _source(draft: Draft, sample: Sample) -> Iterator[str]:
    source = sample.source
    yield "[source]"
    yield f"format = {quoted(source.format)}"
    if source.delimiter is not None:
        yield f"delimiter = {quoted(source.delimiter)}"
    if source.quote != '"':
        yield from comment("sure: cells stand in these quotes" if source.quote else (
            "likely: quotes in the cells are just signs"
        ))  # fmt: skip
        yield f"quote = {quoted(source.quote)}"
    yield from _encoding(sample)
    if not source.header:
        yield from comment("likely: the first row is data. Give the columns names that say more")
        yield "header = false"
        yield f"names = [{', '.join(quoted(each) for each in source.names)}]"
    if sample.short:
        cells = "row has" if sample.short == 1 else "rows have"
        short = f"{sample.short:,} {cells} fewer cells than the header, or empty surplus ones"
    if sample.pads:
        yield from comment(f"likely: {short}")
        yield 'ragged = "pad"'
    elif sample.short:
        yield from comment(f'{short}: a reject, unless you say ragged = "pad"')
    yield from comment('an empty cell changes nothing; "null" would wipe what is stored')
    yield 'empty = "omit"'
    if sample.padded:
        yield from comment(f"{sample.padded:,} cells have spaces at their ends")
        yield "trim = true"
    if draft.timezone:
        yield from comment(draft.timezone_why)
        yield f"timezone = {quoted(draft.timezone)}"


def _encoding(sample: Sample) -> Iterator[str]:
    if not sample.encoding:
        return
    if sample.source.encoding is not None:
        shown = _ENCODINGS.get(sample.encoding, sample.encoding)
        yield from comment(f"likely: the bytes read as {shown}, and not as UTF-8")
        yield f"encoding = {quoted(sample.source.encoding)}"
    elif sample.marked:
        yield from comment("encoding: the file's byte order mark tells it")
    elif sample.plain:
        yield from comment("encoding: nothing but ASCII in the sample; found out from each file")
    else:
        yield from comment("encoding: UTF-8, found out from each file")


def _columns(columns: Iterable[str], draft: Draft) -> Iterator[str]:
    for column in columns:
        mapped = draft.mapped.get(column)
        if mapped is None:
            continue
        yield from comment("; ".join(_reasons(mapped)))
        targets = [_target(each) for each in mapped.targets]
        text = targets[0] if len(targets) == 1 else f"[{', '.join(targets)}]"
        yield f"{key(mapped.column)} = {text}"
    yield ""


def _reasons(mapped: Mapped) -> Iterator[str]:
    yield f"{SURE_WORDS[mapped.sure]}: {mapped.why}"
    yield from mapped.notes


def _target(target: Target) -> str:
    entries = {"to": quoted(target.to)}
    if target.values is not None:
        entries["values"] = inline_table({k: value(each) for k, each in target.values.items()})
    if target.datetime is not None:
        entries["datetime"] = quoted(target.datetime)
    if target.split is not None:
        entries["split"] = quoted(target.split)
    return entries["to"] if len(entries) == 1 else inline_table(entries)


def _constants(draft: Draft) -> Iterator[str]:
    if not draft.constants:
        return
    yield "[constants]"
    for path, constant in draft.constants.items():
        yield from comment(f"{SURE_WORDS[constant.sure]}: {constant.why}")
        yield f"{quoted(path)} = {value(constant.value)}"
    yield ""


def _ignored(ignored: list[Ignored]) -> Iterator[str]:
    if not ignored:
        return
    yield "[ignore]"
    yield from comment("Left out; to map one, take it off this list and write it under [columns]")
    yield "columns = ["
    for each in ignored:
        hint = f". It could go to {each.suggestion}" if each.suggestion else ""
        yield from comment(f"{each.why}{hint}", "    ")
        yield f"    {quoted(each.column)},"
    yield "]"
    yield ""


def quoted(text: str) -> str:
    """A text in quotes."""
    return '"' + "".join(_ESCAPED.get(sign) or _visible(sign) for sign in text) + '"'


def _visible(sign: str) -> str:
    # Signs that only look like a line's end would tear the line in some editors.
    code = ord(sign)
    if code < 0x20 or 0x7F <= code < 0xA0 or code in (0x2028, 0x2029, 0xFEFF):
        return f"\\u{code:04X}"
    return sign


def key(name: str) -> str:
    """A key, in quotes only where it needs them."""
    return name if _BARE.fullmatch(name) else quoted(name)


def value(each: str | int | float | bool) -> str:
    """A scalar."""
    if isinstance(each, bool):
        return "true" if each else "false"
    return quoted(each) if isinstance(each, str) else str(each)


def inline_table(entries: Mapping[str, str]) -> str:
    """A table on one line; the values are TOML already."""
    return "{ " + ", ".join(f"{key(name)} = {text}" for name, text in entries.items()) + " }"


def comment(text: str, indent: str = "") -> Iterator[str]:
    """Lines of comment, wrapped."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    start = f"{indent}# "
    yield from textwrap.wrap(
        plain,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [start.rstrip()]
