"""Exit codes of the command; scripts rely on them."""

from __future__ import annotations

from enum import IntEnum

from prefdrop.errors import Terminal


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    """Everything was imported, or the drop had been imported before."""
    WRONG_USE = 2
    """The command, the feed or the file is wrong; nothing was started."""
    REJECTS = 3
    """Done, but some records were rejected."""
    STOPPED = 4
    """A gate holds or aborted the import."""
    FAILED = 5
    """The import failed, or its figures do not add up."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""


class WrongUse(Terminal):
    """The command was called in a way that cannot work; nothing was started."""


_BY_STATUS = {
    "Completed": Exit.DONE,
    "Duplicate": Exit.DONE,
    "CompletedWithRejects": Exit.REJECTS,
    "Held": Exit.STOPPED,
    "Aborted": Exit.STOPPED,
    "Failed": Exit.FAILED,
    "Unreconciled": Exit.FAILED,
}


def exit_for(status: str) -> Exit:
    """The exit code that tells of an import in `status`; one still under way counts as done."""
    return _BY_STATUS.get(status, Exit.DONE)
