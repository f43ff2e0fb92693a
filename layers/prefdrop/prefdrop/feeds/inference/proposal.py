"""From a sample to a proposed feed that has been tried on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath

import msgspec

from prefdrop.feeds.compression import OpenAt
from prefdrop.feeds.definition import Feed
from prefdrop.feeds.inference.contacts import find_addresses, find_emails, find_names, find_phones
from prefdrop.feeds.inference.date_columns import Dates, find_dates, skipped_hours
from prefdrop.feeds.inference.decisions import find_consents, find_preferences, texts_somebody
from prefdrop.feeds.inference.draft import Constant, Draft, Sureness, Target
from prefdrop.feeds.inference.match_keys import find_identifiers, match_by_something
from prefdrop.feeds.inference.reading import Sample, read_sample
from prefdrop.feeds.inference.shapes import Column, is_locale
from prefdrop.feeds.inference.words import pascal
from prefdrop.feeds.inference.writing import feed_text
from prefdrop.feeds.limits import ChunkLimits, Cursor
from prefdrop.feeds.loading import load_feed

_LIMITS = ChunkLimits(bytes=25_000_000, records=1, rejects=1)
"""One row at a time, to end exactly with the sample."""


class Trial(msgspec.Struct, frozen=True):
    """What the feed made of the sample's rows."""

    rows: int
    """Rows of the sample."""
    records: int
    """Records made of them."""
    rejected: int
    """Rows that would be rejected."""
    faults: dict[str, int]
    """Rejected rows by the first fault's code and column, `NotAnEmail email`."""
    passes: bool
    """The feed's gates would let such a file through."""

    @property
    def share(self) -> float:
        """The share of rows that were rejected."""
        return self.rejected / self.rows if self.rows else 0.0


def try_feed(feed: Feed, sample: Sample, now: datetime) -> tuple[Trial, Counter[tuple[str, str]]]:
    """Map and check the sample's rows; also answers the faults by column and code."""
    source = sample.reader(feed)
    source.check()
    rows = records = 0
    faults: Counter[tuple[str, str]] = Counter()
    for chunk in source.chunks(Cursor(0, 0), _LIMITS, now=now):
        rows += chunk.rows
        records += chunk.records
        faults.update((reject.column or "", reject.code) for reject in chunk.rejects)
        if rows >= sample.rows:
            break
    rejected = faults.total()
    most = feed.gates.max_rejected_percent
    passes = records >= feed.gates.min_records and 100 * rejected <= most * rows
    named = {f"{code} {column}".strip(): count for (column, code), count in faults.most_common()}
    return Trial(rows, records, rejected, named, passes), faults


TOLERATED = 0.05
"""A column whose cells reject more rows than this is left out."""
_LONGEST_NAME = 100
_NEW_YORK = "America/New_York"

_SPLITS = ";|,"
_KIND_OF_CUSTOMER = (
    ("segment",),
    ("customer", "type"),
    ("contact", "type"),
    ("customer", "segment"),
)


class Finding(msgspec.Struct, frozen=True):
    """What became of one column."""

    column: str
    """Its name."""
    to: list[str]
    """The paths that it is mapped to; empty for an ignored column."""
    sure: Sureness | None
    """How sure that is; null for an ignored column."""
    why: str
    """What it was told by."""
    notes: list[str]
    """What to look at."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's text, what was found in the sample, and how the feed did on it."""

    name: str
    text: str
    format: str
    delimiter: str | None
    encoding: str
    header: bool
    match: str
    timezone: str
    findings: list[Finding]
    trial: Trial


def propose(
    open_at: OpenAt,
    *,
    size: int,
    file: str,
    now: datetime,
    name: str = "",
    timezone: str = "",
) -> Proposal:
    """Infer a feed from the first rows of a file.

    `open_at` and `size` are those of `Source`. `name` is the import's at the vendor, by default
    made of the file's. `timezone` is the zone of local times, where it is known. `now` is aware.

    Raises `SourceError` for a file without rows, or one whose rows nothing could identify.
    """
    sample = read_sample(open_at, size=size, file=file)
    name = (name or _name_of(file))[:_LONGEST_NAME]
    draft = Draft()
    if sample.records:
        _draft_records(sample, draft)
    else:
        _draft_columns(sample, draft, timezone, now)
    trial, text = _tried(name, draft, sample, timezone, now)
    return Proposal(
        name=name,
        text=text,
        format=sample.source.format,
        delimiter=sample.source.delimiter,
        encoding=sample.encoding,
        header=sample.source.header,
        match=draft.match_alternate_id or "ProfileId",
        timezone=draft.timezone,
        findings=_findings(draft, sample),
        trial=trial,
    )


