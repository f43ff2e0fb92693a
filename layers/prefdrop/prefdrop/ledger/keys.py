"""The keys of the ledger's tables. Nothing outside this package spells one.

Imports      IMPORT#<id>       META                        the import
                               PART#0001                   one part of it
                               CHUNK#0001#000001           one chunk of a part
                               REPORT#<attempt>            how far its report has been written
             DROP#<key>        EXECUTED                    its newest executed version
             FEED#<feed>       EXECUTED                    its newest executed drop, last content
                               DROP#<time>#<import>        one executed drop of it
             TURN#<client>     HOLDER                      whose turn it is
                               TICKET#<execution>          who waits for it
             QUOTA#<client>    MARK#<time>#<request>       one request against the quota
             EXPORT#<name>     STATE                       its watermark, and who works on it
                               RUN#<run>                   one run of it
                               OBJECT#<run>#01#00001       one object of a run's attempt
             EXPORTTOKEN#<hash>  RUN                       the run that has this access token
             EVENTS#<client>   COVERED                     until when events were backfilled
                               SLICE                       how much is asked for at once
Exceptions   IMPORT#<id>#<n>   ROW#0000000001#<stage>      one reject; n spreads the writes
             EVENT#<day>#<f>   <sha256>                    what was no event; f spreads the writes
             PERSON#<id>       <sha256>                    who else a delivery names
Audit        <event id>                                    one vendor event
  by-profile PROFILE#<id>      <time>#<event id>           by an id that came as a number
             ALTERNATE#<id>    <time>#<event id>           by an id that came as text
  by-day     DAY#<day>#<f>     <time>#<event id>

A number larger than its width has a letter before it, as in CHUNK#0001#A1000000; see `_ordered`.
"""

from __future__ import annotations

import hashlib
import re

from prefdrop.ledger.table import Key

EXCEPTION_SPREAD = 16
"""Suffixes over which one import's rejects are spread: a partition takes 1,000 writes a second."""

STATUS_INDEX = "by-status"
PROFILE_INDEX = "by-profile"
DAY_INDEX = "by-day"

SUFFIXES = "0123456789abcdef"
"""Over which a day's events are spread, for the same reason."""

EXECUTED_DROPS = "DROP#"
"""What the sort keys of a feed's executed drops begin with."""

SORT_KEY_BYTES = 900
"""Of an event id in an index: DynamoDB takes 1,024 for the whole sort key."""

_NUMBER = re.compile(r"([+-]?)0*([0-9]+)(?:\.0*)?")


def meta(import_id: str) -> Key:
    """The import itself."""
    return Key(f"IMPORT#{import_id}", "META")


def part(import_id: str, number: int) -> Key:
    """One part of an import, numbered from 1."""
    return Key(f"IMPORT#{import_id}", f"PART#{_ordered(number, 4)}")


def chunk(import_id: str, part_number: int, number: int) -> Key:
    """One chunk of a part, both numbered from 1."""
    return Key(f"IMPORT#{import_id}", f"{chunks_of(part_number)}{_ordered(number, 6)}")


def chunks_of(part_number: int) -> str:
    """What the sort keys of a part's chunks begin with."""
    return f"CHUNK#{_ordered(part_number, 4)}#"


def report(import_id: str, attempt: int) -> Key:
    """Return the key of how far the report of an attempt has been written."""
    return Key(f"IMPORT#{import_id}", f"REPORT#{attempt}")


def executed_version(object_key: str) -> Key:
    """The newest version of an object key that was executed."""
    return Key(f"DROP#{object_key}", "EXECUTED")


def feed_mark(feed: str) -> Key:
    """The newest executed drop of a feed, and the content executed and registered last."""
    return Key(f"FEED#{feed}", "EXECUTED")


def executed_drop(feed: str, time: str, import_id: str) -> Key:
    """One executed drop of a feed; `time` (ISO) sorts as text."""
    return Key(f"FEED#{feed}", f"{EXECUTED_DROPS}{time}#{import_id}")


def turn_holder(client_id: str) -> Key:
    """Whose turn it is on one vendor account."""
    return Key(f"TURN#{client_id}", "HOLDER")


def ticket(client_id: str, execution: str) -> Key:
    """One execution's place in the queue for the turn."""
    return Key(f"TURN#{client_id}", f"TICKET#{execution}")


def quota_mark(client_id: str, time: str, request: str) -> Key:
    """One request against the vendor's rolling 24-hour limit; `time` sorts as text."""
    return Key(f"QUOTA#{client_id}", f"MARK#{time}#{request}")


def exception(import_id: str, row: int, stage: str) -> Key:
    """One reject of an import."""
    return Key(f"IMPORT#{import_id}#{row % EXCEPTION_SPREAD}", f"ROW#{_ordered(row, 10)}#{stage}")


