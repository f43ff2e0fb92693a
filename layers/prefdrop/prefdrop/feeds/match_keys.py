"""What a record is matched by, read from the record's own text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import msgspec

from prefdrop.feeds.definition import Feed
from prefdrop.feeds.layout import Leaf
from prefdrop.feeds.loading import feed_layout
from prefdrop.feeds.vendor_record import ALTERNATE_ID_TYPE, ALTERNATE_ID_VALUE

KeyReader = Callable[[str], "str | None"]


def match_key_reader(feed: Feed) -> KeyReader:
    """A function from a record's JSON text to its match key, or `None` where it has none.

    Alternate ids are the same in any case of their letters, as the vendor matches them.
    """
    wanted = feed.import_.match_alternate_id
    return _profile_id if wanted is None else _alternate_id(wanted.casefold())


def match_column(feed: Feed) -> str | None:
    """The column that fills the match key; `None` where records are taken as they are."""
    leaf = _match_leaf(feed)
    return leaf.column if leaf else None


def key_only(feed: Feed) -> Feed:
    """Return the feed with nothing mapped but the match key, to read it from any row."""
    leaf = _match_leaf(feed)
    if leaf is None or leaf.options is None:
        return feed
    others = tuple(name for name in feed.columns if name != leaf.column)
    return msgspec.structs.replace(
        feed,
        columns={leaf.column: (leaf.options,)},
        constants={},
        ignore=(*feed.ignore, *others),
    )


def _match_leaf(feed: Feed) -> Leaf | None:
    leaves = (leaf for item in feed_layout(feed).walk() for leaf in item.column_leaves)
    return next((leaf for leaf in leaves if leaf.match_key), None)


class _WithProfileId(msgspec.Struct):
    profile: int | None = msgspec.field(default=None, name="ProfileId")


class _AlternateId(msgspec.Struct):
    kind: str | None = msgspec.field(default=None, name=ALTERNATE_ID_TYPE)
    value: str | None = msgspec.field(default=None, name=ALTERNATE_ID_VALUE)


class _WithAlternateIds(msgspec.Struct):
    items: list[_AlternateId] | None = msgspec.field(default=None, name="AlternateIds")


_PROFILE = msgspec.json.Decoder(_WithProfileId)
_ALTERNATE_IDS = msgspec.json.Decoder(_WithAlternateIds)
Decoded = TypeVar("Decoded")


def _decoded(decoder: msgspec.json.Decoder[Decoded], record: str) -> Decoded:
    try:
        return decoder.decode(record)
    except msgspec.DecodeError:
        # A record taken as it is may hold what only the lenient reader of arrays reads.
        return msgspec.convert(json.loads(record), decoder.type)


def _profile_id(record: str) -> str | None:
    profile = _decoded(_PROFILE, record).profile
    return None if profile is None else str(profile)


def _alternate_id(wanted: str) -> KeyReader:
    def read(record: str) -> str | None:
        for item in _decoded(_ALTERNATE_IDS, record).items or ():
            if item.value and item.kind is not None and item.kind.casefold() == wanted:
                return item.value.casefold()
        return None

    return read