def _name_of(file: str) -> str:
    """The file's name without endings, dates and counters."""
    stem = PurePath(file).name.split(".")[0]
    words = [word for word in re.findall(r"[^\W_]+", stem.lower()) if not word.isdecimal()]
    return "-".join(words) or "imported-file"


# Deciding


def _draft_columns(sample: Sample, draft: Draft, timezone: str, now: datetime) -> None:
    for name in sample.twice:
        draft.ignore(name, "the header has this name more than once, so it can't be mapped")
    columns = [column for column in sample.columns if column.name not in sample.twice]
    for column in columns:
        if column.listed:
            why = "holds lists or objects; only a member or place in it can be mapped"
            draft.ignore(column.name, why)
    columns = [column for column in columns if not column.listed]
    dates = find_dates(columns, now)
    undated = [column for column in columns if column.name not in dates]
    find_emails(undated, draft)
    find_locales(undated, draft)
    find_phones(undated, draft, texting=texts_somebody(undated))
    find_names(undated, draft)
    find_addresses(undated, draft)
    find_consents(columns, dates, draft)
    find_preferences(columns, dates, draft)
    find_labels(undated, draft)
    find_identifiers(undated, draft)
    _ignore_rest(columns, dates, draft)
    if not draft.match_column:
        match_by_something(columns, draft)
    _require_match(draft, sample)
    draft.prune()
    _choose_zone(columns, dates, draft, timezone)


def _require_match(draft: Draft, sample: Sample) -> None:
    if not draft.match_column:
        raise sample.wrong(
            "no column has a value that could tell one person from another",
            "Give a sample with at least one column that is filled.",
        )


def _ignore_rest(columns: list[Column], dates: dict[str, Dates], draft: Draft) -> None:
    for column in columns:
        if draft.knows(column.name):
            continue
        custom = f'"CustomFields[Name={pascal(column.name, "Name")}].Value"'
        if not column.filled:
            draft.ignore(column.name, "empty in the whole sample, so nothing is known about it")
        elif column.name in dates:
            found = dates[column.name]
            order = f" ({found.order_why})" if found.order_why else ""
            why = f"a date, written as {found.format}{order}, of nothing that a record has"
            draft.ignore(column.name, why, custom)
        else:
            draft.ignore(column.name, "not understood", custom)


def _choose_zone(
    columns: list[Column], dates: dict[str, Dates], draft: Draft, timezone: str
) -> None:
    local = [
        (column, dates[column.name].format)
        for column in columns
        if column.name in draft.mapped
        and column.name in dates
        and dates[column.name].needs_zone
        and any(target.datetime for target in draft.mapped[column.name].targets)
    ]
    if not local:
        return
    if timezone:
        draft.timezone, draft.timezone_why = timezone, "as you said: of times that name no zone"
    elif skipped := skipped_hours(local, _NEW_YORK):
        times = "time falls" if skipped == 1 else "times fall"
        draft.timezone = "UTC"
        draft.timezone_why = (
            f"a guess: the file names no zone, and {skipped:,} {times} into the hour that New "
            "York's clocks skip. Put the zone in which the file was written"
        )
    else:
        draft.timezone = _NEW_YORK
        draft.timezone_why = (
            "a guess: the file names no zone, and the vendor reads such times as US Eastern. Put "
            "the zone in which the file was written"
        )


def _draft_records(sample: Sample, draft: Draft) -> None:
    """Records as the vendor has them need no mapping, only a match key."""
    kinds: Counter[str] = Counter()
    for record in sample.records:
        ids = record.get("AlternateIds")
        listed = [each for each in ids if isinstance(each, dict)] if isinstance(ids, list) else []
        kinds.update({kind for kind in map(_type_of, listed) if kind})
    count = len(sample.records)
    with_profile = sum("ProfileId" in record for record in sample.records)
    if kinds and kinds.most_common(1)[0][1] >= with_profile:
        draft.match_alternate_id, having = kinds.most_common(1)[0]
        what = "an alternate id of this type"
    else:
        having, what = with_profile, "a ProfileId"
    draft.match_sure = "likely" if having == count else "guess"
    draft.match_why = f"{having:,} of {count:,} records have {what}"


def _type_of(alternate_id: dict[str, object]) -> str:
    """The alternate id's type if it may be one, else nothing."""
    kind = alternate_id.get("AlternateIdType")
    usable = isinstance(kind, str) and len(kind) <= _LONGEST_NAME and kind.isprintable()
    return str(kind) if usable else ""


# Trying