def status_partition(status: str) -> str:
    """The status index's partition of the imports in one status."""
    return f"STATUS#{status}"


def covered(client_id: str) -> Key:
    """Until when the account's events have been read back from the vendor."""
    return Key(f"EVENTS#{client_id}", "COVERED")


def slice_length(client_id: str) -> Key:
    """How long a time the vendor's events are asked for at once."""
    return Key(f"EVENTS#{client_id}", "SLICE")


def not_understood(day: str, sha256: str) -> Key:
    """Something that came as an event of `day` (ISO) and could not be taken for one."""
    return Key(f"EVENT#{day}#{sha256[0]}", sha256)


def not_understood_of(day: str) -> list[str]:
    """The partitions of all that `not_understood` puts on `day`."""
    return [f"EVENT#{day}#{suffix}" for suffix in SUFFIXES]


def events_of_profile(profile_id: str, *, names_alternate_id: bool) -> str:
    """The profile index's partition of one person's events.

    An id that came as a number and one that came as text are kept apart: one person's number may
    be another's alternate id.
    """
    return f"{'ALTERNATE' if names_alternate_id else 'PROFILE'}#{plain_id(profile_id)}"


def events_of_person(asked: str) -> list[str]:
    """The partitions that may hold events of a person whose id is `asked`, in any writing.

    The last is that of the version before, which took text as it came.
    """
    plain = plain_id(asked)
    return list(dict.fromkeys((f"PROFILE#{plain}", f"ALTERNATE#{plain}", f"ALTERNATE#{asked}")))


def mentions_of_person(asked: str) -> str:
    """The Exceptions table's partition of further deliveries that name a person."""
    return f"PERSON#{plain_id(asked)}"


def plain_id(written: str) -> str:
    """One writing for all writings of a whole number, and any other id without blanks around."""
    text = written.strip()
    if number := _NUMBER.fullmatch(text):
        sign, digits = number.groups()
        return digits if digits == "0" or sign != "-" else f"-{digits}"
    return text


def events_of_day(day: str) -> list[str]:
    """The day index's partitions of the events of `day` (ISO)."""
    return [f"DAY#{day}#{suffix}" for suffix in SUFFIXES]


def event_day(time: str, event_id: str) -> str:
    """The one of them that an event of that `time` (ISO) lies in."""
    return f"DAY#{time[:10]}#{_sha256(event_id)[0]}"


def event_order(time: str, event_id: str) -> str:
    """An event's place in an index: by time, and told apart within a millisecond by its id."""
    short = len(event_id.encode()) <= SORT_KEY_BYTES
    return f"{time}#{event_id if short else _sha256(event_id)}"


def audit_object(day: str, name: str) -> str:
    """The bucket's key of what is too large for an item, under the day (ISO) that it came."""
    return f"audit/{day.replace('-', '/')}/{name}"


def exception_object(day: str, name: str) -> str:
    """The same for what was no event, which is not kept for as long."""
    return f"exceptions/{day.replace('-', '/')}/{name}"


def _ordered(number: int, width: int) -> str:
    """Return a number from 0 on as text that sorts as the number does.

    It has `width` digits, and a larger one a letter before them, by how many digits it has more:
    9998, 9999, A10000, A10001, B100000.
    """
    digits = f"{number:0{width}d}"
    longer = len(digits) - width
    # Letters sort after digits, so keys that older releases wrote stay valid and come first.
    return f"{chr(ord('A') + longer - 1)}{digits}" if longer else digits


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def export_state(name: str) -> Key:
    """An export's watermark, and which run works on it."""
    return Key(f"EXPORT#{name}", "STATE")


def export_run(name: str, run: str) -> Key:
    """One run of an export; runs sort by their beginning."""
    return Key(f"EXPORT#{name}", f"RUN#{run}")


def export_object(name: str, run: str, attempt: int, number: int) -> Key:
    """One object of a run, numbered from 1 in each attempt."""
    return Key(f"EXPORT#{name}", f"{export_objects_of(run, attempt)}{_ordered(number, 5)}")


def export_objects_of(run: str, attempt: int) -> str:
    """What the sort keys of an attempt's objects begin with."""
    return f"OBJECT#{run}#{_ordered(attempt, 2)}#"


def export_roll(name: str, run: str, attempt: int, number: int) -> Key:
    """The roll of one stretch of pages, numbered from 1 in each attempt."""
    return Key(f"EXPORT#{name}", f"{export_rolls_of(run, attempt)}{_ordered(number, 5)}")


def export_rolls_of(run: str, attempt: int) -> str:
    """What the sort keys of an attempt's rolls begin with."""
    return f"ROLL#{run}#{_ordered(attempt, 2)}#"


def export_token(digest: str) -> Key:
    """The run whose access token has this digest."""
    return Key(f"EXPORTTOKEN#{digest}", "RUN")
