"""DynamoDB requests as a test can watch and disturb them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


class TableFaultError(Exception):
    """Raised by an observer: DynamoDB answers with this error.

    Raised before the request it is not applied; raised after it, it was, and only the answer is
    lost. `code` is DynamoDB's, for example `ProvisionedThroughputExceededException`.
    """

    def __init__(self, code: str, message: str = "made by a test") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass
class TableRequest:
    """One request. An observer sees it twice: before it is applied, and after.

    `function` is the logical id of the function that sent it, None for another client; `body` its
    parameters. An observer may set `hold_back` before a BatchWriteItem: so many of its items are
    left out and answered as unprocessed.
    """

    function: str | None
    action: str
    body: dict[str, Any]
    moment: Literal["before", "after"] = "before"
    hold_back: int = 0


TableObserver = Callable[[TableRequest], None]