def _tried(
    name: str, draft: Draft, sample: Sample, timezone: str, now: datetime
) -> tuple[Trial, str]:
    """Take out what would reject too many rows, until the feed does well on its sample."""
    while True:
        text = feed_text(name, draft, sample)
        feed = load_feed(text.encode(), file=f"{name}.toml")
        trial, faults = try_feed(feed, sample, now)
        if trial.share <= TOLERATED or not _mend(draft, sample, faults, trial.rows, timezone):
            break
    if trial.rejected:
        faults_told = ", ".join(f"{count:,} {fault}" for fault, count in trial.faults.items())
        remark = (
            f"Of the sample's {trial.rows:,} rows it makes {trial.records:,} records and rejects "
            f"{trial.rejected:,}: {faults_told}."
        )
        text = feed_text(name, draft, sample, [remark])
    return trial, text


def _mend(
    draft: Draft,
    sample: Sample,
    faults: Counter[tuple[str, str]],
    rows: int,
    timezone: str,
) -> bool:
    """Change one thing so that fewer rows are rejected; `False` if nothing can be changed."""
    if sample.records:
        return _mend_records(draft, faults, timezone)
    for (column, code), count in faults.most_common():
        if column not in draft.mapped:
            continue
        why = f"would reject {count:,} of the sample's {rows:,} rows ({code})"
        if column != draft.match_column:
            draft.ignore(column, f'{why} as "{draft.mapped[column].targets[0].to}"')
        elif len(draft.mapped[column].targets) > 1:
            kept = [each for each in draft.mapped[column].targets if "AlternateIds" in each.to]
            draft.mapped[column].targets = kept
            draft.mapped[column].notes.append(f"as anything else it {why}")
        else:
            continue
        draft.prune()
        return True
    return False


def _mend_records(draft: Draft, faults: Counter[tuple[str, str]], timezone: str) -> bool:
    if draft.timezone or not any(code == "NoTimeZone" for _, code in faults):
        return False
    draft.timezone = timezone or _NEW_YORK
    draft.timezone_why = "a guess: some dates name no zone. Put the zone in which they were written"
    return True


def _findings(draft: Draft, sample: Sample) -> list[Finding]:
    findings = []
    for name in dict.fromkeys(column.name for column in sample.columns):
        mapped, ignored = draft.mapped.get(name), draft.ignored.get(name)
        if mapped is not None:
            to = [target.to for target in mapped.targets]
            findings.append(Finding(name, to, mapped.sure, mapped.why, mapped.notes))
        elif ignored is not None:
            findings.append(Finding(name, [], None, ignored.why, []))
    return findings


def find_locales(columns: Sequence[Column], draft: Draft) -> None:
    """A column of locales, which the vendor writes with an underscore."""
    for column in columns:
        if draft.knows(column.name) or column.listed or column.share(is_locale) < 1:
            continue
        why = "every value is a language and a country"
        values = {value: value.replace("-", "_") for value in sorted(column.values)}
        dashed = any("-" in value for value in values)
        if not dashed:
            draft.map(column.name, Target("DefaultLocale"), "sure", why)
        elif column.codes:
            note = "the vendor writes them with an underscore; others than these reject the row"
            draft.map(column.name, Target("DefaultLocale", dict(values)), "sure", why, note)


def find_labels(columns: Sequence[Column], draft: Draft) -> None:
    """The type of customer, tags and groups, by the columns' names."""
    for column in columns:
        if draft.knows(column.name) or column.listed or not column.filled:
            continue
        if column.words in _KIND_OF_CUSTOMER and column.codes:
            why = "the name says so, and it has few values"
            note = "the account must have these customer types"
            draft.map(column.name, Target("CustomerType"), "guess", why, note)
        elif column.words[-1:] == ("tags",):
            _map_items(column, draft, "ProfileTags[].Name")
        elif column.words[-1:] == ("groups",):
            mapped = _map_items(column, draft, "Groups[].GroupName")
            if mapped:
                kind = pascal(column.name, "Group").removesuffix("s")
                why = "made of the column's name: put the group type that the account has"
                draft.constants["Groups[].GroupType"] = Constant(kind, "guess", why)


def _map_items(column: Column, draft: Draft, path: str) -> bool:
    sign = max(_SPLITS, key=lambda each: column.share(lambda text: each in text))
    split = sign if column.share(lambda text: sign in text) >= 0.05 else None
    why = "the name says so" + (f", and cells hold several with {sign} between" if split else "")
    mapped = draft.map(column.name, Target(path, split=split), "likely", why)
    if mapped is not None and split and any(f"{split} " in value for value in column.values):
        mapped.notes.append(f"there are spaces behind {split}: trim takes them off")
    return mapped is not None
