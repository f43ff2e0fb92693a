"""What can be wrong with a feed or with a file before its first row is read.

    Terminal
    ├── FeedError      the feed itself can't be used
    └── SourceError    the file is not what the feed says

A single bad row is neither: it becomes a `LocalReject` and the import goes on.
"""

from __future__ import annotations

from prefdrop.errors import Terminal


class FeedError(Terminal):
    """A feed can't be used. Names the file, the line and the key, and says what to write instead.

    `line` is the 1-based line in the feed's text, or `None` where no line can be named.
    `key` is the dotted TOML key, or empty.
    """

    def __init__(
        self, problem: str, *, file: str, line: int | None = None, key: str = "", remedy: str = ""
    ) -> None:
        place = ", ".join(
            part
            for part in (file, f"line {line}" if line else "", f"key {key}" if key else "")
            if part
        )
        super().__init__(f"{place}: {problem.rstrip('.')}.", hint=remedy)
        self.problem = problem
        self.file = file
        self.line = line
        self.key = key


class SourceError(Terminal):
    """A whole file can't be read with this feed: nothing of it was staged.

    `row` is the 1-based data row (header not counted) where reading ended, or `None`. `column` is
    the column's name, or empty.
    """

    def __init__(
        self, problem: str, *, file: str, row: int | None = None, column: str = "", remedy: str = ""
    ) -> None:
        place = ", ".join(
            part
            for part in (file, f"row {row}" if row else "", f"column {column}" if column else "")
            if part
        )
        super().__init__(f"{place}: {problem.rstrip('.')}.", hint=remedy)
        self.problem = problem
        self.file = file
        self.row = row
        self.column = column
