"""What can be known about a feed and a file before anything starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from prefdrop.feeds import AccountSnapshot, Feed, Source, load_feed
from prefdrop.importing.drop import FEED_NAMES, is_feed_name
from prefdrop_cli.exits import WrongUse


def read_feed(path: Path) -> Feed:
    """Load a feed from a file whose name a feed may have; raises WrongUse or FeedError."""
    feed = load_feed(read_file(path, "feed"), file=str(path))
    require_feed_name(feed.name)
    return feed


def require_feed_name(name: str) -> None:
    """Raise WrongUse unless a feed may have this name: drops into its folder start no import."""
    if not is_feed_name(name):
        raise WrongUse(f"Invalid feed name {name!r}.", hint=FEED_NAMES)


def open_source(path: Path, feed: Feed, snapshot: AccountSnapshot | None = None) -> Source:
    """The file as a source of `feed`, its header checked; raises WrongUse or SourceError.

    `snapshot` is what the account has, where that is known.
    """
    require_file(path, "file")
    size = path.stat().st_size
    source = Source(feed, opener(path), size=size, file=str(path), snapshot=snapshot)
    source.check()
    return source


def opener(path: Path) -> Callable[[int], BinaryIO]:
    """A function that opens the file from an offset on."""

    def open_at(offset: int) -> BinaryIO:
        stream = path.open("rb")
        stream.seek(offset)
        return stream

    return open_at


def plain_size(path: Path) -> int:
    """The size of a file of plain text; 0 for one whose offsets count something else."""
    with path.open("rb") as stream:
        start = stream.read(4)
    packed = start[:2] == b"\x1f\x8b" or start[:2] == b"PK" or start == b"PAR1"
    return 0 if packed else path.stat().st_size


def read_file(path: Path, what: str) -> bytes:
    """Read a small file whole; raises WrongUse when that cannot be done."""
    require_file(path, what)
    return path.read_bytes()


def require_file(path: Path, what: str) -> None:
    """Raise WrongUse unless `path` is a file that can be read."""
    if not path.exists():
        raise WrongUse(f"The {what} {path} does not exist.", hint="Check the path.")
    if path.is_dir():
        raise WrongUse(f"{path} is a folder, not a {what}.", hint=f"Name the {what} itself.")
    try:
        path.open("rb").close()
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise WrongUse(
            f"The {what} {path} cannot be read: {reason}.", hint="Check its permissions."
        ) from None
